import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Page } from '@/ui/page'
import { LaneBanner, PauseButton } from './lane'

const tab =
  'inline-flex min-h-11 items-center border-b-[3px] border-transparent px-1 font-medium text-muted hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-ink'

/** The frame of the two lists of documents: the state of the way to Xero and the tabs. */
export function Financials({ actions, children }: { actions: ReactNode; children: ReactNode }) {
  return (
    <Page
      title="Financials"
      actions={
        <>
          {actions}
          <PauseButton />
        </>
      }
    >
      <LaneBanner />
      <nav aria-label="Kinds of documents" className="-mt-2 flex gap-6 border-b border-line">
        <Link to="/financials/invoices" className={tab} activeOptions={{ includeSearch: false }}>
          Invoices
        </Link>
        <Link to="/financials/purchase-orders" className={tab} activeOptions={{ includeSearch: false }}>
          Purchase orders
        </Link>
      </nav>
      {children}
    </Page>
  )
}
