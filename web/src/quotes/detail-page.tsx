import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { Ban, Check, FileDown, Pencil, ReceiptText, Send, Trash2, Undo2 } from 'lucide-react'
import { useRef, useState } from 'react'
import { isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import type { Quote, QuoteAction } from '@/api/sales'
import { convertQuote, moveQuote, quotePath, quotePDF } from '@/api/sales'
import { may, useUser } from '@/api/session'
import type { Versioned } from '@/api/versions'
import { formatDay, formatMinute } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { DeleteRecord } from '@/records/delete'
import { LinesSection } from '@/records/line-editor'
import { MailDialog, MailsSection } from '@/records/mails'
import { RecordPage, RecordState } from '@/records/record-page'
import { StatusBadge } from '@/records/status'
import { documentKeys } from '@/sync/queries'
import { markSubmitted } from '@/sync/submitted'
import { Button, buttonClass } from '@/ui/button'
import type { MenuItem } from '@/ui/menu'
import { toast } from '@/ui/toast'
import { quoteStatuses } from './list-page'
import { quoteQuery } from './queries'

const list = { to: '/financials/quotes', label: 'Quotes' } as const

export function QuotePage() {
  const { id } = useParams({ from: '/financials/quotes/$id' })
  const quote = useQuery(quoteQuery(id))
  return quote.data ? <View versioned={quote.data} /> : <RecordState title="Quote" back={list} error={quote.error} onRetry={() => void quote.refetch()} />
}

const done: Record<QuoteAction, string> = { send: 'is noted as sent', accept: 'is accepted', decline: 'is declined', reopen: 'is a draft again' }

function View({ versioned: { row: quote, etag } }: { versioned: Versioned<Quote> }) {
  const navigate = useNavigate()
  const mayWrite = may(useUser(), 'can_create_invoices')
  const [deleting, setDeleting] = useState(false)
  const [mailing, setMailing] = useState(false)
  const key = useRef(newId())
  const move = useMutation({
    mutationFn: (action: QuoteAction) => moveQuote(quote.id, action, etag),
    onSuccess: (moved, action) => toast(`${moved.quote_number} ${done[action]}.`),
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: () => Promise.all([['quotes'], ['money']].map((queryKey) => queryClient.invalidateQueries({ queryKey }))),
  })
  const convert = useMutation({
    mutationFn: () => convertQuote(quote.id, key.current),
    onSuccess: (invoice) => {
      markSubmitted({ kind: 'invoice', id: invoice.id, number: invoice.invoice_number, party: invoice.client_name, amount: invoice.total })
      toast(`${quote.quote_number} became invoice ${invoice.invoice_number}. Syncing to Xero…`)
      void navigate({ to: '/financials/invoices/$id', params: { id: invoice.id } })
    },
    onError: (error) => {
      toast(messageOf(error), 'bad')
      if (!isPassing(error)) key.current = newId()
    },
    onSettled: () => Promise.all([['quotes'], ['money'], documentKeys.invoice].map((queryKey) => queryClient.invalidateQueries({ queryKey }))),
  })
  const open = quote.status === 'DRAFT' || quote.status === 'SENT'
  const busy = move.isPending || convert.isPending
  const menu: MenuItem[] = [{ label: 'PDF', icon: <FileDown aria-hidden />, href: quotePDF(quote.id) }]
  if (mayWrite) {
    if (quote.status !== 'INVOICED') {
      menu.push({ label: 'Edit', icon: <Pencil aria-hidden />, onSelect: () => void navigate({ to: '/financials/quotes/$id/edit', params: { id: quote.id } }) })
      menu.push({ label: 'Send by mail', icon: <Send aria-hidden />, onSelect: () => setMailing(true) })
    }
    if (open) menu.push({ label: 'Convert to invoice', icon: <ReceiptText aria-hidden />, onSelect: () => convert.mutate() })
    if (quote.status === 'DRAFT') menu.push({ label: 'Note as sent', icon: <Check aria-hidden />, onSelect: () => move.mutate('send') })
    if (quote.status !== 'DRAFT' && quote.status !== 'INVOICED') menu.push({ label: 'Make it a draft again', icon: <Undo2 aria-hidden />, onSelect: () => move.mutate('reopen') })
    if (quote.status !== 'INVOICED') menu.push({ label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(true) })
  }
  return (
    <RecordPage
      kind="quote"
      id={quote.id}
      title={quote.quote_number}
      lead={quote.client_name}
      back={list}
      badges={quoteStatuses(quote).map((status) => (
        <StatusBadge key={status} status={status} />
      ))}
      menu={menu}
      actions={
        <>
          {mayWrite && quote.status === 'DRAFT' && (
            <Button icon={<Send aria-hidden className="size-4" />} onClick={() => setMailing(true)}>
              Send
            </Button>
          )}
          {mayWrite && open && (
            <>
              <Button busy={busy} icon={<Ban aria-hidden className="size-4" />} onClick={() => move.mutate('decline')}>
                Decline
              </Button>
              <Button busy={busy} variant="primary" icon={<Check aria-hidden className="size-4" />} onClick={() => move.mutate('accept')}>
                Accept
              </Button>
            </>
          )}
          {mayWrite && quote.status === 'ACCEPTED' && (
            <Button busy={busy} variant="primary" icon={<ReceiptText aria-hidden className="size-4" />} onClick={() => convert.mutate()}>
              Convert to invoice
            </Button>
          )}
          {quote.invoice_id && (
            <Link to="/financials/invoices/$id" params={{ id: quote.invoice_id }} className={buttonClass('primary')}>
              <ReceiptText aria-hidden className="size-4" />
              {quote.invoice_number}
            </Link>
          )}
        </>
      }
      facts={[
        { label: 'For', value: quote.title },
        { label: 'Project', value: quote.project_name },
        { label: 'Date', value: formatDay(quote.issue_date) },
        { label: quote.expired ? 'Expired' : 'Expires', value: formatDay(quote.expiry_date) },
        { label: 'Reference', value: quote.reference },
        { label: 'Total', value: formatMoney(quote.total, quote.currency) },
        { label: 'Sent', value: quote.sent_at && `${formatMinute(quote.sent_at)}${quote.sent_to ? ` to ${quote.sent_to}` : ''}` },
        { label: 'Summary', value: quote.summary && <span className="whitespace-pre-line">{quote.summary}</span>, wide: true },
        { label: 'Terms', value: quote.terms && <span className="whitespace-pre-line">{quote.terms}</span>, wide: true },
      ]}
      deleted={{ at: quote.deleted_at, path: quotePath(quote.id), mayRestore: mayWrite }}
    >
      <LinesSection lines={quote.line_items} currency={quote.currency} subtotal={quote.subtotal} total_tax={quote.total_tax} total={quote.total} />
      <MailsSection kind="quotes" id={quote.id} />
      {mailing && <MailDialog kind="quotes" id={quote.id} number={quote.quote_number} clientId={quote.client_id} onClose={() => setMailing(false)} />}
      {deleting && (
        <DeleteRecord
          kind="quote"
          id={quote.id}
          name={quote.quote_number}
          path={quotePath(quote.id)}
          onClose={() => setDeleting(false)}
          onDeleted={() => void navigate({ to: '/financials/quotes' })}
        />
      )}
    </RecordPage>
  )
}
