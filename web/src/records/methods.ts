import type { PaymentMethod } from '@/api/sales'

/** What each way to pay is called. */
export const methodWords: Record<PaymentMethod, string> = {
  BANK_TRANSFER: 'Bank transfer',
  CREDIT_CARD: 'Card',
  CASH: 'Cash',
  CHECK: 'Cheque',
  ONLINE: 'Online',
}

export const methodOptions = (Object.keys(methodWords) as PaymentMethod[]).map((value) => ({ value, label: methodWords[value] }))
