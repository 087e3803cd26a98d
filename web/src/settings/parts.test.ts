import { expect, it } from 'vitest'
import { partOf } from './parts'

it.each([
  ['company_name', 'Company', 'company'],
  ['invoice_prefix', 'Documents', 'documents'],
  ['payment_reminder_schedule', 'Documents', null],
  ['xero_po_status', 'Xero', 'documents'],
  ['smtp_host', 'Mail', 'mail'],
  ['storage_driver', 'Files', null],
  ['something_new', 'Other', 'company'],
])('%s of %s stands in %s', (key, group, part) => expect(partOf({ key, group })).toBe(part))
