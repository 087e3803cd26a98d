import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { ArrowLeft, Info, Plus, Trash2, TriangleAlert } from 'lucide-react'
import { useMemo, useRef, useState } from 'react'
import { createInvoiceFromTimesheets, getTimesheets, previewInvoiceFromTimesheets } from '@/api/client'
import { ApiError, isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import type { InvoicePreview, InvoiceRequest, InvoiceRequestLine, Timesheet } from '@/api/types'
import { addDays, firstOfMonth, formatWeekday, today } from '@/format/calendar'
import { formatMoney, formatQuantity, parseTenThousandths } from '@/format/money'
import { ProjectPicker } from '@/projects/picker'
import { documentKeys } from '@/sync/queries'
import { markSubmitted } from '@/sync/submitted'
import { Button, IconButton, buttonClass } from '@/ui/button'
import { Disclosure } from '@/ui/disclosure'
import { Checkbox, Field, Input, Select } from '@/ui/field'
import { useSettled } from '@/ui/now'
import { QuantityInput } from '@/ui/money-input'
import { Page } from '@/ui/page'
import { Failure, Notice, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { GroupBySelect } from './group-by'
import { partFault } from './part'
import { unbilledOfQuery } from './queries'

interface Extra {
  id: string
  description: string
  quantity: string
  unit_price: string
}

/** Which work goes on the invoice: from the URL, so that a link to a preview shows that preview. */
function useChoice() {
  const search = useSearch({ from: '/unbilled/invoice' })
  const navigate = useNavigate({ from: '/unbilled/invoice' })
  const set = (change: Partial<typeof search>) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true })
  return { search, set }
}

/** What the invoice is to be, as far as the page knows it. */
interface Asked extends InvoiceRequest {
  /** What was typed over the description of a line, by the line's key. */
  descriptions: Record<string, string>
}

/** A preview, and the request that makes exactly what it shows. */
interface Previewed {
  body: InvoiceRequest
  seen: InvoicePreview
}

/**
 * Previews the invoice. Which lines there are depends on the work chosen, so it is asked first; a
 * text that was typed for a line that is no longer there waits until the line comes back.
 */
async function previewOf({ descriptions, lines = [], ...rest }: Asked, signal: AbortSignal): Promise<Previewed> {
  const preview = async (all: InvoiceRequestLine[]): Promise<Previewed> => {
    const body = { ...rest, lines: all.length > 0 ? all : undefined }
    return { body, seen: await previewInvoiceFromTimesheets(body, signal) }
  }
  const plain = await preview(lines)
  const described = plain.seen.line_items.flatMap(({ key }) => {
    const description = key ? descriptions[key]?.trim() : undefined
    return key && description ? [{ key, description }] : []
  })
  return described.length === 0 ? plain : preview([...described, ...lines])
}

