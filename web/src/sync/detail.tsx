import { Link } from '@tanstack/react-router'
import { ArrowLeft, ExternalLink, RotateCcw, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { may, useUser } from '@/api/session'
import { formatInstant } from '@/format/calendar'
import { Button, buttonClass } from '@/ui/button'
import { HelpLink } from '@/ui/help-link'
import { Page } from '@/ui/page'
import { Notice } from '@/ui/states'
import { Attempts } from './attempts'
import { NextTry, SyncBadge, warningOf } from './badge'
import type { SyncedDocument } from './document'
import { ErrorDetails, TotalsDiffer, WaitReason, WhoActs } from './error-details'
import { LaneBanner } from './lane'
import { useRetry } from './retry'
import { helpTopic } from './status'

interface DocumentPageProps {
  document: SyncedDocument
  /** How it stands besides its way to Xero. */
  badges?: ReactNode
  actions: ReactNode
  children: ReactNode
}

/** One document: where it stands on its way to Xero, what is in it, and each call that was made about it. */
export function DocumentPage({ document, badges, actions, children }: DocumentPageProps) {
  const user = useUser()
  const [showError, setShowError] = useState(false)
  const retry = useRetry()
  const { sync } = document
  const warning = warningOf(sync, document.total)
  const list = document.kind === 'invoice' ? '/financials/invoices' : '/financials/purchase-orders'
  return (
    <Page
      title={document.number}
      lead={
        <>
          {document.party}
          {badges && <div className="mt-2 flex flex-wrap items-center gap-2">{badges}</div>}
        </>
      }
      back={
        <Link to={list} className="mb-1 inline-flex min-h-11 items-center gap-1.5 text-sm font-medium text-muted hover:text-ink">
          <ArrowLeft aria-hidden className="size-4" />
          {document.kind === 'invoice' ? 'Invoices' : 'Purchase orders'}
        </Link>
      }
      actions={
        <>
          {sync.xero_url && (
            <a className={buttonClass('secondary')} href={sync.xero_url} target="_blank" rel="noreferrer">
              <ExternalLink aria-hidden className="size-4" />
              Open in Xero
            </a>
          )}
          {actions}
        </>
      }
    >
      <LaneBanner />
      <section aria-label="Sync with Xero" className="card flex flex-col gap-2 p-4" aria-live="polite">
        <div className="flex flex-wrap items-center gap-3">
          <span className="inline-flex items-center gap-1">
            <SyncBadge id={document.id} sync_status={sync.sync_status} phase={sync.phase} />
            <HelpLink topic={helpTopic(sync.sync_status, sync.phase)} about="the way to Xero" />
          </span>
          <NextTry {...sync} />
          {sync.synced_at && <span className="num text-sm text-muted">Confirmed by Xero {formatInstant(sync.synced_at)}</span>}
          {sync.sync_status === 'failed' && (
            <span className="ml-auto flex flex-wrap gap-2">
              <Button onClick={() => setShowError(true)}>View Error Details</Button>
              {may(user, 'can_create_invoices') && (
                <Button variant="primary" icon={<RotateCcw aria-hidden className="size-4" />} busy={retry.isPending} onClick={() => retry.mutate({ document })}>
                  Retry
                </Button>
              )}
            </span>
          )}
        </div>
        {sync.error_message && sync.sync_status !== 'synced' && (
          <p className={`font-medium ${sync.sync_status === 'failed' ? 'text-bad' : 'text-warn'}`}>{sync.error_message}</p>
        )}
        {sync.sync_status === 'failed' && <WhoActs who={sync.who_must_act} />}
        <WaitReason document={document} />
        {document.xeroId && (
          <p className="text-sm text-muted">
            Xero's id <span className="font-mono break-all">{document.xeroId}</span>
          </p>
        )}
      </section>
      {warning && (
        <Notice tone="warn" icon={<TriangleAlert aria-hidden />} title={warning}>
          <TotalsDiffer document={document} />
        </Notice>
      )}
      {children}
      <section aria-labelledby="calls" className="flex flex-col gap-3">
        <h2 id="calls" className="text-lg font-semibold">
          Calls to Xero
        </h2>
        <Attempts entity={document.kind} id={document.id} />
      </section>
      {showError && <ErrorDetails document={document} onClose={() => setShowError(false)} />}
    </Page>
  )
}
