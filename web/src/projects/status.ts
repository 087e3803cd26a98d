import type { BillingMethod } from '@/api/types'

/** The states of a project in their order; paid is archived. */
export const statuses = [
  { value: 'quoted', words: 'Quoted' },
  { value: 'in-progress', words: 'In progress' },
  { value: 'completed', words: 'Completed' },
  { value: 'invoiced', words: 'Invoiced' },
  { value: 'paid', words: 'Archived' },
]

export const statusWords = (status: string) => statuses.find((other) => other.value === status)?.words ?? status

export const billingMethods: { value: BillingMethod; words: string }[] = [
  { value: 'time_and_materials', words: 'By its hours' },
  { value: 'fixed_price', words: 'At a fixed price' },
  { value: 'non_billable', words: 'Not at all' },
]

export const methodWords = (method: BillingMethod) => billingMethods.find((other) => other.value === method)?.words ?? method
