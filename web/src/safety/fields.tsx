import { Plus, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import type { SafetyType } from '@/api/safety'
import { Button, IconButton } from '@/ui/button'
import { DateInput } from '@/ui/date-input'
import { Checkbox, Field, Input, Select, Textarea } from '@/ui/field'
import type { Form, Hazard, Risk, SafetyCheck, TestResult } from './forms'
import { emptyCheck, emptyHazard, emptyTest } from './forms'

interface FormFieldsProps {
  type: SafetyType
  form: Form
  /** The server's faults by field. */
  fields: Readonly<Record<string, string>>
  onChange: (change: Partial<Form>) => void
}

/** The fields of one of the three forms. */
export function FormFields(props: FormFieldsProps) {
  switch (props.type) {
    case 'electrical_compliance':
      return <Compliance {...props} />
    case 'electrical_safety_certificate':
      return <Certificate {...props} />
    default:
      return <Analysis {...props} />
  }
}

/** The controls of single fields, tied to the form. */
function controls({ form, fields, onChange }: FormFieldsProps) {
  const value = (name: string) => form.texts[name] ?? ''
  const set = (name: string) => (to: string) => onChange({ texts: { ...form.texts, [name]: to } })
  const fault = (name: string) => fields[`data.${name}`]
  const wide = 'sm:col-span-2'
  return {
    value,
    text: (name: string, label: string, rest: { placeholder?: string; hint?: string; wide?: boolean; inputMode?: 'tel'; autoComplete?: string } = {}) => (
      <Field label={label} hint={rest.hint} error={fault(name)} className={rest.wide ? wide : ''}>
        <Input value={value(name)} placeholder={rest.placeholder} inputMode={rest.inputMode} autoComplete="off" onChange={(event) => set(name)(event.target.value)} />
      </Field>
    ),
    area: (name: string, label: string, rest: { hint?: string; rows?: number } = {}) => (
      <Field label={label} hint={rest.hint} error={fault(name)} className={wide}>
        <Textarea rows={rest.rows ?? 3} value={value(name)} onChange={(event) => set(name)(event.target.value)} />
      </Field>
    ),
    date: (name: string, label: string, hint?: string) => (
      <Field label={label} hint={hint} error={fault(name)}>
        <DateInput value={value(name)} onChange={set(name)} />
      </Field>
    ),
    choice: (name: string, label: string, options: [string, string][]) => (
      <Field label={label} error={fault(name)}>
        <Select value={value(name)} onChange={(event) => set(name)(event.target.value)}>
          {!options.some(([one]) => one === value(name)) && <option value={value(name)}>Choose</option>}
          {options.map(([one, words]) => (
            <option key={one} value={one}>
              {words}
            </option>
          ))}
        </Select>
      </Field>
    ),
    tick: (name: string, words: string) => (
      <div className={wide}>
        <Checkbox checked={form.ticks[name] ?? false} onChange={(event) => onChange({ ticks: { ...form.ticks, [name]: event.target.checked } })}>
          {words}
        </Checkbox>
        {fault(name) && <p className="text-sm font-medium text-bad">{fault(name)}</p>}
      </div>
    ),
  }
}

function Part({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="card flex flex-col gap-4 p-4">
      <div>
        <h2 className="text-lg font-semibold">{title}</h2>
        {lead && <p className="text-sm text-muted">{lead}</p>}
      </div>
      {children}
    </section>
  )
}

const Grid = ({ children }: { children: ReactNode }) => <div className="grid gap-4 sm:grid-cols-2">{children}</div>

interface RowsProps<Row> {
  rows: Row[]
  /** What one row is: "hazard". */
  noun: string
  add: () => Row
  fault?: string
  onChange: (rows: Row[]) => void
  children: (row: Row, change: (to: Partial<Row>) => void, n: number) => ReactNode
}

/** Rows that can be added and taken away. */
function Rows<Row extends object>({ rows, noun, add, fault, onChange, children }: RowsProps<Row>) {
  return (
    <>
      {fault && <p className="text-sm font-medium text-bad">{fault}</p>}
      <ol className="flex flex-col gap-3">
        {rows.map((row, n) => (
          // Rows have no identity of their own; they are only added at the end.
          <li key={n} className="flex items-start gap-1 rounded-card border border-line bg-ground/50 p-3 pr-1" aria-label={`${noun} ${n + 1}`}>
            <div className="grid min-w-0 flex-1 gap-3 sm:grid-cols-6">{children(row, (to) => onChange(rows.map((other, at) => (at === n ? { ...other, ...to } : other))), n)}</div>
            <IconButton label={`Remove ${noun} ${n + 1}`} onClick={() => onChange(rows.filter((_, at) => at !== n))}>
              <Trash2 aria-hidden className="size-5" />
            </IconButton>
          </li>
        ))}
      </ol>
      <Button className="self-start" icon={<Plus aria-hidden className="size-4" />} onClick={() => onChange([...rows, add()])}>
        Add {noun}
      </Button>
    </>
  )
}

const risks: [Risk, string][] = [
  ['', 'Choose'],
  ['low', 'Low'],
  ['medium', 'Medium'],
  ['high', 'High'],
  ['critical', 'Critical'],
]

function RiskSelect({ value, onChange }: { value: Risk; onChange: (risk: Risk) => void }) {
  return (
    <Select value={value} onChange={(event) => onChange(event.target.value as Risk)}>
      {risks.map(([risk, words]) => (
        <option key={risk} value={risk}>
          {words}
        </option>
      ))}
    </Select>
  )
}

function Analysis(props: FormFieldsProps) {
  const { form, fields, onChange } = props
  const c = controls(props)
  return (
    <>
      <Part title="The job">
        <Grid>
          {c.area('job_description', 'What is done')}
          {c.text('location', 'Where', { placeholder: '12 Bank Street, Whangārei' })}
          {c.date('date', 'Date')}
        </Grid>
      </Part>
      <Part title="Hazards" lead="What can hurt somebody, and what is done about it. Take away what does not apply.">
        <Rows<Hazard> rows={form.hazards} noun="hazard" add={emptyHazard} fault={fields['data.hazards']} onChange={(hazards) => onChange({ hazards })}>
          {(row, change, n) => (
            <>
              <Field label="Hazard" className="sm:col-span-4" error={fields[`data.hazards[${n}].description`]}>
                <Input value={row.description} onChange={(event) => change({ description: event.target.value })} />
              </Field>
              <Field label="Risk" className="sm:col-span-2" error={fields[`data.hazards[${n}].risk_level`]}>
                <RiskSelect value={row.risk_level} onChange={(risk_level) => change({ risk_level })} />
              </Field>
              <Field label="What is done about it" className="sm:col-span-6" error={fields[`data.hazards[${n}].control_measures`]}>
                <Textarea rows={2} value={row.control_measures} onChange={(event) => change({ control_measures: event.target.value })} />
              </Field>
              <Field label="Risk that is left" className="sm:col-span-2" error={fields[`data.hazards[${n}].residual_risk`]}>
                <RiskSelect value={row.residual_risk} onChange={(residual_risk) => change({ residual_risk })} />
              </Field>
              <Field label="Who sees to it" className="sm:col-span-4" error={fields[`data.hazards[${n}].responsible`]}>
                <Input value={row.responsible} onChange={(event) => change({ responsible: event.target.value })} />
              </Field>
            </>
          )}
        </Rows>
      </Part>
      <Part title="Protection and emergencies">
        <Grid>
          {c.area('ppe', 'Protective equipment', { hint: 'One to a line.' })}
          {c.area('emergency_plan', 'In an emergency', { hint: 'First aid, the way out, the nearest hospital.' })}
          {c.area('notes', 'Notes')}
          {c.text('prepared_by_name', 'Prepared by')}
        </Grid>
      </Part>
    </>
  )
}

function Certifier(props: FormFieldsProps & { children?: ReactNode }) {
  const c = controls(props)
  return (
    <Part title="Certified by">
      <Grid>
        {c.text('inspector_name', 'Name')}
        {c.text('inspector_license', 'Registration or licence number', { placeholder: 'E 123456' })}
        {c.text('contact', 'Contact', { placeholder: 'Phone or mail', hint: "Left empty, it is the firm's own." })}
        {props.children}
        {c.date('inspection_date', 'Date of inspection')}
        {c.date('issue_date', 'Date of issue', 'Left empty, it is the day on which it is completed.')}
      </Grid>
    </Part>
  )
}

function Compliance(props: FormFieldsProps) {
  const { form, fields, onChange } = props
  const c = controls(props)
  return (
    <>
      <Part title="The work">
        <Grid>
          {c.text('location', 'Location', { placeholder: '12 Bank Street, Whangārei', wide: true })}
          {c.area('description', 'Description of the work')}
          {c.choice('risk_category', 'Category of prescribed electrical work', [
            ['general', 'General'],
            ['high', 'High risk'],
            ['low', 'Low risk'],
          ])}
          {c.choice('work_type', 'Type of work', [
            ['', 'Not said'],
            ['new', 'New'],
            ['addition', 'Addition'],
            ['alteration', 'Alteration'],
            ['replacement', 'Replacement'],
            ['repair', 'Repair'],
          ])}
          {c.value('risk_category') === 'high' && c.text('special_work', 'What makes it high risk', { placeholder: 'Mains work', wide: true, hint: 'An inspector inspects it and writes a record of inspection.' })}
          {c.date('installation_date', 'Date of the work')}
          {c.date('installation_date_to', 'to', 'Only where it took several days.')}
          {c.text('supply_system', 'Supply system')}
          {c.text('certificate_number', 'Certificate number', { placeholder: 'Next number', hint: 'Left empty, the program gives one when it is completed.' })}
        </Grid>
      </Part>
      <Part title="Compliance">
        <Grid>
          {c.choice('compliance_method', 'In accordance with AS/NZS 3000', [
            ['part_2', 'Part 2'],
            ['part_1', 'Part 1, by a certified design'],
          ])}
          {c.value('compliance_method') === 'part_1' && c.text('certified_design', 'Certified design', { hint: 'What it is called and where it can be found.' })}
          {c.area('compliance_standards', 'Standards', { hint: 'One to a line.', rows: 2 })}
          {c.area('supplier_declarations', "Suppliers' declarations of conformity", { hint: 'Their references, one to a line.', rows: 2 })}
          {c.text('manufacturer_instructions', "Manufacturer's instructions", { hint: 'Where the work relies on them.', wide: true })}
          {c.tick('earthing_rated', 'There is an earthing system, and it is correctly rated')}
          {c.tick('safe_to_connect', 'What was installed is safe to connect to a power supply')}
        </Grid>
      </Part>
      <Part title="Test results" lead="The tests of AS/NZS 3000, section 8. Take away what does not apply.">
        <Rows<TestResult> rows={form.tests} noun="test" add={emptyTest} fault={fields['data.testing_results']} onChange={(tests) => onChange({ tests })}>
          {(row, change, n) => (
            <>
              <Field label="Test" className="sm:col-span-4" error={fields[`data.testing_results[${n}].test`]}>
                <Input value={row.test} onChange={(event) => change({ test: event.target.value })} />
              </Field>
              <Field label="Circuit" className="sm:col-span-2" error={fields[`data.testing_results[${n}].circuit`]}>
                <Input value={row.circuit} placeholder="All" onChange={(event) => change({ circuit: event.target.value })} />
              </Field>
              <Field label="Result" className="sm:col-span-4" error={fields[`data.testing_results[${n}].result`]}>
                <Input value={row.result} placeholder="0.21 Ω" onChange={(event) => change({ result: event.target.value })} />
              </Field>
              <Field label="Outcome" className="sm:col-span-2" error={fields[`data.testing_results[${n}].outcome`]}>
                <Select value={row.outcome} onChange={(event) => change({ outcome: event.target.value as TestResult['outcome'] })}>
                  <option value="">Not said</option>
                  <option value="pass">Pass</option>
                  <option value="fail">Fail</option>
                  <option value="n/a">Not applicable</option>
                </Select>
              </Field>
            </>
          )}
        </Rows>
      </Part>
      <Certifier {...props}>{c.text('supervised', 'Supervised', { hint: 'Whose work it certifies besides.' })}</Certifier>
    </>
  )
}

const outcomes: [SafetyCheck['status'], string][] = [
  ['pending', 'Not yet'],
  ['passed', 'Passed'],
  ['failed', 'Failed'],
  ['n/a', 'Not applicable'],
]

function Certificate(props: FormFieldsProps) {
  const { form, fields, onChange } = props
  const c = controls(props)
  return (
    <>
      <Part title="The installation">
        <Grid>
          {c.text('location', 'Location', { placeholder: '12 Bank Street, Whangārei', wide: true })}
          {c.area('description', 'Description of the work')}
          {c.date('connection_date', 'Connected to the power supply on')}
          {c.text('coc_reference', 'Certificate of compliance', { placeholder: 'COC-00001' })}
          {c.date('expiry_date', 'Valid until', 'Only where it is.')}
          {c.text('certificate_number', 'Certificate number', { placeholder: 'Next number', hint: 'Left empty, the program gives one when it is completed.' })}
          {c.tick('safe_to_use', 'It is connected to a power supply, and safe to use')}
        </Grid>
      </Part>
      <Part title="Safety checks" lead="What was looked at. Take away what does not apply.">
        <Rows<SafetyCheck> rows={form.checks} noun="check" add={emptyCheck} fault={fields['data.safety_checks']} onChange={(checks) => onChange({ checks })}>
          {(row, change, n) => (
            <>
              <Field label="Check" className="sm:col-span-4" error={fields[`data.safety_checks[${n}].check`]}>
                <Input value={row.check} onChange={(event) => change({ check: event.target.value })} />
              </Field>
              <Field label="Status" className="sm:col-span-2" error={fields[`data.safety_checks[${n}].status`]}>
                <Select value={row.status} onChange={(event) => change({ status: event.target.value as SafetyCheck['status'] })}>
                  {outcomes.map(([status, words]) => (
                    <option key={status} value={status}>
                      {words}
                    </option>
                  ))}
                </Select>
              </Field>
              <Field label="Notes" className="sm:col-span-6" error={fields[`data.safety_checks[${n}].notes`]}>
                <Input value={row.notes} onChange={(event) => change({ notes: event.target.value })} />
              </Field>
            </>
          )}
        </Rows>
      </Part>
      <Certifier {...props} />
    </>
  )
}
