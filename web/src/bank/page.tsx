import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { CheckCheck, FileUp, Landmark, Plus, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { messageOf } from '@/api/errors'
import type { BankTransaction } from '@/api/purchases'
import { reconcile, unreconcile } from '@/api/purchases'
import { may, useUser } from '@/api/session'
import { formatDay } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { ListPage, useListSearch } from '@/records/list-page'
import { refreshMoney } from '@/records/payments'
import { fromSlices } from '@/records/rows'
import { toastUndo } from '@/records/undo'
import { Button } from '@/ui/button'
import { Badge, Empty } from '@/ui/states'
import { toast } from '@/ui/toast'
import { AddTransaction } from './add-dialog'
import { ImportStatement } from './import-dialog'
import { bankQuery } from './queries'
import { ReconcileDialog } from './reconcile-dialog'

/** What the bank says, and which payment each of it is. */
export function BankPage() {
  const [search] = useListSearch()
  const mayWrite = may(useUser(), 'can_create_invoices')
  const [dialog, setDialog] = useState<'import' | 'add' | null>(null)
  const [matching, setMatching] = useState<BankTransaction | null>(null)
  const query = { search: search.search, reconciled: search.reconciled, type: search.type, date_from: search.from, date_to: search.to }
  const bank = useInfiniteQuery({ ...bankQuery(query), placeholderData: (before) => before })
  const undo = useMutation({
    mutationFn: (transaction: BankTransaction) => unreconcile(transaction.id),
    onSuccess: ({ message }, { id, payment_id }) => {
      if (payment_id) toastUndo(`${message}.`, () => reconcile(id, payment_id))
      else toast(message)
    },
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: refreshMoney,
  })
  const create = mayWrite && (
    <>
      <Button icon={<Plus aria-hidden className="size-4" />} onClick={() => setDialog('add')}>
        Add by hand
      </Button>
      <Button variant="primary" icon={<FileUp aria-hidden className="size-4" />} onClick={() => setDialog('import')}>
        Import statement
      </Button>
    </>
  )
  return (
    <ListPage<BankTransaction>
      title="Bank"
      lead="What came in and went out, and which payment it is."
      noun="bank transactions"
      actions={create}
      csv={{ path: '/api/xero/bank-transactions', query }}
      filters={[
        { kind: 'search', name: 'search', label: 'Description, reference, name' },
        {
          kind: 'choice',
          name: 'reconciled',
          label: 'Matched',
          options: [
            { value: 'false', label: 'Not yet' },
            { value: 'true', label: 'Reconciled' },
          ],
        },
        {
          kind: 'choice',
          name: 'type',
          label: 'Way',
          all: 'In and out',
          options: [
            { value: 'RECEIVE', label: 'Money in' },
            { value: 'SPEND', label: 'Money out' },
          ],
        },
        { kind: 'date', name: 'from', label: 'From' },
        { kind: 'date', name: 'to', label: 'To' },
      ]}
      list={fromSlices(bank)}
      keyOf={(row) => row.id}
      nameOf={(row) => row.description ?? row.reference ?? 'the transaction'}
      rowActions={mayWrite ? (row) => (row.reconciled ? [{ label: 'Undo the match', icon: <Undo2 aria-hidden />, onSelect: () => undo.mutate(row) }] : []) : undefined}
      columns={[
        { head: 'Date', cell: (row) => <span className="num whitespace-nowrap">{formatDay(row.date)}</span> },
        {
          head: 'Description',
          phone: 'title',
          cell: (row) => row.description ?? row.reference ?? row.contact_name ?? (row.type === 'RECEIVE' ? 'Money in' : 'Money out'),
        },
        { head: 'Reference', cell: (row) => row.description && row.reference, className: 'max-w-40 truncate text-muted' },
        {
          head: 'Payment of',
          cell: (row) =>
            row.reconciled && row.document_number && (
              <>
                <span className="font-mono">{row.document_number}</span> {row.client_name}
              </>
            ),
        },
        {
          head: 'Matched',
          phone: 'badge',
          cell: (row) =>
            row.reconciled ? (
              <Badge tone="good" icon={<CheckCheck aria-hidden className="size-3.5" />}>
                Reconciled
              </Badge>
            ) : mayWrite ? (
              <Button onClick={() => setMatching(row)}>Match</Button>
            ) : (
              <Badge tone="warn">Not matched</Badge>
            ),
        },
        {
          head: 'Amount',
          phone: 'amount',
          align: 'right',
          cell: (row) => (
            <span className={`font-semibold ${row.type === 'RECEIVE' ? 'text-good' : ''}`}>
              {row.type === 'RECEIVE' ? '+' : '−'}
              {formatMoney(row.amount)}
            </span>
          ),
        },
      ]}
      empty={
        <Empty icon={<Landmark aria-hidden />} title="No bank transactions yet" action={mayWrite && <span className="flex flex-wrap justify-center gap-3">{create}</span>}>
          Import the statement that your bank gives as a CSV file. What was imported before is not imported again.
        </Empty>
      }
    >
      {dialog === 'import' && <ImportStatement onClose={() => setDialog(null)} />}
      {dialog === 'add' && <AddTransaction onClose={() => setDialog(null)} />}
      {matching && <ReconcileDialog transaction={matching} onClose={() => setMatching(null)} />}
    </ListPage>
  )
}
