import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ReceiptText, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { CreditNote } from '@/api/sales'
import { creditNotePath } from '@/api/sales'
import { may, useUser } from '@/api/session'
import { formatDay } from '@/format/calendar'
import { formatMoney, parseCents } from '@/format/money'
import { DeleteRecord } from '@/records/delete'
import { ListPage, useListSearch } from '@/records/list-page'
import { fromSlices } from '@/records/rows'
import { Badge, Empty } from '@/ui/states'
import { rowLink } from '@/ui/table'
import { creditNotesQuery } from './queries'

/** Whether something of a credit note can still be set against an invoice. */
export function CreditLeft({ note }: { note: CreditNote }) {
  return (parseCents(note.remaining_credit) ?? 0) > 0 ? <Badge tone="warn">{formatMoney(note.remaining_credit, note.currency)} left</Badge> : <Badge tone="good">Used up</Badge>
}

/** What was credited to clients. */
export function CreditNotesPage() {
  const [search] = useListSearch()
  const [deleting, setDeleting] = useState<CreditNote | null>(null)
  const mayWrite = may(useUser(), 'can_create_invoices')
  const query = { search: search.search, date_from: search.from, date_to: search.to }
  const notes = useInfiniteQuery({ ...creditNotesQuery(query), placeholderData: (before) => before })
  return (
    <ListPage<CreditNote>
      title="Credit notes"
      lead="What clients were credited, and what it was set against."
      noun="credit notes"
      csv={{ path: '/api/xero/credit-notes', query }}
      filters={[
        { kind: 'search', name: 'search', label: 'Number, reason, client' },
        { kind: 'date', name: 'from', label: 'From' },
        { kind: 'date', name: 'to', label: 'To' },
      ]}
      list={fromSlices(notes)}
      keyOf={(note) => note.id}
      nameOf={(note) => note.credit_note_number}
      rowActions={mayWrite ? (note) => [{ label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(note) }] : undefined}
      columns={[
        {
          head: 'Number',
          phone: 'title',
          cell: (note) => (
            <Link data-row-link to="/financials/credit-notes/$id" params={{ id: note.id }} className={`font-mono whitespace-nowrap ${rowLink}`}>
              {note.credit_note_number}
            </Link>
          ),
        },
        { head: 'Client', cell: (note) => note.client_name },
        { head: 'Of invoice', cell: (note) => note.invoice_number && <span className="font-mono">{note.invoice_number}</span> },
        { head: 'Reason', cell: (note) => note.reason, className: 'max-w-64 truncate text-muted' },
        { head: 'Date', cell: (note) => <span className="num whitespace-nowrap">{formatDay(note.date)}</span> },
        { head: 'Credit', phone: 'badge', cell: (note) => <CreditLeft note={note} /> },
        { head: 'Amount', phone: 'amount', align: 'right', cell: (note) => <span className="font-semibold">{formatMoney(note.amount, note.currency)}</span> },
      ]}
      empty={
        <Empty icon={<ReceiptText aria-hidden />} title="No credit notes yet">
          Credit an invoice, whole or in part, on its page.
        </Empty>
      }
    >
      {deleting && (
        <DeleteRecord kind="credit_note" id={deleting.id} name={deleting.credit_note_number} path={creditNotePath(deleting.id)} onClose={() => setDeleting(null)}>
          <p>Its invoices owe the amounts again that were set against them.</p>
        </DeleteRecord>
      )}
    </ListPage>
  )
}
