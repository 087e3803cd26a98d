import { useMutation, useQuery } from '@tanstack/react-query'
import { Check, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { ApiError, messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import type { QueuedKind, QueueFilter, Retried, RetryGroup, RetryPlan } from '@/api/queue'
import { getRetryPlan, retryPlanned } from '@/api/queue'
import { documentKeys, queueKey } from '@/sync/queries'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Progress } from '@/ui/progress'
import { Failure, Skeleton } from '@/ui/states'

const words: Record<QueuedKind, [string, string]> = {
  invoice: ['invoice', 'invoices'],
  purchase_order: ['purchase order', 'purchase orders'],
  client: ['client', 'clients'],
}

/** More than this nobody reads; what was refused stands first. */
const shown = 200

const documents = (n: number) => `${n.toLocaleString('en-NZ')} ${n === 1 ? 'document' : 'documents'}`

/**
 * Sends everything again that the filter chooses: first the plan, then exactly that, with one
 * result for each.
 */
export function RetryDialog({ filter, onClose }: { filter: QueueFilter; onClose: () => void }) {
  const plan = useQuery({
    // Not below the queue's key: what the person looks at must not change under their eyes.
    queryKey: ['retry-plan', filter],
    queryFn: ({ signal }) => getRetryPlan(filter, signal),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  const [results, setResults] = useState<Retried[]>([])
  const stop = useRef<AbortController | null>(null)
  // Leaving the page ends it: nobody would see what becomes of the rest.
  useEffect(() => () => stop.current?.abort(), [])
  const [stopped, setStopped] = useState(false)
  const retry = useMutation({
    mutationFn: async ({ hash }: RetryPlan) => {
      const controller = new AbortController()
      stop.current = controller
      try {
        await retryPlanned(filter, hash, (result) => setResults((before) => [...before, result]), controller.signal)
      } catch (error) {
        if (!controller.signal.aborted) throw error
        setStopped(true)
      }
    },
    onSettled: () => Promise.all([queueKey, ...Object.values(documentKeys)].map((queryKey) => queryClient.invalidateQueries({ queryKey }))),
  })
  const outdated = retry.error instanceof ApiError && retry.error.status === 409
  const lookAgain = () => {
    retry.reset()
    void plan.refetch()
  }
  const refused = results.filter((result) => !result.retried)
  const total = plan.data?.count ?? 0
  const begun = retry.isPending || retry.isSuccess || results.length > 0

  return (
    <Dialog
      title={begun ? 'Sending again' : 'Retry all that match'}
      wide
      onClose={retry.isPending ? () => undefined : onClose}
      footer={
        retry.isPending ? (
          <Button onClick={() => stop.current?.abort()}>Stop</Button>
        ) : begun ? (
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            {outdated ? (
              <Button variant="primary" onClick={lookAgain}>
                Look again
              </Button>
            ) : (
              <Button variant="primary" busy={plan.isFetching} disabled={!plan.data || total === 0} onClick={() => plan.data && retry.mutate(plan.data)}>
                {total > 0 ? `Send ${documents(total)} again` : 'Send again'}
              </Button>
            )}
          </>
        )
      }
    >
      <div className="flex flex-col gap-5">
        {begun ? (
          <>
            {retry.isPending && <Progress label={`${results.length} of ${documents(total)}`} value={total === 0 ? 0 : results.length / total} />}
            {!retry.isPending && (
              <p role="status" className="num font-medium">
                {documents(results.length - refused.length)} on the way again
                {refused.length > 0 && `, ${refused.length} could not be`}
                {stopped && `. Stopped before the other ${(total - results.length).toLocaleString('en-NZ')}`}.
              </p>
            )}
            <Results results={[...refused, ...results.filter((result) => result.retried)]} />
          </>
        ) : plan.isPending ? (
          <Skeleton rows={3} />
        ) : plan.isError ? (
          <Failure error={plan.error} onRetry={() => void plan.refetch()} />
        ) : (
          <Plan plan={plan.data} />
        )}
        {retry.isError && (
          <p role="alert" className="font-medium text-bad">
            {messageOf(retry.error)}
          </p>
        )}
      </div>
    </Dialog>
  )
}

function Plan({ plan }: { plan: RetryPlan }) {
  return (
    <>
      <section aria-labelledby="plan-retried" className="flex flex-col gap-2">
        <h3 id="plan-retried" className="font-semibold">
          {plan.count === 0 ? 'Nothing that matches can be sent again now' : `${documents(plan.count)} will be sent again`}
        </h3>
        <Groups groups={plan.retried} none="No reason was given" />
      </section>
      {plan.stuck.length > 0 && (
        <section aria-labelledby="plan-stuck" className="flex flex-col gap-2">
          <h3 id="plan-stuck" className="font-semibold">
            {documents(plan.stuck.reduce((sum, group) => sum + group.count, 0))} will be left as they are
          </h3>
          <Groups groups={plan.stuck} none="" />
        </section>
      )}
      {plan.left_off > 0 && <p className="num text-muted">{documents(plan.left_off)} more match. Do this again for them afterwards.</p>}
      {plan.count > 0 && <p className="text-sm text-muted">Each is tried by itself. What was refused for a reason that still holds is refused again.</p>}
    </>
  )
}

function Groups({ groups, none }: { groups: RetryGroup[]; none: string }) {
  if (groups.length === 0) return null
  return (
    <ul className="divide-y divide-line rounded-card border border-line">
      {groups.map((group) => (
        <li key={`${group.entity_type} ${group.words}`} className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5 px-4 py-2.5">
          <span className="num w-44 shrink-0 font-medium">
            {group.count.toLocaleString('en-NZ')} {words[group.entity_type][group.count === 1 ? 0 : 1]}
          </span>
          <span className="min-w-0 flex-1 basis-56 break-words text-muted">{group.words || none}</span>
        </li>
      ))}
    </ul>
  )
}

function Results({ results }: { results: Retried[] }) {
  return (
    <>
      <ul className="divide-y divide-line" aria-label="Results">
        {results.slice(0, shown).map((result) => (
          <li key={result.entity_id} className="flex flex-wrap items-center gap-x-3 gap-y-0.5 py-2">
            {result.retried ? <Check aria-label="Sent again" className="size-4 text-good" /> : <X aria-label="Not sent again" className="size-4 text-bad" />}
            <span className="font-medium">{result.number}</span>
            {result.error && <span className="w-full text-sm text-bad sm:w-auto sm:flex-1">{result.error}</span>}
          </li>
        ))}
      </ul>
      {results.length > shown && <p className="num text-sm text-muted">and {(results.length - shown).toLocaleString('en-NZ')} more on the way again</p>}
    </>
  )
}
