import { queryOptions } from '@tanstack/react-query'
import type { CreditNote } from '@/api/sales'
import { getCreditNote } from '@/api/sales'
import type { SliceQuery } from '@/api/slices'
import { sliceQuery } from '@/api/slices'

export const creditNotesQuery = (query: SliceQuery) => sliceQuery<CreditNote>(['credit-notes', 'list'], '/api/xero/credit-notes', query)
export const creditNoteQuery = (id: string) => queryOptions({ queryKey: ['credit-notes', 'one', id], queryFn: ({ signal }) => getCreditNote(id, signal) })
