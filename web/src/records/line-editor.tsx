import { Lock, Plus, Trash2 } from 'lucide-react'
import { centsToText, formatMoney, formatQuantity } from '@/format/money'
import { Button, IconButton } from '@/ui/button'
import type { Choice } from '@/ui/combobox'
import { Combobox } from '@/ui/combobox'
import { Field, Input, Select } from '@/ui/field'
import { amountFault, QuantityInput } from '@/ui/money-input'
import type { LineDraft } from './line-draft'
import { draftCents, draftTotals, emptyLine } from './line-draft'
import type { Side } from './tax'
import { useAccounts, useTaxOf } from './tax'

/** Something from the price list: chosen, it fills the line. */
export interface LineItem extends Choice {
  description: string
  unit_price: string
  account_code: string
}

interface LineEditorProps {
  lines: LineDraft[]
  onChange: (lines: LineDraft[]) => void
  side: Side
  currency?: string
  /** Shows a choice of cost centre in each line. */
  costCenters?: { id: string; code: string; name: string; is_active: boolean }[]
  /** Shows a choice from the price list in each line. */
  items?: LineItem[]
  /** The server's faults, by field: "line_items[0].quantity". */
  fields: Readonly<Record<string, string>>
  /** What the server calls the list of lines; "line_items" unless told. */
  listName?: string
  /** Every fault is shown, not only those of fields that hold something. */
  strict: boolean
  /** What a line is: "What is ordered". */
  placeholder?: string
}

/** The lines of a document, to be changed. */
export function LineEditor({ lines, onChange, side, currency, costCenters, items, fields, listName = 'line_items', strict, placeholder }: LineEditorProps) {
  const accounts = useAccounts(side)
  const change = (key: string, part: Partial<LineDraft>) => onChange(lines.map((line) => (line.key === key ? { ...line, ...part } : line)))
  const columns = items
    ? costCenters
      ? '@4xl:grid-cols-[minmax(0,1fr)_minmax(0,2fr)_5.5rem_7.5rem_minmax(0,1fr)_minmax(0,1fr)_6.5rem_auto]'
      : '@4xl:grid-cols-[minmax(0,1fr)_minmax(0,2fr)_5.5rem_7.5rem_minmax(0,1fr)_6.5rem_auto]'
    : costCenters
      ? '@4xl:grid-cols-[minmax(0,2fr)_6rem_8rem_minmax(0,1fr)_minmax(0,1fr)_6.5rem_auto]'
      : '@4xl:grid-cols-[minmax(0,2fr)_6rem_8rem_minmax(0,1fr)_7rem_auto]'
  return (
    <div className="flex flex-col gap-3">
      <ul className="@container flex flex-col gap-3" aria-label="Lines">
        {lines.map((line, i) => {
          const cents = draftCents(line)
          const fault = (...names: string[]) => names.flatMap((name) => [fields[`${listName}[${i}].${name}`], fields[`${listName}.${i}.${name}`]]).find(Boolean)
          return (
            <li key={line.key} className={`card grid grid-cols-2 gap-3 p-4 ${columns}`}>
              {items && (
                <Field label="Item" className="col-span-2 @4xl:col-span-1" error={fault('item_id')}>
                  <Combobox
                    choices={items}
                    value={line.item_id || null}
                    disabled={line.locked}
                    placeholder="From the price list"
                    onChange={(id) => {
                      const item = items.find((one) => one.id === id)
                      change(line.key, item ? { item_id: id, description: item.description, unit_price: item.unit_price, account_code: item.account_code } : { item_id: id })
                    }}
                  />
                </Field>
              )}
              <Field label={`Line ${i + 1}`} className="col-span-2 @4xl:col-span-1" error={fault('description') ?? (strict && line.description.trim() === '' ? 'Missing' : undefined)}>
                <Input value={line.description} placeholder={placeholder} onChange={(event) => change(line.key, { description: event.target.value })} />
              </Field>
              <Field label="Quantity" error={fault('quantity') ?? amountFault(line.quantity, strict)}>
                <QuantityInput value={line.quantity} disabled={line.locked} onChange={(quantity) => change(line.key, { quantity })} />
              </Field>
              <Field label="Price each" error={fault('unit_price', 'unit_amount') ?? amountFault(line.unit_price, strict)}>
                <QuantityInput value={line.unit_price} disabled={line.locked} onChange={(unit_price) => change(line.key, { unit_price })} />
              </Field>
              {costCenters && (
                <Field label="Cost centre" error={fault('cost_center_id')}>
                  <Select value={line.cost_center_id} onChange={(event) => change(line.key, { cost_center_id: event.target.value })}>
                    <option value="">None</option>
                    {costCenters
                      .filter((center) => center.is_active || center.id === line.cost_center_id)
                      .map((center) => (
                        <option key={center.id} value={center.id}>
                          {center.code} {center.name}
                        </option>
                      ))}
                  </Select>
                </Field>
              )}
              <Field label="Account" className={costCenters ? '' : '@max-4xl:col-span-2'} error={fault('account_code')}>
                <Select value={line.account_code} onChange={(event) => change(line.key, { account_code: event.target.value })}>
                  <option value="">As set in settings</option>
                  {accounts.map((account) => (
                    <option key={account.code} value={account.code}>
                      {account.code} {account.name}
                    </option>
                  ))}
                  {line.account_code && !accounts.some((account) => account.code === line.account_code) && <option value={line.account_code}>{line.account_code}</option>}
                </Select>
              </Field>
              <div className="@max-4xl:col-span-2 flex items-center justify-between gap-2 @4xl:contents">
                <p className="num font-semibold @4xl:mb-2.5 @4xl:self-end @4xl:text-right">
                  <span className="sr-only">Amount of line {i + 1} </span>
                  {cents === null ? '–' : formatMoney(centsToText(cents), currency)}
                </p>
                <div className="@4xl:self-end">
                  {line.locked ? (
                    <span className="flex size-11 items-center justify-center text-muted" title="Its hours come from timesheets. Void the invoice to release them.">
                      <Lock aria-hidden className="size-4" />
                      <span className="sr-only">Its hours come from timesheets, so it stays.</span>
                    </span>
                  ) : (
                    <IconButton label={`Remove line ${i + 1}`} disabled={lines.length === 1} onClick={() => onChange(lines.filter((other) => other.key !== line.key))}>
                      <Trash2 aria-hidden className="size-4" />
                    </IconButton>
                  )}
                </div>
              </div>
            </li>
          )
        })}
      </ul>
      {fields[listName] && (
        <p role="alert" className="font-medium text-bad">
          {fields[listName]}
        </p>
      )}
      <Button className="self-start" icon={<Plus aria-hidden className="size-4" />} onClick={() => onChange([...lines, emptyLine()])}>
        Add line
      </Button>
    </div>
  )
}

