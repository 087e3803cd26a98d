import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Paperclip } from 'lucide-react'
import { useRef, useState } from 'react'
import { ApiError, isPassing } from '@/api/errors'
import { newId } from '@/api/ids'
import type { Bill } from '@/api/purchases'
import { createBill, getBill, updateBill } from '@/api/purchases'
import type { ScanDetail } from '@/api/scans'
import type { Versioned } from '@/api/versions'
import { ClientPicker } from '@/clients/picker'
import { costCentersQuery } from '@/costcenters/queries'
import { today } from '@/format/calendar'
import { centsToText, formatMoney, formatQuantity, parseCents } from '@/format/money'
import { usePriceList } from '@/items/queries'
import { ProjectPicker } from '@/projects/picker'
import { scanQuery } from '@/receipts/queries'
import { DocumentForm } from '@/records/document-form'
import { draftTotals, emptyLine, toPurchaseLines } from '@/records/line-draft'
import { refreshMoney } from '@/records/payments'
import { RecordState } from '@/records/record-page'
import { DateInput } from '@/ui/date-input'
import { Field, Input } from '@/ui/field'
import { toast } from '@/ui/toast'

const list = { to: '/financials/bills', label: 'Bills' } as const

export function CreateBillPage() {
  const { supplier, project, scan: scanId } = useSearch({ from: '/financials/bills/new' })
  // Read once: news about the scan must not wipe out what is being typed.
  const scan = useQuery({ ...scanQuery(scanId ?? ''), queryKey: ['bill-of-scan', scanId ?? ''], enabled: scanId !== undefined, staleTime: Infinity, gcTime: 0 })
  if (scanId && !scan.data) return <RecordState title="New bill" back={list} error={scan.error} onRetry={() => void scan.refetch()} />
  return <Form supplier={supplier} project={project} scan={scan.data?.row} />
}

/** The lines of a bill for a scan: those that were read or, of none, one over the whole amount without its tax. */
function linesOf(scan: ScanDetail) {
  const { line_items, total_amount, tax_amount, vendor_name, document_number } = scan.fields
  const total = parseCents(total_amount ?? '') ?? 0
  const net = total - (parseCents(tax_amount ?? '') ?? 0)
  const sum = line_items.reduce((all, line) => all + (parseCents(line.amount) ?? 0), 0)
  // What was read bears its tax when it adds up to the total: a bill's lines bear none.
  if (line_items.length > 0 && sum === net)
    return line_items.map((line) => ({ ...emptyLine(), description: line.description, quantity: formatQuantity(line.quantity), unit_price: formatQuantity(line.unit_amount) }))
  return [{ ...emptyLine(), description: [vendor_name, document_number].filter(Boolean).join(' '), quantity: '1', unit_price: net > 0 ? centsToText(net) : '' }]
}

export function EditBillPage() {
  const { id } = useParams({ from: '/financials/bills/$id/edit' })
  // Read once and for this page only: news about the bill must not wipe out what is being typed.
  const bill = useQuery({ queryKey: ['edit-bill', id], queryFn: () => getBill(id), staleTime: Infinity, gcTime: 0 })
  return bill.data ? <Form versioned={bill.data} /> : <RecordState title="Edit bill" back={list} error={bill.error} onRetry={() => void bill.refetch()} />
}

