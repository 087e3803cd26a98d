import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { ApiError, isPassing } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import type { Quote } from '@/api/sales'
import { createQuote, getQuote, updateQuote } from '@/api/sales'
import type { Versioned } from '@/api/versions'
import { ClientPicker } from '@/clients/picker'
import { addDays, today } from '@/format/calendar'
import { formatQuantity } from '@/format/money'
import { usePriceList } from '@/items/queries'
import { ProjectPicker } from '@/projects/picker'
import { DocumentForm } from '@/records/document-form'
import { draftTotals, emptyLine, toSaleLines } from '@/records/line-draft'
import { RecordState } from '@/records/record-page'
import { DateInput } from '@/ui/date-input'
import { Field, Input, Textarea } from '@/ui/field'
import { toast } from '@/ui/toast'

const list = { to: '/financials/quotes', label: 'Quotes' } as const

export function CreateQuotePage() {
  const { client, project } = useSearch({ from: '/financials/quotes/new' })
  return <Form client={client} project={project} />
}

export function EditQuotePage() {
  const { id } = useParams({ from: '/financials/quotes/$id/edit' })
  // Read once and for this page only: news about the quote must not wipe out what is being typed.
  const quote = useQuery({ queryKey: ['edit-quote', id], queryFn: () => getQuote(id), staleTime: Infinity, gcTime: 0 })
  return quote.data ? <Form versioned={quote.data} /> : <RecordState title="Edit quote" back={list} error={quote.error} onRetry={() => void quote.refetch()} />
}

function Form({ versioned, client: clientId, project: projectId }: { versioned?: Versioned<Quote>; client?: string; project?: string }) {
  const row = versioned?.row
  const navigate = useNavigate()
  const items = usePriceList('sales')
  const [client, setClient] = useState<string | null>(row?.client_id ?? clientId ?? null)
  const [project, setProject] = useState<string | null>(row?.project_id ?? projectId ?? null)
  const [issued, setIssued] = useState(row?.issue_date ?? today())
  const [expiry, setExpiry] = useState(row ? (row.expiry_date ?? '') : addDays(today(), 30))
  const [number, setNumber] = useState(row?.quote_number ?? '')
  const [title, setTitle] = useState(row?.title ?? '')
  const [reference, setReference] = useState(row?.reference ?? '')
  const [summary, setSummary] = useState(row?.summary ?? '')
  const [terms, setTerms] = useState(row?.terms ?? '')
  const [lines, setLines] = useState(() =>
    row
      ? row.line_items.map((line) => ({
          ...emptyLine(),
          key: line.id,
          description: line.description,
          quantity: formatQuantity(line.quantity),
          unit_price: formatQuantity(line.unit_price),
          account_code: line.account_code ?? '',
          item_id: line.item_id ?? '',
        }))
      : [emptyLine()],
  )
  const [strict, setStrict] = useState(false)
  const key = useRef(newId())
  const complete = draftTotals(lines, () => 0) !== null
  const save = useMutation({
    mutationFn: (client_id: string) => {
      const body = { client_id, project_id: project, line_items: toSaleLines(lines), issue_date: issued, expiry_date: expiry || null, title, summary, terms, reference }
      return versioned ? updateQuote(versioned.row.id, body, versioned.etag) : createQuote({ ...body, quote_number: number.trim() || undefined }, key.current)
    },
    onSuccess: (quote) => {
      toast(`${quote.quote_number} saved.`)
      void navigate({ to: '/financials/quotes/$id', params: { id: quote.id } })
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
    },
    onSettled: () => Promise.all([['quotes'], ['money']].map((queryKey) => queryClient.invalidateQueries({ queryKey }))),
  })
  const fields = save.error instanceof ApiError ? save.error.fields : {}
  return (
    <DocumentForm
      title={row ? `Edit ${row.quote_number}` : 'New quote'}
      back={list}
      error={save.error}
      failed="The quote was not saved"
      side="sales"
      lines={lines}
      onChange={setLines}
      items={items}
      fields={fields}
      strict={strict}
      placeholder="What is offered"
      action={row ? 'Save' : 'Create quote'}
      busy={save.isPending}
      onSave={() => {
        setStrict(true)
        if (client && issued && complete) save.mutate(client)
      }}
      head={
        <>
          <Field label="Client" className="sm:col-span-2" error={fields.client_id ?? (strict && !client ? 'Choose a client' : undefined)}>
            <ClientPicker kind="customer" value={client} onChange={setClient} />
          </Field>
          <Field label="Project" className="sm:col-span-2" error={fields.project_id}>
            <ProjectPicker placeholder="None" clientId={client ?? undefined} value={project} onChange={setProject} />
          </Field>
          <Field label="Title" className="sm:col-span-2 lg:col-span-4" error={fields.title}>
            <Input value={title} maxLength={100} placeholder="Switchboard replacement" onChange={(event) => setTitle(event.target.value)} />
          </Field>
          <Field label="Date" error={fields.issue_date ?? (strict && !issued ? 'Choose a date' : undefined)}>
            <DateInput value={issued} onChange={setIssued} />
          </Field>
          <Field label="Expires" error={fields.expiry_date}>
            <DateInput value={expiry} min={issued} onChange={setExpiry} />
          </Field>
          <Field label="Reference" error={fields.reference}>
            <Input value={reference} maxLength={255} onChange={(event) => setReference(event.target.value)} />
          </Field>
          <Field label="Number" error={fields.quote_number}>
            <Input value={number} className="font-mono" placeholder="Next number" maxLength={255} disabled={row !== undefined} onChange={(event) => setNumber(event.target.value)} />
          </Field>
        </>
      }
      texts={
        <>
          <Field label="Summary" error={fields.summary}>
            <Textarea value={summary} maxLength={3000} onChange={(event) => setSummary(event.target.value)} />
          </Field>
          <Field label="Terms" error={fields.terms}>
            <Textarea value={terms} maxLength={4000} onChange={(event) => setTerms(event.target.value)} />
          </Field>
        </>
      }
    />
  )
}
