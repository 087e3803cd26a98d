import { useQuery } from '@tanstack/react-query'
import { Check, ClipboardCopy, CircleHelp, X } from 'lucide-react'
import type { SyncedEntity, SyncLog } from '@/api/types'
import { formatInstant } from '@/format/calendar'
import { Button } from '@/ui/button'
import { Disclosure } from '@/ui/disclosure'
import { Badge, Empty, Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { syncLogsQuery } from './queries'

const succeeded = (log: SyncLog) => log.status_code !== null && log.status_code >= 200 && log.status_code < 300

/** Each call to Xero about one document, newest first, with what was sent and what came back. */
export function Attempts({ entity, id, limit }: { entity: SyncedEntity; id: string; limit?: number }) {
  const logs = useQuery(syncLogsQuery(entity, id))
  if (logs.isPending) return <Skeleton rows={2} />
  if (logs.isError) return <Failure error={logs.error} onRetry={() => void logs.refetch()} />
  if (logs.data.length === 0) return <Empty title="No call to Xero yet">As soon as one is made it stands here, with what was sent and what Xero said.</Empty>
  return (
    <ol className="flex flex-col gap-3">
      {logs.data.slice(0, limit).map((log) => (
        <li key={log.id}>
          <Attempt log={log} />
        </li>
      ))}
    </ol>
  )
}

function Attempt({ log }: { log: SyncLog }) {
  const good = succeeded(log)
  const unknown = log.status_code === null
  return (
    <article className="card overflow-hidden">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 pt-3">
        <Badge
          tone={good ? 'good' : unknown ? 'warn' : 'bad'}
          icon={good ? <Check aria-hidden className="size-3.5" /> : unknown ? <CircleHelp aria-hidden className="size-3.5" /> : <X aria-hidden className="size-3.5" />}
        >
          {unknown ? 'No answer' : log.status_code}
        </Badge>
        <h3 className="font-semibold">
          {operationWords(log.operation)} · try {log.attempt}
        </h3>
        <span className="num ml-auto text-sm text-muted">
          {formatInstant(log.created_at)}
          {log.duration_ms !== null && ` · ${log.duration_ms} ms`}
        </span>
      </header>
      <div className="flex flex-col gap-2 px-4 pt-1 pb-3">
        {log.method && (
          <p className="font-mono text-sm break-all text-muted">
            {log.method} {log.path}
          </p>
        )}
        {log.error_message && <p className={`font-medium ${good ? 'text-warn' : 'text-bad'}`}>{log.error_message}</p>}
        {unknown && !log.error_message && <p className="text-muted">The connection broke before Xero answered. Before anything is sent again, Xero is asked whether this call arrived.</p>}
        <div className="flex flex-col gap-2">
          <Payload title="Request" value={log.request_payload} />
          <Payload title="Response" value={log.response_payload} />
        </div>
        {(log.correlation_id ?? log.xero_correlation_id ?? log.idempotency_key) && (
          <dl className="grid grid-cols-[auto_1fr] gap-x-3 text-xs text-muted [&>dd]:font-mono [&>dd]:break-all">
            {log.correlation_id && (
              <>
                <dt>Request id</dt>
                <dd>{log.correlation_id}</dd>
              </>
            )}
            {log.xero_correlation_id && (
              <>
                <dt>Xero's correlation id</dt>
                <dd>{log.xero_correlation_id}</dd>
              </>
            )}
            {log.idempotency_key && (
              <>
                <dt>Idempotency key</dt>
                <dd>{log.idempotency_key}</dd>
              </>
            )}
          </dl>
        )}
      </div>
    </article>
  )
}

/** "create_invoice" as "Create invoice". */
function operationWords(operation: string): string {
  const words = operation.replaceAll(/[_.]/g, ' ').trim()
  return words === '' ? 'Call' : words.charAt(0).toUpperCase() + words.slice(1)
}

/** JSON as people read it; text that is not JSON as it is. */
export function prettyJSON(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value, null, 2)
  try {
    return JSON.stringify(JSON.parse(value), null, 2)
  } catch {
    return value
  }
}

function Payload({ title, value }: { title: string; value: unknown }) {
  if (value === null || value === undefined || value === '') return null
  return (
    <Disclosure title={title} className="rounded-lg border border-line">
      {() => <JSONText title={title} text={prettyJSON(value)} />}
    </Disclosure>
  )
}

function JSONText({ title, text }: { title: string; text: string }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      toast(`${title} copied.`)
    } catch {
      toast('This browser does not let the app copy. Select the text instead.', 'bad')
    }
  }
  return (
    <div className="relative">
      <pre tabIndex={0} aria-label={`${title} as JSON`} className="max-h-80 overflow-auto bg-raised p-3 pr-14 font-mono text-[0.8125rem] leading-relaxed break-words whitespace-pre-wrap">
        {text}
      </pre>
      <Button className="absolute top-2 right-2 px-3" aria-label={`Copy ${title.toLowerCase()}`} onClick={() => void copy()}>
        <ClipboardCopy aria-hidden className="size-4" />
      </Button>
    </div>
  )
}