function Form({ versioned, supplier: supplierId, project: projectId, scan }: { versioned?: Versioned<Bill>; supplier?: string; project?: string; scan?: ScanDetail }) {
  const row = versioned?.row
  const navigate = useNavigate()
  const items = usePriceList('purchases')
  const { data: costCenters } = useQuery(costCentersQuery)
  const [supplier, setSupplier] = useState<string | null>(row?.supplier_id ?? supplierId ?? scan?.fields.supplier_id ?? null)
  const [project, setProject] = useState<string | null>(row?.project_id ?? projectId ?? scan?.project_id ?? null)
  const [date, setDate] = useState(row?.date ?? scan?.fields.date ?? today())
  const [due, setDue] = useState(row?.due_date ?? scan?.fields.due_date ?? '')
  const [number, setNumber] = useState(row?.bill_number ?? scan?.fields.document_number ?? '')
  const [reference, setReference] = useState(row?.reference ?? '')
  const [lines, setLines] = useState(() =>
    row
      ? row.line_items.map((line) => ({
          ...emptyLine(),
          key: line.id,
          // The line of the purchase order that it bills, so that the order stays billed.
          id: line.po_line_id ?? undefined,
          description: line.description,
          quantity: formatQuantity(line.quantity),
          unit_price: formatQuantity(line.unit_amount),
          account_code: line.account_code ?? '',
          cost_center_id: line.cost_center_id ?? '',
          item_id: line.item_id ?? '',
        }))
      : scan
        ? linesOf(scan)
        : [emptyLine()],
  )
  const [strict, setStrict] = useState(false)
  const key = useRef(newId())
  const complete = draftTotals(lines, () => 0) !== null
  const save = useMutation({
    mutationFn: (supplier_id: string) => {
      const line_items = toPurchaseLines(lines).map((line, i) => ({ ...line, po_line_id: lines[i]?.id }))
      return versioned
        ? updateBill(versioned.row.id, { project_id: project, date, due_date: due || null, bill_number: number.trim() || undefined, reference, line_items }, versioned.etag)
        : createBill(
            { supplier_id, project_id: project ?? undefined, date, due_date: due || undefined, bill_number: number.trim() || undefined, reference: reference.trim() || undefined, scanned_document_id: scan?.id, line_items },
            key.current,
          )
    },
    onSuccess: (bill) => {
      toast(`${bill.bill_number} saved.`)
      void navigate({ to: '/financials/bills/$id', params: { id: bill.id } })
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
    },
    onSettled: refreshMoney,
  })
  const fields = save.error instanceof ApiError ? save.error.fields : {}
  return (
    <DocumentForm
      title={row ? `Edit ${row.bill_number}` : 'New bill'}
      back={list}
      error={save.error}
      failed="The bill was not saved"
      side="purchases"
      lines={lines}
      onChange={setLines}
      costCenters={costCenters ?? []}
      items={items}
      fields={fields}
      strict={strict}
      placeholder="What is charged"
      action={row ? 'Save' : 'Create bill'}
      busy={save.isPending}
      onSave={() => {
        setStrict(true)
        if (supplier && date && complete) save.mutate(supplier)
      }}
      head={
        <>
          {scan && (
            <p className="flex flex-wrap items-center gap-x-3 gap-y-1 sm:col-span-2 lg:col-span-full">
              <a href={scan.file_path} target="_blank" rel="noreferrer" className="inline-flex min-h-11 items-center gap-1.5 font-medium text-accent hover:underline">
                <Paperclip aria-hidden className="size-4" />
                {scan.file_name}
              </a>
              <span className="num text-muted">{scan.fields.total_amount ? `says ${formatMoney(scan.fields.total_amount)} with tax, and will be attached` : 'will be attached'}</span>
            </p>
          )}
          <Field label="Supplier" className="sm:col-span-2" error={fields.supplier_id ?? (strict && !supplier ? 'Choose a supplier' : undefined)}>
            {row ? <Input value={row.supplier_name} disabled /> : <ClientPicker kind="supplier" value={supplier} onChange={setSupplier} />}
          </Field>
          <Field label="Project" className="sm:col-span-2" error={fields.project_id}>
            <ProjectPicker placeholder="None" value={project} onChange={setProject} />
          </Field>
          <Field label="Supplier's number" error={fields.bill_number}>
            <Input value={number} className="font-mono" placeholder="Next number" maxLength={255} onChange={(event) => setNumber(event.target.value)} />
          </Field>
          <Field label="Date" error={fields.date ?? (strict && !date ? 'Choose a date' : undefined)}>
            <DateInput value={date} onChange={setDate} />
          </Field>
          <Field label="Due" error={fields.due_date} hint={row ? undefined : "By the supplier's terms unless chosen"}>
            <DateInput value={due} min={date} onChange={setDue} />
          </Field>
          <Field label="Reference" error={fields.reference}>
            <Input value={reference} maxLength={255} onChange={(event) => setReference(event.target.value)} />
          </Field>
        </>
      }
    />
  )
}
