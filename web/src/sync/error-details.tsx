import { Link } from '@tanstack/react-router'
import { Link2, RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { may, useUser } from '@/api/session'
import type { RetryChange, WhoMustAct } from '@/api/types'
import { formatInstant } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { Button, buttonClass } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Attempts } from './attempts'
import type { SyncedDocument } from './document'
import { documentWords } from './document'
import { useRetry } from './retry'
import { whoMustAct } from './status'

/** Why a document is not in Xero: Xero's own words, who must act, and each call that was made. */
export function ErrorDetails({ document, onClose }: { document: SyncedDocument; onClose: () => void }) {
  const user = useUser()
  const [number, setNumber] = useState(document.number)
  const retry = useRetry()
  const change: RetryChange = {}
  if (number.trim() !== '' && number.trim() !== document.number) {
    if (document.kind === 'invoice') change.invoice_number = number.trim()
    else change.po_number = number.trim()
  }
  return (
    <Dialog
      title={`${document.number}: what Xero said`}
      wide
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          {may(user, 'can_create_invoices') && (
            <Button
              variant="primary"
              busy={retry.isPending}
              icon={<RotateCcw aria-hidden className="size-4" />}
              onClick={() => retry.mutate({ document, change }, { onSuccess: onClose })}
            >
              Retry
            </Button>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-5">
        <div className="rounded-card bg-bad-soft p-4">
          <p className="text-lg font-semibold text-bad">{document.sync.error_message ?? 'Xero gave no reason.'}</p>
          <WhoActs who={document.sync.who_must_act} />
        </div>
        {may(user, 'can_create_invoices') && wantsNumber(document) && (
          <div className="flex flex-wrap items-end gap-x-4 gap-y-3">
            <Field label="Number to send it with" className="w-64">
              <Input className="font-mono" value={number} maxLength={255} onChange={(event) => setNumber(event.target.value)} />
            </Field>
            {document.sync.wait_reason === 'conflict' && (
              <Button busy={retry.isPending} icon={<Link2 aria-hidden className="size-4" />} onClick={() => retry.mutate({ document, change: { link: true } }, { onSuccess: onClose })}>
                It is the same {documentWords[document.kind]}: take it over
              </Button>
            )}
          </div>
        )}
        <TotalsDiffer document={document} />
        <section className="flex flex-col gap-3">
          <h3 className="font-semibold">Calls to Xero, newest first</h3>
          <Attempts entity={document.kind} id={document.id} />
        </section>
      </div>
    </Dialog>
  )
}

/** Whether only another number can bring the document to Xero. */
const wantsNumber = ({ sync }: SyncedDocument): boolean => ['conflict', 'number_taken', 'voided_in_xero', 'vanished'].includes(sync.wait_reason ?? '')

export function WhoActs({ who }: { who: WhoMustAct | null }) {
  const text = whoMustAct(who)
  return text ? <p className="mt-1">{text}</p> : null
}

/** What a person can do about a pending document, and until when its fate is known. */
export function WaitReason({ document }: { document: SyncedDocument }) {
  const user = useUser()
  const retry = useRetry()
  const { sync } = document
  if (sync.sync_status !== 'pending') return null
  if (sync.phase === 'checking')
    return (
      <p>
        {sync.next_attempt_at && `Xero is asked again at ${formatInstant(sync.next_attempt_at)}. `}
        {sync.certain_at && `It is certain at ${formatInstant(sync.certain_at)}. `}
        You can look in Xero for {document.number}.
      </p>
    )
  if (sync.wait_reason === 'contact')
    return (
      <Link to="/clients" search={{ search: document.party }} className={buttonClass('secondary', 'self-start')}>
        Open {document.party}
      </Link>
    )
  if (sync.wait_reason === 'tax' && may(user, 'can_create_invoices'))
    return (
      <Button className="self-start" busy={retry.isPending} onClick={() => retry.mutate({ document, change: { accept_tax: true } })}>
        Take Xero's tax
      </Button>
    )
  return null
}

/** Says by how much the totals differ. */
export function TotalsDiffer({ document }: { document: SyncedDocument }) {
  if (document.sync.xero_total === null || document.sync.xero_total === document.total) return null
  return (
    <p className="num mt-2">
      Here {formatMoney(document.total, document.currency)}, in Xero {formatMoney(document.sync.xero_total, document.currency)}.
    </p>
  )
}
