import type { Invoice } from '@/api/types'
import { parseCents } from '@/format/money'

/** An invoice that can be paid. Money for a draft says that it was issued. */
export const isPayable = (invoice: Invoice) => ['DRAFT', 'SUBMITTED', 'AUTHORISED'].includes(invoice.status) && (parseCents(invoice.amount_due) ?? 0) > 0

export const invoiceToPay = (invoice: Invoice) =>
  ({ kind: 'invoice', id: invoice.id, number: invoice.invoice_number, party: invoice.client_name, due: invoice.amount_due, currency: invoice.currency }) as const