/** The invoice that would be made of a client's unbilled work, and the button that makes it. */
export function CreateInvoicePage() {
  const { search, set } = useChoice()
  const navigate = useNavigate()
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const [parts, setParts] = useState<Record<string, string>>({})
  const [descriptions, setDescriptions] = useState<Record<string, string>>({})
  const [extras, setExtras] = useState<Extra[]>([])
  const [dueDate, setDueDate] = useState('')
  const [number, setNumber] = useState('')
  const [reference, setReference] = useState('')
  const idempotencyKey = useRef(newId())
  const unbilled = useQuery(unbilledOfQuery(search.client))
  const clientName = unbilled.data?.clients[0]?.client_name

  const range = useMemo(() => {
    if (search.period === 'week') return { date_from: addDays(today(), -6), date_to: today() }
    if (search.period === 'month') return { date_from: firstOfMonth(today()), date_to: today() }
    if (search.period === 'dates') return { date_from: search.from, date_to: search.to }
    return {}
  }, [search.period, search.from, search.to])

  const entries = useQuery({
    queryKey: ['timesheets', 'unbilled', search.client, search.project, range],
    queryFn: ({ signal }) =>
      getTimesheets({ client_id: search.client, project_id: search.project, billing_status: 'unbilled', ...range }, signal),
  })
  const ticked = entries.data?.filter((entry) => !left.has(entry.id)) ?? []

  // Hours that were typed for an entry; what is not billed of it stays unbilled.
  const partOf = (entry: Timesheet) => {
    const part = parts[entry.id]
    return part !== undefined && parseTenThousandths(part) !== parseTenThousandths(entry.hours) ? part : undefined
  }
  const partial = ticked.some((entry) => partOf(entry) !== undefined)
  const wrongPart = ticked.some((entry) => partFault(partOf(entry), entry) !== undefined)
  const complete = extras.filter(
    (extra) => extra.description.trim() !== '' && parseTenThousandths(extra.quantity) !== null && parseTenThousandths(extra.unit_price) !== null,
  )
  const asked: Asked = {
    client_id: search.client,
    project_id: search.project,
    ...range,
    group_by: search.group ?? 'activity',
    timesheet_ids: left.size > 0 && !partial ? ticked.map((entry) => entry.id) : undefined,
    timesheets: partial ? ticked.map((entry) => ({ id: entry.id, hours: partOf(entry) })) : undefined,
    due_date: dueDate || undefined,
    invoice_number: number.trim() || undefined,
    reference: reference.trim() || undefined,
    lines: complete.map(({ description, quantity, unit_price }) => ({ description: description.trim(), quantity, unit_price })),
    descriptions,
  }
  // Each keystroke is not worth a request; the total follows when typing rests.
  const asText = JSON.stringify(asked)
  const settled = useSettled(asText, 350)
  const nothingTicked = entries.isSuccess && ticked.length === 0
  const preview = useQuery({
    queryKey: ['invoice-preview', settled],
    queryFn: ({ signal }) => previewOf(JSON.parse(settled) as Asked, signal),
    placeholderData: keepPreviousData,
    enabled: !nothingTicked && !wrongPart && (left.size === 0 || entries.isSuccess),
    staleTime: 0,
    retry: false,
  })
  const seen = preview.data?.seen
  const current = preview.isSuccess && !preview.isPlaceholderData && settled === asText

  const create = useMutation({
    mutationFn: ({ body, seen }: Previewed) => createInvoiceFromTimesheets({ ...body, preview_hash: seen.preview_hash }, idempotencyKey.current),
    onSuccess: (invoice) => {
      markSubmitted({ kind: 'invoice', id: invoice.id, number: invoice.invoice_number, party: invoice.client_name, amount: invoice.total })
      toast(
        `${invoice.invoice_number} created. Syncing to Xero…`,
        'good',
        <Link to="/financials/invoices/$id" params={{ id: invoice.id }} className="shrink-0 px-2 font-medium text-accent underline underline-offset-4">
          View
        </Link>,
      )
      for (const queryKey of [['unbilled'], ['timesheets'], documentKeys.invoice]) void queryClient.invalidateQueries({ queryKey })
      void navigate({ to: '/unbilled' })
    },
    onError: (error) => {
      if (isPassing(error) || !(error instanceof ApiError)) return
      // A refused request made nothing; the next one is another.
      idempotencyKey.current = newId()
      if (error.status === 409) {
        void preview.refetch()
        void entries.refetch()
      }
    },
  })
  const fields = create.error instanceof ApiError ? create.error.fields : preview.error instanceof ApiError ? preview.error.fields : {}

  return (
    <Page
      title={clientName ? `Invoice for ${clientName}` : 'New invoice'}
      back={
        <Link to="/unbilled" className="mb-1 inline-flex min-h-11 items-center gap-1.5 text-sm font-medium text-muted hover:text-ink">
          <ArrowLeft aria-hidden className="size-4" />
          Unbilled work
        </Link>
      }
    >
      {create.isError && (
        <Notice
          tone="bad"
          icon={<TriangleAlert aria-hidden />}
          title={create.error instanceof ApiError && create.error.status === 409 ? 'The work has changed since you looked' : 'The invoice was not created'}
        >
          {messageOf(create.error)}
          {create.error instanceof ApiError && create.error.status === 409 && ' What you see below is new: look once more, then create it.'}
        </Notice>
      )}
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="flex min-w-0 flex-col gap-5">
          <section aria-label="Work" className="card grid gap-4 p-4 sm:grid-cols-2">
            <Field label="Work">
              <Select value={search.period ?? ''} onChange={(event) => set({ period: (event.target.value || undefined) as typeof search.period })}>
                <option value="">All that is unbilled</option>
                <option value="week">Last 7 days</option>
                <option value="month">This month</option>
                <option value="dates">From – to</option>
              </Select>
            </Field>
            <Field label="One line for each">
              <GroupBySelect value={search.group ?? 'activity'} onChange={(group) => set({ group })} />
            </Field>
            {search.period === 'dates' && (
              <>
                <Field label="From" error={fields.date_from}>
                  <Input type="date" value={search.from ?? ''} max={search.to} onChange={(event) => set({ from: event.target.value || undefined })} />
                </Field>
                <Field label="To" error={fields.date_to}>
                  <Input type="date" value={search.to ?? ''} min={search.from} onChange={(event) => set({ to: event.target.value || undefined })} />
                </Field>
              </>
            )}
            <div className="flex items-end gap-2 sm:col-span-2">
              <Field label="Project" className="min-w-0 flex-1">
                <ProjectPicker placeholder="All projects" clientId={search.client} value={search.project ?? null} onChange={(project) => set({ project })} />
              </Field>
              {search.project && <Button onClick={() => set({ project: undefined })}>All projects</Button>}
            </div>
          </section>

          <section aria-labelledby="lines" className="card overflow-hidden" aria-busy={preview.isFetching}>
            <h2 id="lines" className="px-4 pt-4 text-lg font-semibold">
              Lines
            </h2>
            {nothingTicked ? (
              <p className="p-4 text-muted">No entry is ticked. Tick the work that goes on this invoice.</p>
            ) : preview.isPending ? (
              <div className="p-4">
                <Skeleton rows={3} />
              </div>
            ) : preview.isError ? (
              <div className="p-4">
                <Failure error={preview.error} onRetry={() => void preview.refetch()} />
              </div>
            ) : (
              <ul className={`divide-y divide-line ${current ? '' : 'opacity-70'}`}>
                {preview.data.seen.line_items
                  .filter((line) => line.timesheet_ids && line.timesheet_ids.length > 0)
                  .map((line, i) => {
                    const key = line.key ?? String(i)
                    return (
                      <li key={key} className="grid items-center gap-x-4 gap-y-1 px-4 py-3 sm:grid-cols-[minmax(0,1fr)_8.5rem_6.5rem]">
                        <Field label={`Description of line ${i + 1}`} labelHidden>
                          <Input
                            value={descriptions[key] ?? line.description}
                            onChange={(event) => setDescriptions({ ...descriptions, [key]: event.target.value })}
                          />
                        </Field>
                        <p className="num text-sm text-muted sm:text-right">
                          {formatQuantity(line.quantity)} h × {formatMoney(line.unit_price)}
                        </p>
                        <p className="num text-right font-semibold">{formatMoney(line.amount)}</p>
                      </li>
                    )
                  })}
              </ul>
            )}
            <ul className="divide-y divide-line border-t border-line">
              {extras.map((extra, i) => (
                <ExtraLine
                  key={extra.id}
                  extra={extra}
                  number={i + 1}
                  onChange={(changed) => setExtras(extras.map((other) => (other.id === extra.id ? changed : other)))}
                  onRemove={() => setExtras(extras.filter((other) => other.id !== extra.id))}
                />
              ))}
            </ul>
            <div className="border-t border-line px-2 py-1">
              <Button
                variant="ghost"
                icon={<Plus aria-hidden className="size-4" />}
                onClick={() => setExtras([...extras, { id: newId(), description: '', quantity: '1', unit_price: '' }])}
              >
                Add material or other line
              </Button>
            </div>
          </section>

          <Entries
            entries={entries.data}
            left={left}
            parts={parts}
            onPart={(id, hours) => setParts({ ...parts, [id]: hours })}
            onToggle={(id, on) => {
              const next = new Set(left)
              if (on) next.delete(id)
              else next.add(id)
              setLeft(next)
            }}
          />
          {entries.isError && <Failure error={entries.error} onRetry={() => void entries.refetch()} />}
        </div>

        <section aria-label="Invoice" className="card flex flex-col gap-4 p-5 lg:sticky lg:top-6">
          <Field label="Number" error={fields.invoice_number}>
            <Input value={number} placeholder={seen?.invoice_number ?? ''} className="font-mono" maxLength={255} onChange={(event) => setNumber(event.target.value)} />
          </Field>
          <Field label="Due date" error={fields.due_date}>
            <Input type="date" value={dueDate || (seen?.due_date ?? '')} onChange={(event) => setDueDate(event.target.value)} />
          </Field>
          <Field label="Reference" hint="The client's purchase order, for example." error={fields.reference}>
            <Input value={reference} placeholder={seen?.reference ?? ''} maxLength={255} onChange={(event) => setReference(event.target.value)} />
          </Field>
          {seen && (
            <dl className={`num grid grid-cols-[1fr_auto] gap-y-1 border-t border-line pt-4 ${current ? '' : 'opacity-60'}`} aria-live="polite">
              <dt className="text-muted">
                {seen.timesheets_count} {seen.timesheets_count === 1 ? 'entry' : 'entries'}, before tax
              </dt>
              <dd className="text-right">{formatMoney(seen.subtotal, seen.currency)}</dd>
              <dt className="text-muted">Tax</dt>
              <dd className="text-right">{formatMoney(seen.total_tax, seen.currency)}</dd>
              <dt className="pt-1 font-semibold">Total</dt>
              <dd className="pt-1 text-right text-2xl font-semibold">{formatMoney(seen.total, seen.currency)}</dd>
            </dl>
          )}
          {seen?.warnings?.map((warning) => (
            <p key={warning} className="flex gap-2 text-sm text-warn">
              <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
              {warning}
            </p>
          ))}
          {extras.length > complete.length && (
            <p className="flex gap-2 text-sm text-warn">
              <Info aria-hidden className="mt-0.5 size-4 shrink-0" />A line needs a description, a quantity and a price before it counts.
            </p>
          )}
          <Button
            variant="primary"
            busy={create.isPending}
            disabled={!current || nothingTicked || wrongPart || extras.length > complete.length}
            onClick={() => current && create.mutate(preview.data)}
          >
            Create invoice
          </Button>
          <p className="text-sm text-muted">
            It is created here at once and sent to Xero as {seen?.document_status === 'AUTHORISED' ? 'an authorised invoice' : 'a draft'}.
          </p>
          <Link to="/unbilled" className={buttonClass('ghost')}>
            Cancel
          </Link>
        </section>
      </div>
    </Page>
  )
}