/** What the lines come to, with tax as the server works it out. */
export function DraftTotals({ lines, side, currency, strict = false }: { lines: LineDraft[]; side: Side; currency?: string; strict?: boolean }) {
  const totals = draftTotals(lines, useTaxOf(side))
  if (!totals)
    return (
      <p className={`text-right ${strict ? 'font-medium text-bad' : 'text-muted'}`}>{strict ? 'Each line needs a description, a quantity and a price.' : 'The total appears when each line is complete.'}</p>
    )
  const show = (cents: number | null) => (cents === null ? '–' : formatMoney(centsToText(cents), currency))
  return (
    <TotalsList
      rows={[
        { label: 'Before tax', value: show(totals.subtotal) },
        { label: 'Tax', value: show(totals.tax) },
        { label: 'Total', value: show(totals.tax === null ? null : totals.subtotal + totals.tax), strong: true },
      ]}
    />
  )
}

export interface TotalRow {
  label: string
  value: string
  strong?: boolean
}

/** Sums, below each other. */
export function TotalsList({ rows }: { rows: TotalRow[] }) {
  return (
    <dl className="num ml-auto grid w-full max-w-xs grid-cols-[1fr_auto] gap-x-4 gap-y-1" aria-live="polite">
      {rows.map(({ label, value, strong }) => (
        <div key={label} className="contents">
          <dt className={strong ? 'self-center font-semibold' : 'text-muted'}>{label}</dt>
          <dd className={`text-right ${strong ? 'text-xl font-semibold' : ''}`}>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** A line as every kind of document answers it. */
export interface ShownLine {
  id: string
  description: string
  quantity: string
  unit_price: string
  amount: string
  account_code: string | null
  tax_rate: string | null
  /** What else belongs to it, such as its cost centre. */
  note?: string | null
}

interface LinesSectionProps {
  lines: ShownLine[]
  currency: string
  subtotal: string
  total_tax: string
  total: string
  /** After the total: what is paid, what is due. */
  more?: TotalRow[]
}

/** The lines of a document, to be read, with their sums. */
export function LinesSection({ lines, currency, subtotal, total_tax, total, more = [] }: LinesSectionProps) {
  return (
    <section aria-labelledby="lines" className="card overflow-hidden">
      <h2 id="lines" className="px-4 pt-4 pb-2 text-lg font-semibold">
        Lines
      </h2>
      <ul className="divide-y divide-line">
        {lines.map((line) => (
          <li key={line.id} className="grid grid-cols-[1fr_auto] gap-x-4 px-4 py-3 sm:grid-cols-[minmax(0,1fr)_11rem_8rem]">
            <div className="col-span-2 min-w-0 sm:col-span-1">
              <p className="break-words">{line.description}</p>
              <p className="text-sm text-muted">
                {[line.note, line.account_code && `Account ${line.account_code}`, line.tax_rate && `${formatQuantity(line.tax_rate)} % tax`].filter(Boolean).join(' · ')}
              </p>
            </div>
            <p className="num text-muted sm:text-right">
              {formatQuantity(line.quantity)} × {formatMoney(line.unit_price, currency)}
            </p>
            <p className="num text-right font-semibold">{formatMoney(line.amount, currency)}</p>
          </li>
        ))}
      </ul>
      <div className="px-4 py-4">
        <TotalsList
          rows={[
            { label: 'Before tax', value: formatMoney(subtotal, currency) },
            { label: 'Tax', value: formatMoney(total_tax, currency) },
            { label: 'Total', value: formatMoney(total, currency), strong: true },
            ...more,
          ]}
        />
      </div>
    </section>
  )
}
