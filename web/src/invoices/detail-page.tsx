import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { Banknote, CheckCheck, Copy, FileDown, FileMinus2, Pencil, Send, Trash2 } from 'lucide-react'
import { useRef, useState } from 'react'
import { copyInvoice, invoicePDF } from '@/api/client'
import { isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { markInvoicePaid } from '@/api/sales'
import { may, useUser } from '@/api/session'
import type { Invoice } from '@/api/types'
import type { Versioned } from '@/api/versions'
import { creditNotesQuery } from '@/creditnotes/queries'
import { formatDay, formatMinute, formatWeekday } from '@/format/calendar'
import { formatMoney, formatQuantity } from '@/format/money'
import { DueBadges } from '@/records/due-badges'
import { History } from '@/records/history'
import { LinesSection } from '@/records/line-editor'
import { MailDialog, MailsSection } from '@/records/mails'
import { PaymentDialog, PaymentsSection, refreshMoney } from '@/records/payments'
import { Facts, Section } from '@/records/record-page'
import { reminderHistoryQuery } from '@/reminders/queries'
import { DocumentPage } from '@/sync/detail'
import { invoiceDocument, isGone } from '@/sync/document'
import { pollMs, useStreamUp } from '@/sync/live'
import { markSubmitted } from '@/sync/submitted'
import { Button } from '@/ui/button'
import { Disclosure } from '@/ui/disclosure'
import type { MenuItem } from '@/ui/menu'
import { Menu } from '@/ui/menu'
import { Page } from '@/ui/page'
import { Badge, Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { CreditInvoice } from './credit-dialog'
import { EditInvoice } from './edit-dialog'
import { invoiceToPay, isPayable } from './payable'
import { invoiceQuery } from './queries'
import { VoidInvoice } from './void-dialog'

export function InvoicePage() {
  const { id } = useParams({ from: '/financials/invoices/$id' })
  const up = useStreamUp()
  const invoice = useQuery({
    ...invoiceQuery(id),
    refetchInterval: (query) => (query.state.data?.row.sync_status === 'pending' ? pollMs(up) : false),
  })
  if (invoice.isPending)
    return (
      <Page title="Invoice">
        <Skeleton />
      </Page>
    )
  if (invoice.isError)
    return (
      <Page title="Invoice">
        <Failure error={invoice.error} onRetry={() => void invoice.refetch()} />
      </Page>
    )
  return <View versioned={invoice.data} />
}

function View({ versioned: { row: invoice, etag } }: { versioned: Versioned<Invoice> }) {
  const user = useUser()
  const navigate = useNavigate()
  const [dialog, setDialog] = useState<'pay' | 'edit' | 'void' | 'credit' | 'mail' | null>(null)
  const close = () => setDialog(null)
  const key = useRef(newId())
  const mayWrite = may(user, 'can_create_invoices')
  const gone = isGone(invoice.status)
  const payable = isPayable(invoice)
  const copy = useMutation({
    mutationFn: () => copyInvoice(invoice.id, key.current),
    onSuccess: (made) => {
      key.current = newId()
      markSubmitted({ kind: 'invoice', id: made.id, number: made.invoice_number, party: made.client_name, amount: made.total })
      toast(`${made.invoice_number} is a copy of ${invoice.invoice_number}. Syncing to Xero…`)
      void navigate({ to: '/financials/invoices/$id', params: { id: made.id } })
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
      toast(messageOf(error), 'bad')
    },
    onSettled: refreshMoney,
  })
  const markPaid = useMutation({
    mutationFn: () => markInvoicePaid(invoice.id, {}, etag),
    onSuccess: (paid) => toast(`${paid.invoice_number} is paid. The payment of today can be deleted below.`),
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: refreshMoney,
  })
  const menu: MenuItem[] = [{ label: 'PDF', icon: <FileDown aria-hidden />, href: invoicePDF(invoice.id) }]
  if (mayWrite && !gone) {
    if (payable) menu.push({ label: 'Mark as paid', icon: <CheckCheck aria-hidden />, onSelect: () => markPaid.mutate() })
    menu.push({ label: 'Credit', icon: <FileMinus2 aria-hidden />, onSelect: () => setDialog('credit') })
    menu.push({ label: 'Copy', icon: <Copy aria-hidden />, onSelect: () => copy.mutate() })
    if (invoice.status !== 'PAID') {
      menu.push({ label: 'Edit', icon: <Pencil aria-hidden />, onSelect: () => setDialog('edit') })
      menu.push({ label: 'Void', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDialog('void') })
    }
  }
  return (
    <DocumentPage
      document={invoiceDocument(invoice)}
      badges={
        <>
          <DueBadges document={invoice} />
          {invoice.sent_at && (
            <Badge tone="accent" icon={<Send aria-hidden className="size-3.5" />}>
              Sent
            </Badge>
          )}
        </>
      }
      actions={
        <>
          {mayWrite && !gone && (
            <>
              <Button icon={<Send aria-hidden className="size-4" />} onClick={() => setDialog('mail')}>
                Send
              </Button>
              {payable && (
                <Button variant="primary" icon={<Banknote aria-hidden className="size-4" />} onClick={() => setDialog('pay')}>
                  Record payment
                </Button>
              )}
            </>
          )}
          <Menu label={`More actions for ${invoice.invoice_number}`} items={menu} />
        </>
      }
    >
      <Facts
        facts={[
          { label: 'Project', value: invoice.project_name },
          { label: 'Date', value: formatDay(invoice.issue_date) },
          { label: 'Due', value: formatDay(invoice.due_date) || '–' },
          { label: 'Reference', value: invoice.reference },
          { label: 'Total', value: formatMoney(invoice.total, invoice.currency) },
          { label: 'Paid or credited', value: formatMoney(invoice.amount_paid, invoice.currency) },
          { label: 'Open', value: formatMoney(invoice.amount_due, invoice.currency) },
          { label: 'Sent', value: invoice.sent_at && `${formatMinute(invoice.sent_at)}${invoice.sent_to ? ` to ${invoice.sent_to}` : ''}` },
          {
            label: 'Replaces',
            value: invoice.copy_of && (
              <Link to="/financials/invoices/$id" params={{ id: invoice.copy_of }} className="text-accent hover:underline">
                The invoice it is a copy of
              </Link>
            ),
          },
        ]}
      />
      <PaymentsSection document={invoiceToPay(invoice)} open={payable} button={false} />
      <Credits invoice={invoice} />
      <LinesSection lines={invoice.line_items} currency={invoice.currency} subtotal={invoice.subtotal} total_tax={invoice.total_tax} total={invoice.total} />
      {invoice.timesheets && invoice.timesheets.length > 0 && (
        <Disclosure title={`${invoice.timesheets.length} timesheet ${invoice.timesheets.length === 1 ? 'entry' : 'entries'}`}>
          {() => (
            <ul className="divide-y divide-line">
              {invoice.timesheets?.map((entry) => (
                <li key={entry.id} className="flex flex-wrap gap-x-4 px-4 py-2">
                  <span className="num w-28">{formatWeekday(entry.date)}</span>
                  <span className="min-w-0 flex-1 truncate">
                    {entry.user_name} · {entry.activity_type_name}
                    {entry.notes && <span className="text-muted"> · {entry.notes}</span>}
                  </span>
                  <span className="num text-muted">{formatQuantity(entry.hours)} h</span>
                </li>
              ))}
            </ul>
          )}
        </Disclosure>
      )}
      <MailsSection kind="invoices" id={invoice.id} />
      <Reminders id={invoice.id} />
      <History entityType="invoice" id={invoice.id} />
      {dialog === 'pay' && <PaymentDialog document={invoiceToPay(invoice)} onClose={close} />}
      {dialog === 'credit' && <CreditInvoice invoice={invoice} onClose={close} />}
      {dialog === 'mail' && <MailDialog kind="invoices" id={invoice.id} number={invoice.invoice_number} clientId={invoice.client_id} onClose={close} />}
      {dialog === 'edit' && <EditInvoice id={invoice.id} onClose={close} />}
      {dialog === 'void' && (
        <VoidInvoice
          invoice={invoice}
          onClose={close}
          // When Xero has confirmed, the invoice is gone; the list shows it until then.
          onVoided={() => void navigate({ to: '/financials/invoices' })}
        />
      )}
    </DocumentPage>
  )
}

/** What was credited: the credit notes made for the invoice, and those of others that are set against it. */
function Credits({ invoice }: { invoice: Invoice }) {
  const made = useInfiniteQuery(creditNotesQuery({ invoice_id: invoice.id }))
  const notes = made.data?.pages.flatMap((page) => page.rows) ?? []
  const applied = (invoice.settlements ?? []).filter((settlement) => settlement.entity_type === 'credit_note')
  const rows = [
    ...applied.map(({ entity_id, number, date, amount }) => ({ id: entity_id, number, date, amount, words: 'Set against this invoice' })),
    ...notes
      .filter((note) => !applied.some((settlement) => settlement.entity_id === note.id))
      .map((note) => ({ id: note.id, number: note.credit_note_number, date: note.date, amount: note.amount, words: 'Made for this invoice, set against another or not at all' })),
  ]
  if (made.isError) return <Failure error={made.error} onRetry={() => void made.refetch()} />
  if (rows.length === 0) return null
  return (
    <Section title="Credit notes">
      <ul className="card divide-y divide-line" aria-label="Credit notes">
        {rows.map((row) => (
          <li key={row.id} className="relative flex min-h-14 items-center gap-3 px-4 py-2">
            <div className="min-w-0 flex-1 sm:flex sm:gap-4">
              <Link to="/financials/credit-notes/$id" params={{ id: row.id }} className="font-mono font-medium text-accent after:absolute after:inset-0 hover:underline">
                {row.number}
              </Link>
              <p className="text-muted">
                <span className="num">{formatDay(row.date)}</span> · {row.words}
              </p>
            </div>
            <p className="num font-semibold">{formatMoney(row.amount, invoice.currency)}</p>
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** When the client was reminded; nothing while they were not. */
function Reminders({ id }: { id: string }) {
  const reminders = useInfiniteQuery(reminderHistoryQuery({ invoice_id: id }))
  const sent = (reminders.data?.pages.flatMap((page) => page.rows) ?? []).filter((reminder) => !reminder.skipped)
  if (sent.length === 0) return null
  return (
    <p className="text-muted">
      Reminded {sent.length === 1 ? 'once' : `${sent.length} times`}, last on <span className="num">{formatDay(sent[0]?.sent_date)}</span>.{' '}
      <Link to="/financials/reminders" className="text-accent hover:underline">
        All reminders
      </Link>
    </p>
  )
}
