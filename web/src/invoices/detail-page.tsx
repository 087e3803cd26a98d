import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { FileDown, Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { invoicePDF } from '@/api/client'
import { may, useUser } from '@/api/session'
import type { Invoice } from '@/api/types'
import { formatDay, formatWeekday } from '@/format/calendar'
import { formatMoney, formatQuantity } from '@/format/money'
import { DocumentPage } from '@/sync/detail'
import { invoiceDocument, isGone, statusWords } from '@/sync/document'
import { pollMs, useStreamUp } from '@/sync/live'
import { Button, buttonClass } from '@/ui/button'
import { Disclosure } from '@/ui/disclosure'
import { Detail, Page } from '@/ui/page'
import { Failure, Skeleton } from '@/ui/states'
import { EditInvoice } from './edit-dialog'
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
  return <View invoice={invoice.data.row} />
}

function View({ invoice }: { invoice: Invoice }) {
  const user = useUser()
  const navigate = useNavigate()
  const [editing, setEditing] = useState(false)
  const [voiding, setVoiding] = useState(false)
  const changeable = may(user, 'can_create_invoices') && !isGone(invoice.status) && invoice.status !== 'PAID'
  return (
    <DocumentPage
      document={invoiceDocument(invoice)}
      actions={
        <>
          <a className={buttonClass('secondary')} href={invoicePDF(invoice.id)} target="_blank" rel="noreferrer">
            <FileDown aria-hidden className="size-4" />
            PDF
          </a>
          {changeable && (
            <>
              <Button icon={<Pencil aria-hidden className="size-4" />} onClick={() => setEditing(true)}>
                Edit
              </Button>
              <Button icon={<Trash2 aria-hidden className="size-4" />} onClick={() => setVoiding(true)}>
                Void
              </Button>
            </>
          )}
        </>
      }
    >
      <dl className="card grid grid-cols-2 gap-4 p-4 sm:grid-cols-3 lg:grid-cols-6">
        <Detail label="Status">{statusWords(invoice.status)}</Detail>
        <Detail label="Date">{formatDay(invoice.issue_date)}</Detail>
        <Detail label="Due">{formatDay(invoice.due_date) || '–'}</Detail>
        <Detail label="Reference">{invoice.reference || '–'}</Detail>
        <Detail label="Paid">{formatMoney(invoice.amount_paid, invoice.currency)}</Detail>
        <Detail label="Open">{formatMoney(invoice.amount_due, invoice.currency)}</Detail>
      </dl>
      <section aria-labelledby="lines" className="card overflow-hidden">
        <h2 id="lines" className="px-4 pt-4 pb-2 text-lg font-semibold">
          Lines
        </h2>
        <ul className="divide-y divide-line">
          {invoice.line_items.map((line) => (
            <li key={line.id} className="grid grid-cols-[1fr_auto] gap-x-4 px-4 py-3 sm:grid-cols-[minmax(0,1fr)_11rem_8rem]">
              <div className="col-span-2 min-w-0 sm:col-span-1">
                <p className="break-words">{line.description}</p>
                <p className="text-sm text-muted">
                  {line.account_code && <>Account {line.account_code}</>}
                  {line.tax_rate && ` · ${formatQuantity(line.tax_rate)} % tax`}
                </p>
              </div>
              <p className="num text-muted sm:text-right">
                {formatQuantity(line.quantity)} × {formatMoney(line.unit_price, invoice.currency)}
              </p>
              <p className="num text-right font-semibold">{formatMoney(line.amount, invoice.currency)}</p>
            </li>
          ))}
        </ul>
        <dl className="num ml-auto grid w-full max-w-xs grid-cols-[1fr_auto] gap-y-1 px-4 py-4">
          <dt className="text-muted">Before tax</dt>
          <dd className="text-right">{formatMoney(invoice.subtotal, invoice.currency)}</dd>
          <dt className="text-muted">Tax</dt>
          <dd className="text-right">{formatMoney(invoice.total_tax, invoice.currency)}</dd>
          <dt className="font-semibold">Total</dt>
          <dd className="text-right text-lg font-semibold">{formatMoney(invoice.total, invoice.currency)}</dd>
        </dl>
      </section>
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
      {editing && <EditInvoice id={invoice.id} onClose={() => setEditing(false)} />}
      {voiding && (
        <VoidInvoice
          invoice={invoice}
          onClose={() => setVoiding(false)}
          // When Xero has confirmed, the invoice is gone; the list shows it until then.
          onVoided={() => void navigate({ to: '/financials/invoices' })}
        />
      )}
    </DocumentPage>
  )
}
