import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { CircleCheck, CircleHelp, Copy, Download, ExternalLink, FileX, Inbox, RotateCcw, Trash2, TriangleAlert, Wallet } from 'lucide-react'
import { Controller } from 'react-hook-form'
import { z } from 'zod'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import { deleteRecord, restoreDeletion, restoreRecord } from '@/api/records'
import type { Found, Paper, ScanDetail } from '@/api/scans'
import { retryScan, scanPath, updateScan } from '@/api/scans'
import { may, useUser } from '@/api/session'
import type { Versioned } from '@/api/versions'
import { ClientPicker } from '@/clients/picker'
import { formatMinute } from '@/format/calendar'
import { centsToText, formatMoney, formatQuantity, parseCents } from '@/format/money'
import { ProjectPicker } from '@/projects/picker'
import { History } from '@/records/history'
import { BackLink, RecordState, Section } from '@/records/record-page'
import { toastUndo } from '@/records/undo'
import { pollMs, useStreamUp } from '@/sync/live'
import { Button, buttonClass } from '@/ui/button'
import { DateInput } from '@/ui/date-input'
import { Disclosure } from '@/ui/disclosure'
import { Field, Input, Select } from '@/ui/field'
import { showFaults, useZodForm } from '@/ui/form'
import { Menu } from '@/ui/menu'
import { MoneyInput } from '@/ui/money-input'
import { Page } from '@/ui/page'
import { Progress } from '@/ui/progress'
import { Badge, Notice } from '@/ui/states'
import { toast } from '@/ui/toast'
import { Matches } from './matches'
import { isUnderWay, scanQuery } from './queries'
import { paperWords, statusWords, sureness } from './words'

const list = { to: '/document-scan', label: 'Receipts' } as const

/** One document beside what was read in it. */
export function ReceiptPage() {
  const { id } = useParams({ from: '/document-scan/$id' })
  const streamUp = useStreamUp()
  const scan = useQuery({ ...scanQuery(id), refetchInterval: ({ state }) => (state.data && isUnderWay(state.data.row) ? pollMs(streamUp) : false) })
  return scan.data ? <View key={id} versioned={scan.data} /> : <RecordState title="Receipt" back={list} error={scan.error} onRetry={() => void scan.refetch()} />
}

const refresh = () => queryClient.invalidateQueries({ queryKey: ['scans'] })

function View({ versioned }: { versioned: Versioned<ScanDetail> }) {
  const scan = versioned.row
  const user = useUser()
  const navigate = useNavigate()
  const underWay = isUnderWay(scan)
  const title = scan.supplier_name ?? (scan.fields.vendor_name || scan.file_name)
  const retry = useMutation({
    mutationFn: () => retryScan(scan.id),
    onSuccess: () => toast('It will be read again.'),
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: refresh,
  })
  const remove = useMutation({
    mutationFn: () => deleteRecord(scanPath(scan.id)),
    onSuccess: ({ deletion_id }) => {
      toastUndo(`${title} is in the bin.`, () => (deletion_id ? restoreDeletion(deletion_id) : restoreRecord(scanPath(scan.id))))
      void navigate({ to: '/document-scan' })
    },
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: refresh,
  })
  const { label, tone } = statusWords[scan.status]
  return (
    <Page
      title={title}
      back={<BackLink to={list.to}>{list.label}</BackLink>}
      lead={
        <>
          {[scan.user_name, formatMinute(scan.created_at)].filter(Boolean).join(', ')}
          <div className="mt-2 flex flex-wrap items-center gap-2">
            <Badge tone={tone}>{label}</Badge>
            {scan.project_code && <Badge>{`${scan.project_code} ${scan.project_name ?? ''}`}</Badge>}
          </div>
        </>
      }
      actions={
        <Menu
          label={`More actions for ${title}`}
          items={[
            { label: 'Read again', icon: <RotateCcw aria-hidden />, onSelect: () => retry.mutate() },
            { label: 'Download', icon: <Download aria-hidden />, href: `${scan.file_path}?original` },
            { label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => remove.mutate() },
          ]}
        />
      }
    >
      <Filed scan={scan} />
      <Twins scan={scan} />
      {underWay && <Progress label="The text is being read. You can leave this page meanwhile." />}
      {scan.status === 'failed' && (
        <Notice
          tone="warn"
          icon={<TriangleAlert aria-hidden />}
          title="The text was not read"
          action={
            <Button busy={retry.isPending} icon={<RotateCcw aria-hidden className="size-4" />} onClick={() => retry.mutate()}>
              Try again
            </Button>
          }
        >
          {scan.error_message}
        </Notice>
      )}
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Paperwork scan={scan} />
        <div className="flex flex-col gap-5">
          {/* What the server has read anew is shown, unless somebody is typing over it. */}
          <Fields key={scan.checked ? 'checked' : scan.updated_at} versioned={versioned} />
          {may(user, 'can_view_financials') && <Matches scan={scan} />}
        </div>
      </div>
      <ReadText scan={scan} />
      <History entityType="document_scan" id={scan.id} />
    </Page>
  )
}

