import type { Counts, RecordKind } from '@/api/records'

/** What each kind of record is called: one, several. */
export const kindWords: Record<RecordKind, [string, string]> = {
  client: ['client', 'clients'],
  project: ['project', 'projects'],
  timesheet: ['timesheet entry', 'timesheet entries'],
  invoice: ['invoice', 'invoices'],
  purchase_order: ['purchase order', 'purchase orders'],
  quote: ['quote', 'quotes'],
  bill: ['bill', 'bills'],
  expense: ['expense', 'expenses'],
  payment: ['payment', 'payments'],
  credit_note: ['credit note', 'credit notes'],
  project_file: ['file', 'files'],
  safety_document: ['safety document', 'safety documents'],
  document_scan: ['scanned document', 'scanned documents'],
}

export const recordKinds = Object.keys(kindWords) as RecordKind[]

export const isRecordKind = (text: string): text is RecordKind => text in kindWords

/** "Purchase order" */
export const kindTitle = (kind: RecordKind) => capital(kindWords[kind][0])

export const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1)

export const counted = (n: number, [one, several]: readonly [string, string]) => `${n} ${n === 1 ? one : several}`

/** "2 projects, 14 timesheet entries and 1 invoice" */
export function countWords(counts: Counts): string {
  const parts = recordKinds.flatMap((kind) => (counts[kind] ? [counted(counts[kind], kindWords[kind])] : []))
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(parts)
}

/** The same without the record that is deleted itself. */
export function alongWords(counts: Counts, kind: RecordKind): string {
  return countWords({ ...counts, [kind]: Math.max(0, (counts[kind] ?? 0) - 1) })
}
