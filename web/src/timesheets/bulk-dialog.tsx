import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import type { Timesheet } from '@/api/types'
import type { EntryAction } from '@/api/work'
import { changeEntries } from '@/api/work'
import { formatMoney, sumHours, sumMoney } from '@/format/money'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Textarea } from '@/ui/field'
import { toast } from '@/ui/toast'
import { actionWords, pieces, planOf } from './bulk'

/** How many entries go in one request, so that the bar moves and a stop is near. */
const pieceSize = 50

/** Says what will be done to which entries and what is left out, does it, and shows how far it is. */
export function BulkDialog({ action, entries, onDone, onClose }: { action: EntryAction; entries: Timesheet[]; onDone?: () => void; onClose: () => void }) {
  const money = may(useUser(), 'can_view_financials')
  const [plan] = useState(() => planOf(action, entries))
  const [reason, setReason] = useState('')
  const [strict, setStrict] = useState(false)
  const [done, setDone] = useState(0)
  const stop = useRef<AbortController | null>(null)
  const words = actionWords[action]
  const asks = action === 'hold' || action === 'unapprove'
  const run = useMutation({
    mutationFn: async () => {
      stop.current = new AbortController()
      const { signal } = stop.current
      for (const piece of pieces(plan.entries.slice(done), pieceSize)) {
        if (signal.aborted) return false
        await changeEntries(action, piece, reason.trim() || undefined)
        setDone((before) => before + piece.length)
      }
      return true
    },
    onSuccess: (whole) => {
      if (!whole) return
      toast(`${total} ${total === 1 ? 'entry' : 'entries'} ${words.done}.`)
      onDone?.()
      onClose()
    },
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: ['timesheets'] })
      void queryClient.invalidateQueries({ queryKey: ['unbilled'] })
    },
  })
  const missing = action === 'hold' && reason.trim() === ''
  const total = plan.entries.length
  return (
    <Dialog
      title={words.title}
      onClose={onClose}
      footer={
        run.isPending ? (
          <Button
            onClick={() => {
              stop.current?.abort()
            }}
          >
            Stop
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>{done > 0 ? 'Close' : 'Cancel'}</Button>
            <Button
              variant="primary"
              disabled={total === 0 || done === total}
              onClick={() => {
                setStrict(true)
                if (!missing) run.mutate()
              }}
            >
              {done > 0 ? 'Go on' : `${words.verb}${total > 1 ? ` ${total} entries` : ''}`}
            </Button>
          </>
        )
      }
    >
      <div className="flex flex-col gap-4">
        {total === 0 ? (
          <p>Nothing of this can be {words.done}.</p>
        ) : (
          <p className="num">
            <strong>
              {total} {total === 1 ? 'entry' : 'entries'}
            </strong>
            , {sumHours(plan.hours)} hours{money && `, ${formatMoney(sumMoney(plan.amounts))}`} will be {words.done}.
          </p>
        )}
        {plan.left.length > 0 && (
          <ul className="list-inside list-disc text-muted" aria-label="Left out">
            {plan.left.map(({ why, count }) => (
              <li key={why}>
                {count} {count === 1 ? 'is' : 'are'} left out: {why}
              </li>
            ))}
          </ul>
        )}
        {asks && total > 0 && (
          <Field
            label={action === 'hold' ? 'Why are they not to be invoiced for now?' : 'What is to be changed?'}
            hint={action === 'hold' ? 'It is shown wherever somebody asks why the work is unbilled.' : 'It is kept in the history of the entries.'}
            error={strict && missing ? 'Say why the work is not to be invoiced for now' : undefined}
          >
            <Textarea data-autofocus value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
          </Field>
        )}
        {(run.isPending || (done > 0 && done < total)) && (
          <div>
            <progress className="h-2 w-full accent-(--accent-fill)" max={total} value={done} aria-label="Progress" />
            <p className="num text-sm text-muted" role="status">
              {done} of {total}
              {!run.isPending && ', stopped'}
            </p>
          </div>
        )}
        {run.isError && (
          <p role="alert" className="font-medium text-bad">
            {messageOf(run.error)}
          </p>
        )}
      </div>
    </Dialog>
  )
}