/** What has become of it already. */
function Filed({ scan }: { scan: ScanDetail }) {
  if (!scan.filed_kind || !scan.filed_id) return null
  const bill = scan.filed_kind === 'bill'
  return (
    <Notice
      tone="good"
      icon={<CircleCheck aria-hidden />}
      title={bill ? `This is bill ${scan.filed_number ?? ''}` : `This is the expense ${scan.filed_number ?? ''}`}
      action={
        bill ? (
          <Link to="/financials/bills/$id" params={{ id: scan.filed_id }} className={buttonClass()}>
            Open the bill
          </Link>
        ) : (
          <Link to="/expenses" search={{ files: scan.filed_id }} className={buttonClass()}>
            Open the expense
          </Link>
        )
      }
    />
  )
}

/** What may be the same paper, so that nothing is paid twice. */
function Twins({ scan }: { scan: ScanDetail }) {
  if (scan.duplicates.length === 0) return null
  return (
    <Notice tone="warn" icon={<Copy aria-hidden />} title="This may have been uploaded before">
      <ul>
        {scan.duplicates.map((twin) => (
          <li key={twin.id}>
            <Link to="/document-scan/$id" params={{ id: twin.id }} className="font-medium underline underline-offset-4">
              {twin.file_name}
            </Link>
            {`, ${formatMinute(twin.created_at)}${twin.user_name ? ` by ${twin.user_name}` : ''}: `}
            {twin.reason === 'same_file' ? 'the same file' : 'the same supplier, number and total'}
            {twin.filed_kind && (twin.filed_kind === 'bill' ? `, which became bill ${twin.filed_number}` : ', which became an expense')}
          </li>
        ))}
      </ul>
    </Notice>
  )
}

/** The document itself. */
function Paperwork({ scan }: { scan: ScanDetail }) {
  const pdf = scan.mime_type === 'application/pdf'
  // Browsers show no TIFF; phones show a PDF on a page of its own only.
  const shown = scan.mime_type === 'image/tiff' ? scan.preview_url : scan.file_path
  return (
    <section aria-label="Document" className="card flex flex-col gap-3 p-3 lg:sticky lg:top-4">
      {scan.missing ? (
        <p className="flex items-center gap-2 text-bad">
          <FileX aria-hidden className="size-5" />
          The file was not found where it is kept. An administrator can bring it back from a backup.
        </p>
      ) : pdf && navigator.pdfViewerEnabled ? (
        <iframe src={scan.file_path} title={scan.file_name} className="h-[60dvh] w-full rounded-lg border border-line bg-board" />
      ) : pdf || shown === '' ? (
        <p className="text-muted">{scan.file_name}</p>
      ) : (
        <a href={scan.file_path} target="_blank" rel="noreferrer" className="grid place-items-center rounded-lg bg-raised">
          <img src={shown} alt={`${scan.file_name}, as it was uploaded`} className="max-h-[70dvh] max-w-full rounded-lg object-contain" />
        </a>
      )}
      <a href={scan.file_path} target="_blank" rel="noreferrer" className={buttonClass('secondary', 'self-start')}>
        <ExternalLink aria-hidden className="size-4" />
        Open {pdf ? 'the PDF' : 'it large'}
      </a>
    </section>
  )
}

const money = (text: string) => text === '' || parseCents(text) !== null
const schema = z.object({
  document_type: z.string(),
  supplier_id: z.string().nullable(),
  vendor_name: z.string().trim(),
  document_number: z.string().trim(),
  date: z.string(),
  due_date: z.string(),
  total_amount: z.string().refine(money, 'Not an amount'),
  tax_amount: z.string().refine(money, 'Not an amount'),
  po_number: z.string().trim(),
  project_id: z.string().nullable(),
})

const cents = (text: string) => (text === '' ? null : centsToText(parseCents(text) ?? 0))

