import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Check, X } from 'lucide-react'
import { useRef, useState } from 'react'
import { createInvoicesFromTimesheets } from '@/api/client'
import { messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import type { BatchAnswer, GroupBy, UnbilledClient } from '@/api/types'
import { formatMoney, sumMoney } from '@/format/money'
import { documentKeys } from '@/sync/queries'
import { markSubmitted } from '@/sync/submitted'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Select } from '@/ui/field'
import { GroupBySelect } from './group-by'

type Result = BatchAnswer['results'][number]

/** So that there is something to see on the way and one broken answer leaves little open. */
const perRequest = 5

/** One invoice for each chosen client, with one result each. */
export function BatchDialog({ clients, onClose }: { clients: UnbilledClient[]; onClose: () => void }) {
  const [period, setPeriod] = useState<'' | 'week' | 'month'>('')
  const [groupBy, setGroupBy] = useState<GroupBy>('activity')
  const [results, setResults] = useState<Result[]>([])
  const run = useRef(newId())
  const create = useMutation({
    mutationFn: async () => {
      // What was answered is kept, so that going on after a broken connection starts where it broke.
      const open = clients.slice(results.length)
      for (let i = 0; i < open.length; i += perRequest) {
        const part = open.slice(i, i + perRequest)
        const first = part[0]
        if (!first) break
        const answer = await createInvoicesFromTimesheets(
          part.map(({ client_id }) => ({ client_id, period: period || undefined, group_by: groupBy })),
          `${run.current}-${first.client_id}`,
        )
        for (const result of answer.results) {
          if (result.id && result.invoice_number)
            markSubmitted({
              kind: 'invoice',
              id: result.id,
              number: result.invoice_number,
              party: clients.find((client) => client.client_id === result.client_id)?.client_name ?? '',
              amount: result.total ?? '0.00',
            })
        }
        setResults((before) => [...before, ...answer.results])
      }
    },
    onSettled: () => Promise.all([['unbilled'], ['timesheets'], documentKeys.invoice].map((queryKey) => queryClient.invalidateQueries({ queryKey }))),
  })
  const done = results.length === clients.length
  const failed = results.filter((result) => !result.id).length
  const byClient = new Map(results.map((result) => [result.client_id, result]))

  return (
    <Dialog
      title={`Create ${clients.length} ${clients.length === 1 ? 'invoice' : 'invoices'}`}
      wide
      onClose={create.isPending ? () => undefined : onClose}
      footer={
        done ? (
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        ) : (
          <>
            <Button disabled={create.isPending} onClick={onClose}>
              Cancel
            </Button>
            <Button variant="primary" busy={create.isPending} onClick={() => create.mutate()}>
              {results.length > 0 ? `Go on with ${clients.length - results.length}` : 'Create invoices'}
            </Button>
          </>
        )
      }
    >
      <div className="flex flex-col gap-4">
        {results.length === 0 && !create.isPending && (
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Work">
              <Select value={period} onChange={(event) => setPeriod(event.target.value as typeof period)}>
                <option value="">All that is unbilled</option>
                <option value="week">Last 7 days</option>
                <option value="month">This month</option>
              </Select>
            </Field>
            <Field label="One line for each">
              <GroupBySelect value={groupBy} onChange={setGroupBy} />
            </Field>
          </div>
        )}
        {(create.isPending || results.length > 0) && (
          <div role="status">
            <progress className="h-2 w-full accent-(--accent-fill)" max={clients.length} value={results.length} aria-label="Invoices created" />
            <p className="num text-sm text-muted">
              {results.length} of {clients.length} done
              {failed > 0 && `, ${failed} not created`}
              {done && failed === 0 && `. ${formatMoney(sumMoney(results.map((result) => result.total ?? '0')))} with tax, on their way to Xero.`}
            </p>
          </div>
        )}
        {create.isError && (
          <p role="alert" className="font-medium text-bad">
            {messageOf(create.error)}
          </p>
        )}
        <ul className="divide-y divide-line">
          {clients.map((client) => {
            const result = byClient.get(client.client_id)
            return (
              <li key={client.client_id} className="flex min-h-12 flex-wrap items-center gap-x-3 gap-y-0.5 py-2">
                {result && (result.id ? <Check aria-label="Created" className="size-4 text-good" /> : <X aria-label="Not created" className="size-4 text-bad" />)}
                <span className="min-w-0 flex-1 truncate">{client.client_name}</span>
                {result?.id ? (
                  <>
                    <Link to="/financials/invoices/$id" params={{ id: result.id }} className="font-mono text-accent hover:underline">
                      {result.invoice_number}
                    </Link>
                    <span className="num w-28 text-right font-semibold">{formatMoney(result.total)}</span>
                  </>
                ) : result ? (
                  <span className="w-full text-sm text-bad">{result.error}</span>
                ) : (
                  <span className="num text-muted">{formatMoney(client.total)}</span>
                )}
              </li>
            )
          })}
        </ul>
      </div>
    </Dialog>
  )
}