interface ExtraLineProps {
  extra: Extra
  number: number
  onChange: (extra: Extra) => void
  onRemove: () => void
}

function ExtraLine({ extra, number, onChange, onRemove }: ExtraLineProps) {
  const fault = (text: string) => (text.trim() !== '' && parseTenThousandths(text) === null ? 'Not a number' : undefined)
  return (
    <li className="grid grid-cols-[1fr_1fr_auto] items-start gap-3 px-4 py-3 sm:grid-cols-[minmax(0,1fr)_6rem_8rem_auto]">
      <Field label={`Description of extra line ${number}`} labelHidden className="col-span-3 sm:col-span-1">
        <Input autoFocus placeholder="What it is" value={extra.description} onChange={(event) => onChange({ ...extra, description: event.target.value })} />
      </Field>
      <Field label={`Quantity of extra line ${number}`} labelHidden error={fault(extra.quantity)}>
        <Input inputMode="decimal" placeholder="Quantity" className="num text-right" value={extra.quantity} onChange={(event) => onChange({ ...extra, quantity: event.target.value })} />
      </Field>
      <Field label={`Unit price of extra line ${number}`} labelHidden error={fault(extra.unit_price)}>
        <Input inputMode="decimal" placeholder="Price each" className="num text-right" value={extra.unit_price} onChange={(event) => onChange({ ...extra, unit_price: event.target.value })} />
      </Field>
      <IconButton label={`Remove extra line ${number}`} onClick={onRemove}>
        <Trash2 aria-hidden className="size-4" />
      </IconButton>
    </li>
  )
}

