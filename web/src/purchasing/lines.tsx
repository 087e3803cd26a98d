import { useQuery } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { newId } from '@/api/ids'
import type { PurchaseOrderRequest } from '@/api/types'
import { costCentersQuery } from '@/costcenters/queries'
import { centsToText, formatMoney, lineCents, parseTenThousandths } from '@/format/money'
import { accountsQuery } from '@/sync/queries'
import { Button, IconButton } from '@/ui/button'
import { Field, Input, Select } from '@/ui/field'

export interface Line {
  key: string
  description: string
  quantity: string
  unit_amount: string
  account_code: string
  cost_center_id: string
}

export const emptyLine = (): Line => ({ key: newId(), description: '', quantity: '1', unit_amount: '', account_code: '', cost_center_id: '' })

/** What the lines come to, in cents before tax; null while one is not complete. */
export function linesCents(lines: Line[]): number | null {
  let sum = 0
  for (const line of lines) {
    const quantity = parseTenThousandths(line.quantity)
    const price = parseTenThousandths(line.unit_amount)
    if (quantity === null || price === null || quantity <= 0 || line.description.trim() === '') return null
    sum += lineCents(quantity, price)
  }
  return lines.length > 0 ? sum : null
}

export const toRequestLines = (lines: Line[]): PurchaseOrderRequest['line_items'] =>
  lines.map((line) => ({
    description: line.description.trim(),
    quantity: line.quantity,
    unit_amount: line.unit_amount,
    account_code: line.account_code || undefined,
    cost_center_id: line.cost_center_id || undefined,
  }))

interface LinesProps {
  lines: Line[]
  onChange: (lines: Line[]) => void
  currency?: string
  /** The server's faults, by field: "line_items.0.quantity". */
  fields: Readonly<Record<string, string>>
  /** Every fault is shown, not only those of fields that hold something. */
  strict: boolean
}

/** The lines of a purchase order, to be changed. */
export function Lines({ lines, onChange, currency, fields, strict }: LinesProps) {
  const { data: costCenters } = useQuery(costCentersQuery)
  const { data: accounts } = useQuery(accountsQuery)
  const change = (key: string, part: Partial<Line>) => onChange(lines.map((line) => (line.key === key ? { ...line, ...part } : line)))
  const buying = (accounts ?? []).filter((account) => account.status === 'ACTIVE' && ['EXPENSE', 'ASSET'].includes(account.class))
  const numberFault = (text: string) => {
    if (text.trim() === '') return strict ? 'Missing' : undefined
    return parseTenThousandths(text) === null ? 'Not a number' : undefined
  }
  return (
    <div className="flex flex-col gap-3">
      <ul className="flex flex-col gap-3">
        {lines.map((line, i) => {
          const quantity = parseTenThousandths(line.quantity)
          const price = parseTenThousandths(line.unit_amount)
          const fault = (name: string) => fields[`line_items.${i}.${name}`] ?? fields[`line_items[${i}].${name}`]
          return (
            <li key={line.key} className="card grid grid-cols-2 gap-3 p-4 lg:grid-cols-[minmax(0,2fr)_6rem_8rem_minmax(0,1fr)_minmax(0,1fr)_auto]">
              <Field label={`Line ${i + 1}`} className="col-span-2 lg:col-span-1" error={fault('description') ?? (strict && line.description.trim() === '' ? 'Missing' : undefined)}>
                <Input value={line.description} placeholder="What is ordered" onChange={(event) => change(line.key, { description: event.target.value })} />
              </Field>
              <Field label="Quantity" error={fault('quantity') ?? numberFault(line.quantity)}>
                <Input className="num text-right" inputMode="decimal" value={line.quantity} onChange={(event) => change(line.key, { quantity: event.target.value })} />
              </Field>
              <Field label="Price each" error={fault('unit_amount') ?? numberFault(line.unit_amount)}>
                <Input className="num text-right" inputMode="decimal" value={line.unit_amount} onChange={(event) => change(line.key, { unit_amount: event.target.value })} />
              </Field>
              <Field label="Cost centre" error={fault('cost_center_id')}>
                <Select value={line.cost_center_id} onChange={(event) => change(line.key, { cost_center_id: event.target.value })}>
                  <option value="">None</option>
                  {(costCenters ?? [])
                    .filter((center) => center.is_active || center.id === line.cost_center_id)
                    .map((center) => (
                      <option key={center.id} value={center.id}>
                        {center.code} {center.name}
                      </option>
                    ))}
                </Select>
              </Field>
              <Field label="Account" error={fault('account_code')}>
                <Select value={line.account_code} onChange={(event) => change(line.key, { account_code: event.target.value })}>
                  <option value="">As set in settings</option>
                  {buying.map((account) => (
                    <option key={account.code} value={account.code}>
                      {account.code} {account.name}
                    </option>
                  ))}
                  {line.account_code && !buying.some((account) => account.code === line.account_code) && <option value={line.account_code}>{line.account_code}</option>}
                </Select>
              </Field>
              <div className="col-span-2 flex items-end justify-between gap-2 lg:col-span-1">
                <p className="num self-center font-semibold lg:hidden">{quantity !== null && price !== null ? formatMoney(centsToText(lineCents(quantity, price)), currency) : '–'}</p>
                <IconButton label={`Remove line ${i + 1}`} disabled={lines.length === 1} onClick={() => onChange(lines.filter((other) => other.key !== line.key))}>
                  <Trash2 aria-hidden className="size-4" />
                </IconButton>
              </div>
            </li>
          )
        })}
      </ul>
      <Button className="self-start" icon={<Plus aria-hidden className="size-4" />} onClick={() => onChange([...lines, emptyLine()])}>
        Add line
      </Button>
    </div>
  )
}
