import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

/** A link to an address of this app that the server named, such as "/projects/…" or "/timesheets?approval=waiting". */
export function AppLink({ to, className, children }: { to: string; className?: string; children: ReactNode }) {
  const url = new URL(to, location.origin)
  return (
    <Link to={url.pathname as '/'} search={Object.fromEntries(url.searchParams) as never} className={className}>
      {children}
    </Link>
  )
}

export const textLink = 'inline-flex min-h-8 items-center gap-1 font-medium text-accent underline-offset-4 hover:underline'
