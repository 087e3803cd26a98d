import type { ReactNode } from 'react'
import { Page } from '@/ui/page'
import { LaneBanner, PauseButton } from './lane'

/** The frame of a list of documents that go to Xero, with the state of the way there. */
export function Financials({ title, actions, children }: { title: string; actions: ReactNode; children: ReactNode }) {
  return (
    <Page
      title={title}
      actions={
        <>
          {actions}
          <PauseButton />
        </>
      }
    >
      <LaneBanner />
      {children}
    </Page>
  )
}
