import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Banknote, Check, FileText, Paperclip, Pencil, Receipt, ScanLine, Send, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { messageOf } from '@/api/errors'
import type { Expense, ExpenseStep } from '@/api/purchases'
import { advanceExpense, expensePath, getExpense } from '@/api/purchases'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import { sliceQuery } from '@/api/slices'
import { formatDay } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { scanQuery } from '@/receipts/queries'
import { Attachments } from '@/records/attachments'
import { DeleteRecord } from '@/records/delete'
import { ListPage, useListSearch } from '@/records/list-page'
import { fromSlices } from '@/records/rows'
import { StatusBadge } from '@/records/status'
import { Button, buttonClass } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import type { MenuItem } from '@/ui/menu'
import { NewButton } from '@/ui/record-list'
import { Empty, Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { ExpenseForm } from './form'

const steps: Record<ExpenseStep, { label: string; done: string; icon: typeof Check; from: string }> = {
  submit: { label: 'Hand in', done: 'is handed in', icon: Send, from: 'DRAFT' },
  approve: { label: 'Approve', done: 'is approved', icon: Check, from: 'SUBMITTED' },
  pay: { label: 'Note as paid back', done: 'is paid back', icon: Banknote, from: 'APPROVED' },
}

/** What people paid for the firm: everybody's for the office, one's own for everybody else. */
export function ExpensesPage() {
  const user = useUser()
  const [search, change] = useListSearch()
  const [editing, setEditing] = useState<Expense | 'new' | null>(null)
  const [deleting, setDeleting] = useState<Expense | null>(null)
  const office = may(user, 'can_create_invoices')
  const mayWrite = office || may(user, 'can_create_timesheets')
  const query = { search: search.search, status: search.status, date_from: search.from, date_to: search.to }
  const expenses = useInfiniteQuery({ ...sliceQuery<Expense>(['expenses', 'list'], '/api/xero/expenses', query), placeholderData: (before) => before })
  const advance = useMutation({
    mutationFn: ({ expense, step }: { expense: Expense; step: ExpenseStep }) => advanceExpense(expense.id, step, null),
    onSuccess: (_, { expense, step }) => toast(`${expense.description ?? 'The expense'} ${steps[step].done}.`),
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['expenses'] }),
  })
  const stepOf = (expense: Expense) => (Object.keys(steps) as ExpenseStep[]).find((step) => steps[step].from === expense.status && (office || step === 'submit'))
  const scanId = typeof search.scan === 'string' ? search.scan : undefined
  const filesOf = typeof search.files === 'string' ? search.files : undefined
  // Read once: news about the scan must not wipe out what is being typed.
  const scan = useQuery({ ...scanQuery(scanId ?? ''), queryKey: ['expense-of-scan', scanId ?? ''], enabled: scanId !== undefined, staleTime: Infinity, gcTime: 0, retry: false })
  const create = mayWrite && <NewButton onClick={() => setEditing('new')}>New expense</NewButton>
  const actions = (expense: Expense): MenuItem[] => {
    const items: MenuItem[] = []
    items.push({ label: 'Files', icon: <Paperclip aria-hidden />, onSelect: () => change({ files: expense.id }) })
    if (expense.status === 'DRAFT' || (office && expense.status === 'SUBMITTED')) items.push({ label: 'Edit', icon: <Pencil aria-hidden />, onSelect: () => setEditing(expense) })
    if (office) items.push({ label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(expense) })
    return items
  }
  return (
    <ListPage<Expense>
      title="Expenses"
      lead={office ? 'What people paid for the firm out of their own pocket.' : 'What you paid for the firm out of your own pocket.'}
      noun="expenses"
      actions={
        <>
          {mayWrite && (
            <Link to="/document-scan" className={buttonClass()}>
              <ScanLine aria-hidden className="size-4" />
              Scan a receipt
            </Link>
          )}
          {create}
        </>
      }
      csv={{ path: '/api/xero/expenses', query }}
      filters={[
        { kind: 'search', name: 'search', label: 'What, who, project' },
        {
          kind: 'choice',
          name: 'status',
          label: 'Status',
          options: [
            { value: 'DRAFT', label: 'Draft' },
            { value: 'SUBMITTED', label: 'Handed in' },
            { value: 'APPROVED', label: 'Approved' },
            { value: 'PAID', label: 'Paid back' },
          ],
        },
        { kind: 'date', name: 'from', label: 'From' },
        { kind: 'date', name: 'to', label: 'To' },
      ]}
      list={fromSlices(expenses)}
      keyOf={(expense) => expense.id}
      nameOf={(expense) => expense.description ?? 'the expense'}
      rowActions={actions}
      columns={[
        {
          head: 'What',
          phone: 'title',
          className: 'min-w-40',
          cell: (expense) => (
            <span className="font-medium">
              {expense.description ?? 'Expense'}
              {expense.receipt_url && (
                <a className="relative z-10 ml-2 inline-flex items-center gap-1 align-middle text-sm text-accent hover:underline" href={expense.receipt_url} target="_blank" rel="noreferrer">
                  <Receipt aria-hidden className="size-4" />
                  Receipt
                </a>
              )}
            </span>
          ),
        },
        { head: 'Who', cell: (expense) => expense.user_name },
        { head: 'Project', cell: (expense) => expense.project_name, className: 'text-muted' },
        { head: 'Date', cell: (expense) => <span className="num whitespace-nowrap">{formatDay(expense.date)}</span> },
        { head: 'Status', phone: 'badge', cell: (expense) => <StatusBadge status={expense.status} /> },
        {
          head: 'Next',
          phone: 'badge',
          cell: (expense) => {
            const step = stepOf(expense)
            if (!step) return null
            const { label, icon: Icon } = steps[step]
            return (
              <Button className="relative z-10" disabled={advance.isPending} icon={<Icon aria-hidden className="size-4" />} onClick={() => advance.mutate({ expense, step })}>
                {label}
              </Button>
            )
          },
        },
        { head: 'Amount', phone: 'amount', align: 'right', cell: (expense) => <span className="font-semibold">{formatMoney(expense.amount, expense.currency)}</span> },
      ]}
      empty={
        <Empty icon={<FileText aria-hidden />} title="No expenses yet" action={create}>
          Write down what you paid for the firm, or photograph the receipt, and hand it in.
        </Empty>
      }
    >
      {scan.data && <ExpenseForm key={scanId} expense={null} scan={scan.data.row} onClose={() => change({ scan: undefined })} />}
      {scan.isError && (
        <Dialog title="New expense" onClose={() => change({ scan: undefined })}>
          <Failure error={scan.error} />
        </Dialog>
      )}
      {filesOf && <ExpenseFiles id={filesOf} office={office} userId={user.id} onClose={() => change({ files: undefined })} />}
      {editing && <ExpenseForm expense={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {deleting && <DeleteRecord kind="expense" id={deleting.id} name={deleting.description ?? ''} path={expensePath(deleting.id)} onClose={() => setDeleting(null)} />}
    </ListPage>
  )
}

/** The files of one expense, to look at and, while it may be changed, to add to. */
function ExpenseFiles({ id, office, userId, onClose }: { id: string; office: boolean; userId: string; onClose: () => void }) {
  const expense = useQuery({ queryKey: ['expenses', 'one', id], queryFn: ({ signal }) => getExpense(id, signal), retry: false })
  const row = expense.data?.row
  return (
    <Dialog title={row ? `${row.description ?? 'Expense'}, ${formatMoney(row.amount, row.currency)}` : 'Expense'} lightly onClose={onClose}>
      {expense.isError ? (
        <Failure error={expense.error} />
      ) : row ? (
        <Attachments kind="expense" id={id} mayChange={office || (row.user_id === userId && row.status === 'DRAFT')} />
      ) : (
        <Skeleton rows={2} />
      )}
    </Dialog>
  )
}
