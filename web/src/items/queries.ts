import { queryOptions, useQuery } from '@tanstack/react-query'
import type { Item } from '@/api/purchases'
import { getItem } from '@/api/purchases'
import type { SliceQuery } from '@/api/slices'
import { getSlice, sliceQuery } from '@/api/slices'
import { formatMoney, formatQuantity } from '@/format/money'
import type { LineItem } from '@/records/line-editor'

export const itemsQuery = (query: SliceQuery) => sliceQuery<Item>(['items', 'list'], '/api/xero/items', query)
export const itemQuery = (id: string) => queryOptions({ queryKey: ['items', 'one', id], queryFn: ({ signal }) => getItem(id, signal) })

/** The price list: every item that can be chosen. */
export const priceListQuery = queryOptions({
  queryKey: ['items', 'price-list'],
  staleTime: 60_000,
  queryFn: async ({ signal }) => {
    const rows: Item[] = []
    for (let next: string | undefined; ; ) {
      const slice = await getSlice<Item>('/api/xero/items', { active_only: true, limit: 500 }, signal, next)
      rows.push(...slice.rows)
      if (!slice.next) return rows
      next = slice.next
    }
  },
})

/** The price list as a line of a sale or of a purchase offers it; undefined while there is nothing on it. */
export function usePriceList(side: 'sales' | 'purchases'): LineItem[] | undefined {
  const { data } = useQuery(priceListQuery)
  if (!data || data.length === 0) return undefined
  return data.map((item) => {
    const price = side === 'sales' ? item.sale_price : item.purchase_price
    return {
      id: item.id,
      label: item.name,
      detail: `${item.code} · ${formatMoney(price)}`,
      description: item.description ?? item.name,
      unit_price: formatQuantity(price),
      account_code: (side === 'sales' ? item.sales_account_code : item.purchase_account_code) ?? '',
    }
  })
}