interface EntriesProps {
  entries: Timesheet[] | undefined
  left: ReadonlySet<string>
  parts: Readonly<Record<string, string>>
  onToggle: (id: string, on: boolean) => void
  onPart: (id: string, hours: string) => void
}

function Entries({ entries, left, parts, onToggle, onPart }: EntriesProps) {
  if (!entries || entries.length === 0) return null
  return (
    <Disclosure title={`Entries on this invoice: ${entries.length - left.size} of ${entries.length}`}>
      {() => (
        <>
          <p className="px-4 pt-3 text-sm text-muted">Fewer hours than an entry has bill a part of it; the rest stays unbilled.</p>
          <ul className="divide-y divide-line">
            {entries.map((entry) => (
              <li key={entry.id} className="flex items-center gap-3 px-4 py-1">
                <Checkbox checked={!left.has(entry.id)} onChange={(event) => onToggle(entry.id, event.target.checked)} className="min-w-0 flex-1">
                  <span className="min-w-0 py-1">
                    <span className="block truncate">
                      <span className="num">{formatWeekday(entry.date)}</span> · {entry.user_name} · {entry.activity_type_name}
                    </span>
                    <span className="block truncate text-sm text-muted">
                      {entry.project_code} {entry.project_name}
                      {entry.notes && ` · ${entry.notes}`}
                    </span>
                  </span>
                </Checkbox>
                <Field
                  label={`Hours of ${entry.user_name} on ${formatWeekday(entry.date)}, ${entry.activity_type_name}`}
                  labelHidden
                  className="w-20 shrink-0"
                  error={left.has(entry.id) ? undefined : partFault(parts[entry.id], entry)}
                  hint={`of ${formatQuantity(entry.hours)} h`}
                >
                  <QuantityInput disabled={left.has(entry.id)} value={parts[entry.id] ?? formatQuantity(entry.hours)} onChange={(hours) => onPart(entry.id, hours)} />
                </Field>
                <span className="num w-24 text-right font-medium max-sm:hidden">{formatMoney(entry.amount)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Disclosure>
  )
}
