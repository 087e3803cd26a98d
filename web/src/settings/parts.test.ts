import { expect, it } from 'vitest'
import { inBytes, partOf } from './parts'

it.each([
  ['company_name', 'Company', 'company'],
  ['invoice_prefix', 'Documents', 'documents'],
  ['payment_reminder_schedule', 'Documents', null],
  ['xero_po_status', 'Xero', 'documents'],
  ['smtp_host', 'Mail', 'mail'],
  ['storage_driver', 'Files', null],
  ['something_new', 'Other', 'company'],
])('%s of %s stands in %s', (key, group, part) => expect(partOf({ key, group })).toBe(part))

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [123_456, '123 kB'],
  [2_500_000_000, '2.5 GB'],
])('%d bytes are %s', (bytes, words) => expect(inBytes(bytes)).toBe(words))
