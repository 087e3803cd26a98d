import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Check, Inbox, Paperclip, RefreshCw, X } from 'lucide-react'
import { useRef, useState } from 'react'
import { isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { convertOrder } from '@/api/purchases'
import { queryClient } from '@/api/query'
import type { ScanDetail, ScanMatch } from '@/api/scans'
import { confirmMatch, findMatches, rejectMatch } from '@/api/scans'
import { may, useUser } from '@/api/session'
import { formatDay, today } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { kindTitle } from '@/records/kinds'
import { recordTarget } from '@/records/record-link'
import { Section } from '@/records/record-page'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/dialog'
import { Badge, Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { isUnderWay, matchesQuery } from './queries'

/** Orders, bills, expenses and invoices that a document may belong to, each with why. */
export function Matches({ scan }: { scan: ScanDetail }) {
  const user = useUser()
  const mayMatch = may(user, 'can_edit_projects')
  const matches = useQuery({ ...matchesQuery(scan.id), enabled: !isUnderWay(scan) })
  const look = useMutation({
    mutationFn: () => findMatches(scan.id),
    onSuccess: (found) => queryClient.setQueryData(matchesQuery(scan.id).queryKey, found),
    onError: (error) => toast(messageOf(error), 'bad'),
  })
  if (isUnderWay(scan)) return null
  const all = [...scan.confirmed_matches, ...(matches.data ?? [])]
  return (
    <Section
      title="What it may belong to"
      actions={
        mayMatch && (
          <Button busy={look.isPending} icon={<RefreshCw aria-hidden className="size-4" />} onClick={() => look.mutate()}>
            Look again
          </Button>
        )
      }
    >
      {matches.isError ? (
        <Failure error={matches.error} onRetry={() => void matches.refetch()} />
      ) : matches.isPending ? (
        <Skeleton rows={1} />
      ) : all.length === 0 ? (
        <p className="text-muted">No order, bill or expense resembles it.</p>
      ) : (
        <ul className="flex flex-col gap-3">
          {all.map((match) => (
            <Match key={match.id} scan={scan} match={match} mayMatch={mayMatch} />
          ))}
        </ul>
      )}
    </Section>
  )
}

function Match({ scan, match, mayMatch }: { scan: ScanDetail; match: ScanMatch; mayMatch: boolean }) {
  const user = useUser()
  const [billing, setBilling] = useState(false)
  const refresh = () => queryClient.invalidateQueries()
  const confirm = useMutation({
    mutationFn: () => confirmMatch(scan.id, match.id),
    onSuccess: () => toast(`The document is attached to ${kindTitle(match.entity_type).toLowerCase()} ${match.entity_name}.`),
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: refresh,
  })
  const reject = useMutation({
    mutationFn: () => rejectMatch(scan.id, match.id),
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['scans'] }),
  })
  const target = recordTarget({ entity_type: match.entity_type, entity_id: match.entity_id })
  const order = match.entity_type === 'purchase_order'
  const taken = scan.filed_kind !== null && (match.entity_type === 'bill' || match.entity_type === 'expense')
  return (
    <li className="card flex flex-col gap-2 p-4">
      <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
        <p className="min-w-0 flex-1 font-medium break-words">
          <span className="text-muted">{kindTitle(match.entity_type)} </span>
          {target ? (
            <Link {...(target as { to: string })} className="text-accent hover:underline">
              {match.entity_name || formatDay(match.entity_date)}
            </Link>
          ) : (
            match.entity_name
          )}
        </p>
        <span className="num font-semibold">{formatMoney(match.entity_amount)}</span>
      </div>
      <p className="flex flex-wrap gap-2">
        {match.confirmed ? (
          <Badge tone="good" icon={<Check aria-hidden className="size-3.5" />}>
            Attached
          </Badge>
        ) : (
          <Badge tone={match.confidence_score >= 0.8 ? 'good' : match.confidence_score >= 0.5 ? 'warn' : 'neutral'}>{`${Math.round(match.confidence_score * 100)} % alike`}</Badge>
        )}
      </p>
      <ul className="list-inside list-disc text-sm text-muted">
        {match.match_reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
      <div className="flex flex-wrap gap-2">
        {order && !scan.filed_kind && may(user, 'can_create_invoices') && match.entity_status !== 'BILLED' && (
          <Button variant="primary" icon={<Inbox aria-hidden className="size-4" />} onClick={() => setBilling(true)}>
            Bill this order
          </Button>
        )}
        {!match.confirmed && mayMatch && (
          <>
            {!taken && (
              <Button busy={confirm.isPending} icon={<Paperclip aria-hidden className="size-4" />} onClick={() => confirm.mutate()}>
                Attach to this
              </Button>
            )}
            <Button variant="ghost" busy={reject.isPending} icon={<X aria-hidden className="size-4" />} onClick={() => reject.mutate()}>
              Not this
            </Button>
          </>
        )}
      </div>
      {billing && <BillOrder scan={scan} order={match} onClose={() => setBilling(false)} />}
    </li>
  )
}

/** Makes the bill of what is open of an order, with the document attached. */
function BillOrder({ scan, order, onClose }: { scan: ScanDetail; order: ScanMatch; onClose: () => void }) {
  const navigate = useNavigate()
  const key = useRef(newId())
  const { fields } = scan
  const bill = useMutation({
    mutationFn: () =>
      convertOrder(
        order.entity_id,
        { date: fields.date ?? today(), due_date: fields.due_date ?? undefined, bill_number: fields.document_number || undefined, scanned_document_id: scan.id },
        key.current,
      ),
    onSuccess: (made) => {
      toast(`Bill ${made.bill_number} of ${formatMoney(made.amount, made.currency)} is written down.`)
      void navigate({ to: '/financials/bills/$id', params: { id: made.id } })
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
    },
    onSettled: () => queryClient.invalidateQueries(),
  })
  const differs = fields.total_amount !== null && fields.total_amount !== order.entity_amount
  return (
    <Confirm
      title={`Bill what is open of ${order.entity_name}?`}
      action="Make the bill"
      danger={false}
      busy={bill.isPending}
      error={bill.error ? messageOf(bill.error) : undefined}
      onConfirm={() => bill.mutate()}
      onClose={onClose}
    >
      <p>
        The bill gets the lines of the order that are not billed yet, the number {fields.document_number ? <strong className="font-mono">{fields.document_number}</strong> : 'that comes next'} and this document.
      </p>
      {differs && (
        <p className="font-medium text-warn">
          {`The order is over ${formatMoney(order.entity_amount)}, the document over ${formatMoney(fields.total_amount ?? '0')}. The lines of the bill can be changed afterwards.`}
        </p>
      )}
    </Confirm>
  )
}
