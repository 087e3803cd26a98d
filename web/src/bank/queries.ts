import type { BankTransaction } from '@/api/purchases'
import type { SliceQuery } from '@/api/slices'
import { sliceQuery } from '@/api/slices'

export const bankQuery = (query: SliceQuery) => sliceQuery<BankTransaction>(['bank', 'list'], '/api/xero/bank-transactions', query)
