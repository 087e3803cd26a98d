import { useMutation, useQuery } from '@tanstack/react-query'
import { ArrowRight, Check } from 'lucide-react'
import { useRef } from 'react'
import { isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import type { BankSuggestion, BankTransaction } from '@/api/purchases'
import { getBankSuggestions, reconcile, unreconcile } from '@/api/purchases'
import { createPayment } from '@/api/sales'
import { formatDay } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { refreshMoney } from '@/records/payments'
import { toastUndo } from '@/records/undo'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Badge, Failure, Skeleton } from '@/ui/states'

const kinds = { payment: 'Payment', invoice: 'Open invoice', bill: 'Open bill' }

/** A bank transaction beside the payments and open documents of the same amount, to say which it is. */
export function ReconcileDialog({ transaction, onClose }: { transaction: BankTransaction; onClose: () => void }) {
  const came = transaction.type === 'RECEIVE'
  // One payment for each document, however often the button is pressed after a broken connection.
  const keys = useRef(new Map<string, string>())
  const suggestions = useQuery({
    queryKey: ['bank', 'suggestions', transaction.id],
    queryFn: ({ signal }) => getBankSuggestions(transaction.id, signal),
    staleTime: 0,
  })
  const match = useMutation({
    mutationFn: async (suggestion: BankSuggestion) => {
      if (suggestion.kind === 'payment') return reconcile(transaction.id, suggestion.id)
      const key = keys.current.get(suggestion.id) ?? newId()
      keys.current.set(suggestion.id, key)
      try {
        const payment = await createPayment(
          {
            ...(suggestion.kind === 'invoice' ? { invoice_id: suggestion.id } : { bill_id: suggestion.id }),
            amount: transaction.amount,
            payment_date: transaction.date,
            payment_method: 'BANK_TRANSFER',
            reference: transaction.reference ?? undefined,
          },
          key,
        )
        return await reconcile(transaction.id, payment.id)
      } catch (error) {
        if (!isPassing(error)) keys.current.delete(suggestion.id)
        throw error
      }
    },
    onSuccess: (_, suggestion) => {
      toastUndo(`Matched with ${suggestion.number} of ${suggestion.client_name}.`, () => unreconcile(transaction.id))
      onClose()
    },
    onSettled: refreshMoney,
  })
  return (
    <Dialog title="Which payment is it?" wide onClose={onClose} footer={<Button onClick={onClose}>Close</Button>}>
      <div className="grid items-start gap-5 md:grid-cols-[minmax(0,1fr)_auto_minmax(0,1.4fr)]">
        <section aria-label="Bank" className="card flex flex-col gap-1 p-4">
          <p className="text-sm text-muted">The bank says</p>
          <p className={`num text-2xl font-semibold ${came ? 'text-good' : ''}`}>
            {came ? '+' : '−'}
            {formatMoney(transaction.amount)}
          </p>
          <p className="num">{formatDay(transaction.date)}</p>
          <p className="break-words">{transaction.description}</p>
          {transaction.reference && <p className="break-words text-muted">{transaction.reference}</p>}
        </section>
        <ArrowRight aria-hidden className="mt-10 hidden size-5 text-muted md:block" />
        <section aria-label="Suggestions" className="flex flex-col gap-3">
          <p className="text-sm text-muted">{came ? 'Payments of invoices, and open invoices,' : 'Payments of bills, and open bills,'} of exactly this amount</p>
          {match.isError && (
            <p role="alert" className="font-medium text-bad">
              {messageOf(match.error)}
            </p>
          )}
          {suggestions.isError ? (
            <Failure error={suggestions.error} onRetry={() => void suggestions.refetch()} />
          ) : !suggestions.data ? (
            <Skeleton rows={2} />
          ) : suggestions.data.suggestions.length === 0 ? (
            <p className="card px-4 py-3 text-muted">
              Nothing of {formatMoney(transaction.amount)} is open. A part payment is written down on the page of its {came ? 'invoice' : 'bill'} first; then it shows here.
            </p>
          ) : (
            <ul className="flex flex-col gap-3">
              {suggestions.data.suggestions.map((suggestion) => (
                <li key={`${suggestion.kind} ${suggestion.id}`} className="card flex flex-wrap items-center gap-3 p-3 pl-4">
                  <div className="min-w-0 flex-1 basis-40">
                    <p className="flex flex-wrap items-center gap-2">
                      <span className="font-mono font-medium">{suggestion.number}</span>
                      <Badge tone={suggestion.kind === 'payment' ? 'good' : 'neutral'}>{kinds[suggestion.kind]}</Badge>
                    </p>
                    <p className="truncate">{suggestion.client_name}</p>
                    <p className="num text-sm text-muted">
                      {suggestion.kind === 'payment' ? 'Paid' : 'Due'} {formatDay(suggestion.date)} · {formatMoney(suggestion.amount)}
                    </p>
                  </div>
                  <Button
                    variant="primary"
                    busy={match.isPending && match.variables.id === suggestion.id}
                    disabled={match.isPending}
                    icon={<Check aria-hidden className="size-4" />}
                    onClick={() => match.mutate(suggestion)}
                  >
                    {suggestion.kind === 'payment' ? 'This one' : 'Record and match'}
                  </Button>
                </li>
              ))}
            </ul>
          )}
        </section>
      </div>
    </Dialog>
  )
}
