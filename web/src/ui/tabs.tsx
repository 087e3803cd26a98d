import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { inSight } from './in-sight'

interface TabsProps {
  label: string
  tabs: { value: string | undefined; label: ReactNode }[]
  current: string | undefined
  /** Its place in the URL. */
  name: string
  /** Other parts of the URL that end with the tab. */
  without?: string[]
}

/** Parts of a page, of which one is shown; which one stands in the URL. */
export function Tabs({ label, tabs, current, name, without = [] }: TabsProps) {
  return (
    <nav aria-label={label} className="-mx-4 flex gap-5 overflow-x-auto border-b border-line px-4 sm:mx-0 sm:px-0">
      {tabs.map((tab) => (
        <Link
          key={tab.value ?? ''}
          ref={tab.value === current ? inSight : undefined}
          to="."
          search={((before: Record<string, unknown>) => ({ ...before, ...Object.fromEntries(without.map((other) => [other, undefined])), [name]: tab.value })) as never}
          replace
          resetScroll={false}
          activeOptions={{ includeSearch: false, exact: true }}
          aria-current={tab.value === current ? 'page' : undefined}
          activeProps={{ 'aria-current': tab.value === current ? 'page' : undefined }}
          className={`inline-flex min-h-11 shrink-0 items-center gap-2 border-b-[3px] px-1 font-medium whitespace-nowrap ${tab.value === current ? 'border-accent text-ink' : 'border-transparent text-muted hover:text-ink'}`}
        >
          {tab.label}
        </Link>
      ))}
    </nav>
  )
}