/** What it says, to be looked over and put right, and what can be made of it. */
function Fields({ versioned }: { versioned: Versioned<ScanDetail> }) {
  const { row: scan, etag } = versioned
  const user = useUser()
  const navigate = useNavigate()
  const { fields, reading } = scan
  const form = useZodForm(schema, {
    document_type: fields.document_type,
    supplier_id: fields.supplier_id,
    vendor_name: fields.vendor_name,
    document_number: fields.document_number,
    date: fields.date ?? '',
    due_date: fields.due_date ?? '',
    total_amount: fields.total_amount ?? '',
    tax_amount: fields.tax_amount ?? '',
    po_number: fields.po_number,
    project_id: scan.project_id,
  })
  const { errors, isDirty } = form.formState
  const save = useMutation({
    mutationFn: (values: z.infer<typeof schema>) =>
      updateScan(
        scan.id,
        {
          ...values,
          document_type: values.document_type as Paper,
          date: values.date || null,
          due_date: values.due_date || null,
          total_amount: cents(values.total_amount),
          tax_amount: cents(values.tax_amount),
        },
        etag,
      ),
    onSuccess: (_, values) => {
      form.reset(values)
      toast('Saved.')
    },
    onError: (error) => showFaults(form, error.message, 'fields' in error ? (error.fields as Record<string, string>) : {}),
    onSettled: refresh,
  })
  const then = (go: () => void) =>
    form.handleSubmit(async (values) => {
      if (isDirty) {
        try {
          await save.mutateAsync(values)
        } catch {
          return // the form says why
        }
      }
      go()
    })
  const mayBill = may(user, 'can_create_invoices')
  const mayExpense = mayBill || may(user, 'can_create_timesheets')
  const mayChange = may(user, 'can_edit_projects') || mayExpense
  const total = parseCents(form.watch('total_amount'))
  const rootFault = errors.root?.message
  const seen = (found: Found) => (scan.checked || form.formState.isDirty ? undefined : <Confidence found={found} />)
  return (
    <Section title="What it says">
      <form
        noValidate
        className="card grid gap-4 p-4 sm:grid-cols-2"
        onSubmit={(event) => void form.handleSubmit((values) => save.mutate(values))(event)}
      >
        {rootFault && (
          <p role="alert" className="rounded-card bg-bad-soft px-4 py-3 font-medium text-bad sm:col-span-2">
            {rootFault}
          </p>
        )}
        {scan.checked && (
          <p className="flex items-center gap-2 text-sm text-good sm:col-span-2">
            <CircleCheck aria-hidden className="size-4" />
            Looked over by a person.
          </p>
        )}
        <Field label="Supplier" className="sm:col-span-2" error={errors.supplier_id?.message} hint={seen(reading.supplier)}>
          <Controller control={form.control} name="supplier_id" render={({ field }) => <ClientPicker kind="supplier" value={field.value} onChange={field.onChange} />} />
        </Field>
        <Field label="Name on the document" error={errors.vendor_name?.message} hint={seen(reading.vendor_name)}>
          <Input maxLength={255} {...form.register('vendor_name')} />
        </Field>
        <Field label="Kind" error={errors.document_type?.message} hint={seen(reading.document_type)}>
          <Select {...form.register('document_type')}>
            {Object.entries(paperWords).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Number" error={errors.document_number?.message} hint={seen(reading.document_number)}>
          <Input className="font-mono" maxLength={255} {...form.register('document_number')} />
        </Field>
        <Field label="Our order" error={errors.po_number?.message} hint={seen(reading.po_number)}>
          <Input className="font-mono" maxLength={255} {...form.register('po_number')} />
        </Field>
        <Field label="Date" error={errors.date?.message} hint={seen(reading.date)}>
          <Controller control={form.control} name="date" render={({ field }) => <DateInput value={field.value} onChange={field.onChange} />} />
        </Field>
        <Field label="Due" error={errors.due_date?.message} hint={seen(reading.due_date)}>
          <Controller control={form.control} name="due_date" render={({ field }) => <DateInput value={field.value} onChange={field.onChange} />} />
        </Field>
        <Field label="Total, with tax" error={errors.total_amount?.message} hint={seen(reading.total_amount)}>
          <Controller control={form.control} name="total_amount" render={({ field }) => <MoneyInput value={field.value} onChange={field.onChange} />} />
        </Field>
        <Field label="GST in it" error={errors.tax_amount?.message} hint={seen(reading.tax_amount)}>
          <Controller control={form.control} name="tax_amount" render={({ field }) => <MoneyInput value={field.value} onChange={field.onChange} />} />
        </Field>
        <Field label="Project" className="sm:col-span-2" error={errors.project_id?.message}>
          <Controller control={form.control} name="project_id" render={({ field }) => <ProjectPicker placeholder="None" value={field.value} onChange={field.onChange} />} />
        </Field>
        {fields.line_items.length > 0 && (
          <div className="sm:col-span-2">
            <Disclosure title={`${fields.line_items.length} ${fields.line_items.length === 1 ? 'line' : 'lines'} of goods`}>
              {() => (
                <ul className="divide-y divide-line">
                  {fields.line_items.map((line, i) => (
                    <li key={i} className="flex gap-3 px-4 py-2">
                      <span className="min-w-0 flex-1 break-words">{line.description}</span>
                      <span className="num whitespace-nowrap text-muted">{`${formatQuantity(line.quantity)} × ${formatMoney(line.unit_amount)}`}</span>
                      <span className="num w-24 shrink-0 text-right font-medium">{formatMoney(line.amount)}</span>
                    </li>
                  ))}
                </ul>
              )}
            </Disclosure>
          </div>
        )}
        {mayChange && (
          <div className="flex flex-wrap gap-3 border-t border-line pt-4 sm:col-span-2">
            {!scan.filed_kind && mayBill && (
              <Button
                variant={fields.document_type === 'receipt' || fields.document_type === 'expense' ? 'secondary' : 'primary'}
                icon={<Inbox aria-hidden className="size-4" />}
                onClick={() => void then(() => void navigate({ to: '/financials/bills/new', search: { scan: scan.id } }))()}
              >
                Make a bill
              </Button>
            )}
            {!scan.filed_kind && mayExpense && (
              <Button
                variant={fields.document_type === 'receipt' || fields.document_type === 'expense' || !mayBill ? 'primary' : 'secondary'}
                disabled={total === null || total <= 0}
                icon={<Wallet aria-hidden className="size-4" />}
                onClick={() => void then(() => void navigate({ to: '/expenses', search: { scan: scan.id } }))()}
              >
                Make an expense
              </Button>
            )}
            <Button type="submit" busy={save.isPending} disabled={!isDirty}>
              Save
            </Button>
          </div>
        )}
      </form>
    </Section>
  )
}

/** How sure the reading of a field is, in words beside a sign. */
function Confidence({ found }: { found: Found | undefined }) {
  if (!found || found.confidence === 0) return <span>Not found</span>
  const { words, tone } = sureness(found.confidence)
  const Icon = tone === 'good' ? CircleCheck : tone === 'warn' ? CircleHelp : TriangleAlert
  return (
    <span className={`inline-flex items-center gap-1.5 ${tone === 'good' ? 'text-good' : tone === 'warn' ? 'text-warn' : 'text-bad'}`}>
      <Icon aria-hidden className="size-3.5 shrink-0" />
      {found.line < 0 ? `Worked out (${found.confidence} %)` : words}
    </span>
  )
}

/** The text as it was read, with what was taken from it marked. */
function ReadText({ scan }: { scan: ScanDetail }) {
  if (scan.raw_text === '') return null
  const lines = scan.raw_text.replace(/\n$/, '').split('\n')
  const marks = Object.values(scan.reading).filter((found): found is Found => typeof found === 'object' && 'line' in found && found.confidence > 0 && found.line >= 0)
  return (
    <Disclosure title="The text as it was read">
      {() => (
        <pre tabIndex={0} aria-label="The text as it was read" className="overflow-x-auto p-4 font-mono text-sm">
          {lines.map((line, i) => (
            <Marked key={i} line={line} marks={marks.filter((found) => found.line === i)} />
          ))}
        </pre>
      )}
    </Disclosure>
  )
}

function Marked({ line, marks }: { line: string; marks: Found[] }) {
  const letters = Array.from(line) // the server counts characters
  const marked = letters.map((_, i) => marks.some(({ start, end }) => i >= start && i < end))
  const parts: { text: string; mark: boolean }[] = []
  letters.forEach((letter, i) => {
    const last = parts.at(-1)
    if (last && last.mark === marked[i]) last.text += letter
    else parts.push({ text: letter, mark: marked[i] ?? false })
  })
  return (
    <>
      {parts.map(({ text, mark }, i) =>
        mark ? (
          <mark key={i} className="rounded bg-accent-soft text-ink">
            {text}
          </mark>
        ) : (
          text
        ),
      )}
      {'\n'}
    </>
  )
}
