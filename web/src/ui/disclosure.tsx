import { ChevronDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'

interface DisclosureProps {
  title: ReactNode
  className?: string
  /** Made only when it is opened. */
  children: () => ReactNode
}

/** A heading that opens what is under it. */
export function Disclosure({ title, className = 'card', children }: DisclosureProps) {
  const [open, setOpen] = useState(false)
  return (
    <details className={`group overflow-hidden ${className}`} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="num flex min-h-12 cursor-pointer list-none items-center gap-2 px-4 font-medium focus-visible:-outline-offset-3 [&::-webkit-details-marker]:hidden">
        <span className="min-w-0 flex-1">{title}</span>
        <ChevronDown aria-hidden className="size-4 text-muted transition group-open:rotate-180" />
      </summary>
      {open && <div className="border-t border-line">{children()}</div>}
    </details>
  )
}
