import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { DocumentQuery } from '@/api/client'
import { getInvoice, getInvoices, getUnbilled } from '@/api/client'
import type { Invoice } from '@/api/types'
import { daysOverdue } from '@/records/due'
import { documentKeys } from '@/sync/queries'

/** The unbilled work of all clients, by pages of clients; of one, when given. */
export const unbilledQuery = (client_id?: string) =>
  infiniteQueryOptions({
    queryKey: ['unbilled', 'clients', client_id],
    queryFn: ({ pageParam, signal }) => getUnbilled({ client_id, page: pageParam, limit: 100 }, signal),
    initialPageParam: 1,
    getNextPageParam: ({ pagination }) => (pagination.hasNext ? pagination.page + 1 : undefined),
  })

/** The sums of all unbilled work. */
export const unbilledSumsQuery = queryOptions({ queryKey: ['unbilled', 'sums'], queryFn: ({ signal }) => getUnbilled({ limit: 1 }, signal) })

/** The unbilled work of one client, with the reasons. */
export const unbilledOfQuery = (client: string) =>
  queryOptions({ queryKey: ['unbilled', client], queryFn: ({ signal }) => getUnbilled({ client_id: client }, signal) })

export const invoicesQuery = (query: DocumentQuery) =>
  infiniteQueryOptions({
    queryKey: [...documentKeys.invoice, 'list', query],
    queryFn: ({ pageParam, signal }) => getInvoices({ limit: 50, ...query }, signal, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (slice) => slice.next ?? undefined,
  })

/** What Xero refused. */
export const failedInvoicesQuery = queryOptions({
  queryKey: [...documentKeys.invoice, 'failed'],
  queryFn: ({ signal }) => getInvoices({ sync_status: 'failed', limit: 500 }, signal),
})

/** Whether something of the former product waits to be compared with Xero. */
export const takenOverQuery = queryOptions({
  queryKey: [...documentKeys.invoice, 'taken-over'],
  queryFn: ({ signal }) => getInvoices({ sync_status: 'taken_over', limit: 1 }, signal),
})

export const invoiceQuery = (id: string) =>
  queryOptions({ queryKey: [...documentKeys.invoice, 'one', id], queryFn: ({ signal }) => getInvoice(id, signal) })

/** Every invoice that is overdue, the latest first. */
export const overdueInvoicesQuery = queryOptions({
  queryKey: [...documentKeys.invoice, 'overdue'],
  queryFn: async ({ signal }) => {
    const rows: Invoice[] = []
    for (const status of ['AUTHORISED', 'SUBMITTED']) {
      for (let next: string | undefined; ; ) {
        const slice = await getInvoices({ status, limit: 500 }, signal, next)
        rows.push(...slice.rows.filter((invoice) => daysOverdue(invoice) > 0))
        if (!slice.next) break
        next = slice.next
      }
    }
    return rows.sort((a, b) => daysOverdue(b) - daysOverdue(a))
  },
})
