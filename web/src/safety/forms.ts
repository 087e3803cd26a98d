import type { SafetyType } from '@/api/safety'

export type Risk = '' | 'low' | 'medium' | 'high' | 'critical'

export interface Hazard {
  description: string
  risk_level: Risk
  control_measures: string
  residual_risk: Risk
  responsible: string
}

export interface TestResult {
  test: string
  circuit: string
  result: string
  outcome: '' | 'pass' | 'fail' | 'n/a'
}

export interface SafetyCheck {
  check: string
  status: 'pending' | 'passed' | 'failed' | 'n/a'
  notes: string
}

/** A form as it is typed: every text there is, and the rows of its table. */
export interface Form {
  texts: Record<string, string>
  ticks: Record<string, boolean>
  hazards: Hazard[]
  tests: TestResult[]
  checks: SafetyCheck[]
  /** What the form holds besides, from whoever else has written it. */
  others: Record<string, unknown>
}

/** One text to a line on the screen, a list of texts in the form. */
export const listFields = ['ppe', 'compliance_standards', 'supplier_declarations', 'work_type'] as const
const isList = (name: string) => (listFields as readonly string[]).includes(name)

const textFields: Record<SafetyType, string[]> = {
  jsa: ['job_description', 'location', 'date', 'prepared_by_name', 'ppe', 'emergency_plan', 'notes'],
  electrical_compliance: [
    'certificate_number', 'location', 'description', 'risk_category', 'special_work', 'work_type', 'installation_date', 'installation_date_to', 'supply_system', 'compliance_method',
    'certified_design', 'manufacturer_instructions', 'compliance_standards', 'supplier_declarations', 'inspector_name', 'inspector_license', 'contact', 'supervised', 'inspection_date', 'issue_date',
  ],
  electrical_safety_certificate: [
    'certificate_number', 'location', 'description', 'connection_date', 'coc_reference', 'inspector_name', 'inspector_license', 'contact', 'inspection_date', 'issue_date', 'expiry_date',
  ],
}
const tickFields: Record<SafetyType, string[]> = { jsa: [], electrical_compliance: ['earthing_rated', 'safe_to_connect'], electrical_safety_certificate: ['safe_to_use'] }
const rowsField: Record<SafetyType, string> = { jsa: 'hazards', electrical_compliance: 'testing_results', electrical_safety_certificate: 'safety_checks' }

export const emptyHazard = (): Hazard => ({ description: '', risk_level: '', control_measures: '', residual_risk: '', responsible: '' })
export const emptyTest = (): TestResult => ({ test: '', circuit: '', result: '', outcome: '' })
export const emptyCheck = (): SafetyCheck => ({ check: '', status: 'pending', notes: '' })

/** The tests that AS/NZS 3000, section 8, has done on every installation before it is used. */
export const usualTests = ['Earth continuity', 'Insulation resistance', 'Polarity', 'Correct circuit connections', 'Earth fault loop impedance', 'RCD operation']

/** What is looked at before something is connected: Electricity (Safety) Regulations 2010, regulation 73A. */
export const usualChecks = [
  'Polarity of the supply is correct',
  'Main earth and MEN link are connected',
  'No live part can be touched; covers are in place',
  'RCDs trip',
  'Protection is right for the supply',
  'The certificate of compliance was seen',
]

const usualHazards: Hazard[] = [
  { description: 'Live conductors', risk_level: 'high', control_measures: 'Isolate, lock and tag; prove dead before touching', residual_risk: 'low', responsible: '' },
  { description: 'Working at height', risk_level: 'medium', control_measures: 'Platform ladder on firm ground; nobody below', residual_risk: 'low', responsible: '' },
  { description: 'Slips, trips and lifting', risk_level: 'medium', control_measures: 'Leads tidy, two people for heavy loads', residual_risk: 'low', responsible: '' },
]

/** A new form with what is the same nearly every time. */
export function newForm(type: SafetyType, known: { name: string; licence: string; contact: string; today: string }): Form {
  const form: Form = { texts: Object.fromEntries(textFields[type].map((name) => [name, ''])), ticks: {}, hazards: [], tests: [], checks: [], others: {} }
  if (type === 'jsa') {
    Object.assign(form.texts, { date: known.today, prepared_by_name: known.name, ppe: 'Safety glasses\nInsulating gloves' })
    form.hazards = usualHazards.map((hazard) => ({ ...hazard }))
    return form
  }
  Object.assign(form.texts, { inspector_name: known.name, inspector_license: known.licence, contact: known.contact, inspection_date: known.today })
  if (type === 'electrical_compliance') {
    Object.assign(form.texts, { installation_date: known.today, risk_category: 'general', compliance_method: 'part_2', compliance_standards: 'AS/NZS 3000', supply_system: '230/400 V MEN' })
    form.tests = usualTests.map((test) => ({ ...emptyTest(), test }))
  } else {
    form.texts.connection_date = known.today
    form.checks = usualChecks.map((check) => ({ ...emptyCheck(), check }))
  }
  return form
}

const text = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : Array.isArray(value) ? value.map(text).filter(Boolean).join('\n') : '')
const rows = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter((row): row is Record<string, unknown> => typeof row === 'object' && row !== null) : [])
const oneOf = <T extends string>(value: unknown, words: readonly T[], otherwise: T): T => words.find((word) => word === value) ?? otherwise

/** A stored form, to be typed on; whatever it holds that has no field here stays as it is. */
export function readForm(type: SafetyType, data: Record<string, unknown>): Form {
  const form: Form = { texts: {}, ticks: {}, hazards: [], tests: [], checks: [], others: {} }
  for (const [name, value] of Object.entries(data)) if (![...textFields[type], ...tickFields[type], rowsField[type]].includes(name)) form.others[name] = value
  for (const name of textFields[type]) form.texts[name] = text(data[name])
  for (const name of tickFields[type]) form.ticks[name] = data[name] === true
  const risks = ['low', 'medium', 'high', 'critical'] as const
  form.hazards = rows(data.hazards).map((row) => ({
    description: text(row.description), risk_level: oneOf<Risk>(row.risk_level, risks, ''), control_measures: text(row.control_measures),
    residual_risk: oneOf<Risk>(row.residual_risk, risks, ''), responsible: text(row.responsible),
  }))
  form.tests =
    typeof data.testing_results === 'string' && data.testing_results !== ''
      ? [{ ...emptyTest(), test: 'Results', result: data.testing_results }]
      : rows(data.testing_results).map((row) => ({ test: text(row.test), circuit: text(row.circuit), result: text(row.result), outcome: oneOf<TestResult['outcome']>(row.outcome, ['pass', 'fail', 'n/a'], '') }))
  form.checks = rows(data.safety_checks).map((row) => ({ check: text(row.check), status: oneOf<SafetyCheck['status']>(row.status, ['passed', 'failed', 'n/a'], 'pending'), notes: text(row.notes) }))
  return form
}

/** A typed form, as it is stored. */
export function toData(type: SafetyType, form: Form): Record<string, unknown> {
  const data: Record<string, unknown> = { ...form.others }
  for (const name of textFields[type]) {
    const value = form.texts[name]?.trim() ?? ''
    data[name] = isList(name) ? value.split('\n').map((line) => line.trim()).filter(Boolean) : value
  }
  for (const name of tickFields[type]) data[name] = form.ticks[name] ?? false
  if (type === 'jsa') data.hazards = form.hazards
  else if (type === 'electrical_compliance') data.testing_results = form.tests
  else data.safety_checks = form.checks
  return data
}
