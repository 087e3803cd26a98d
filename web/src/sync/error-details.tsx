import { useQuery } from '@tanstack/react-query'
import { Link2, RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { may, useUser } from '@/api/session'
import type { RetryChange } from '@/api/types'
import { formatInstant } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Attempts } from './attempts'
import type { SyncedDocument } from './document'
import { documentWords } from './document'
import { useRetry, syncStatusOf } from './retry'
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
          <WhoActs document={document} />
        </div>
        {may(user, 'can_create_invoices') && numberIsTaken(document) && (
          <div className="flex flex-wrap items-end gap-x-4 gap-y-3">
            <Field label="Number to send it with" className="w-64">
              <Input className="font-mono" value={number} maxLength={255} onChange={(event) => setNumber(event.target.value)} />
            </Field>
            <Button busy={retry.isPending} icon={<Link2 aria-hidden className="size-4" />} onClick={() => retry.mutate({ document, change: { link: true } }, { onSuccess: onClose })}>
              It is the same {documentWords[document.kind]}: take it over
            </Button>
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

/** Whether Xero has another document under this number; the server says so in these words. */
const numberIsTaken = (document: SyncedDocument): boolean => /another number/i.test(document.sync.error_message ?? '')

export function WhoActs({ document }: { document: SyncedDocument }) {
  const text = whoMustAct(document.sync.who_must_act)
  return text ? <p className="mt-1">{text}</p> : null
}

/** Why a pending document waits, and until when its fate is known. */
export function WaitReason({ document }: { document: SyncedDocument }) {
  const pending = document.sync.sync_status === 'pending'
  const { data: state } = useQuery({
    queryKey: [document.kind === 'invoice' ? 'invoices' : 'purchase-orders', 'sync-status', document.id],
    queryFn: () => syncStatusOf(document),
    enabled: pending,
    refetchInterval: 5_000,
  })
  if (!pending || !state) return null
  return (
    <>
      {state.wait_reason && <p>{state.wait_reason}</p>}
      {state.phase === 'checking' && (
        <p>
          Xero did not answer the last call, so it is being asked whether the document arrived. Nothing is sent twice.
          {state.certain_at && ` The answer is certain at ${formatInstant(state.certain_at)}.`}
        </p>
      )}
    </>
  )
}

/** The ways out when the totals differ: take Xero's, or look first. */
export function TotalsDiffer({ document }: { document: SyncedDocument }) {
  const user = useUser()
  const retry = useRetry()
  if (document.sync.xero_total === null || document.sync.xero_total === document.total) return null
  return (
    <div className="mt-2 flex flex-wrap items-center gap-3">
      <p className="num">
        Here {formatMoney(document.total, document.currency)}, in Xero {formatMoney(document.sync.xero_total, document.currency)}.
      </p>
      {may(user, 'can_create_invoices') && document.kind === 'invoice' && document.sync.sync_status === 'failed' && (
        <Button busy={retry.isPending} onClick={() => retry.mutate({ document, change: { accept_tax: true } })}>
          Accept Xero's tax
        </Button>
      )}
    </div>
  )
}
