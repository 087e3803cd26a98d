import { useQuery } from '@tanstack/react-query'
import type { Account } from '@/api/types'
import { parseTenThousandths } from '@/format/money'
import { accountsQuery, settingsQuery, taxRatesQuery } from '@/sync/queries'
import type { TaxOf } from './line-draft'

export type Side = 'sales' | 'purchases'

/** The accounts that a line of a sale or of a purchase can go to. */
export function useAccounts(side: Side): Account[] {
  const { data } = useQuery(accountsQuery)
  const classes = side === 'sales' ? ['REVENUE'] : ['EXPENSE', 'ASSET']
  return (data ?? []).filter((account) => account.status === 'ACTIVE' && classes.includes(account.class))
}

/** The tax of each account, as the server finds it: that of the account in Xero, or else the rate of the settings. */
export function useTaxOf(side: Side): TaxOf {
  const accounts = useQuery(accountsQuery)
  const rates = useQuery(taxRatesQuery)
  const settings = useQuery(settingsQuery)
  const of = (key: string) => {
    const value = settings.data?.[key]
    return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  }
  return (code) => {
    if (!settings.data || accounts.isPending || rates.isPending) return null
    const chosen = code || of(side === 'sales' ? 'xero_sales_account_code' : 'xero_purchase_account_code')
    const taxType = accounts.data?.find((account) => account.code === chosen)?.tax_type
    const rate = rates.data?.find((one) => one.tax_type === taxType)?.rate
    return parseTenThousandths(rate ?? of(side === 'sales' ? 'default_sales_tax_rate' : 'default_purchase_tax_rate'))
  }
}
