import { useMutation, useQuery } from '@tanstack/react-query'
import { Navigate, useSearch } from '@tanstack/react-router'
import type { ChangeEvent } from 'react'
import { z } from 'zod'
import { putSetting } from '@/api/client'
import { ApiError } from '@/api/errors'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import type { Settings } from '@/api/types'
import { accountsQuery, settingsQuery, xeroStatusKey } from '@/sync/queries'
import { Button } from '@/ui/button'
import { Field, Input, Select } from '@/ui/field'
import { showFaults, useZodForm } from '@/ui/form'
import { Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { SettingsFrame } from './tabs'

export function CompanySettingsPage() {
  const user = useUser()
  const fromXero = useSearch({ from: '/settings' })
  const mayChange = may(user, 'can_manage_settings')
  const settings = useQuery({ ...settingsQuery, enabled: mayChange })
  if (fromXero.xero_connected || fromXero.xero_error)
    return <Navigate to="/settings/xero" search={{ connected: fromXero.xero_connected, error: fromXero.xero_error && (fromXero.xero_error_msg ?? fromXero.xero_error) }} replace />
  if (!mayChange) return <Navigate to="/settings/xero" replace />
  return (
    <SettingsFrame>
      {settings.isPending ? (
        <Skeleton />
      ) : settings.isError ? (
        <Failure error={settings.error} onRetry={() => void settings.refetch()} />
      ) : (
        <Form settings={settings.data} />
      )}
    </SettingsFrame>
  )
}

const rate = z.string().regex(/^\d{1,2}(\.\d{1,4})?$/, 'Enter a rate in percent, such as 15')
const nextNumber = z.string().regex(/^\d{1,9}$/, 'Enter a whole number')
const prefix = z.string().max(20, 'At most 20 characters')
const schema = z.object({
  company_name: z.string().trim().min(1, 'Enter the name of the firm').max(255),
  timezone: z.string().min(1),
  xero_sales_account_code: z.string(),
  xero_purchase_account_code: z.string(),
  xero_invoice_status: z.enum(['DRAFT', 'AUTHORISED']),
  xero_po_status: z.enum(['DRAFT', 'AUTHORISED']),
  default_sales_tax_rate: rate,
  default_purchase_tax_rate: rate,
  invoice_prefix: prefix,
  invoice_next_number: nextNumber,
  number_padding: z.string().regex(/^([1-9]|10)$/, 'Between 1 and 10'),
  po_prefix: prefix,
  po_next_number: nextNumber,
})
type Values = z.infer<typeof schema>

const defaults: Values = {
  company_name: '', timezone: 'Pacific/Auckland', xero_sales_account_code: '', xero_purchase_account_code: '',
  xero_invoice_status: 'DRAFT', xero_po_status: 'DRAFT', default_sales_tax_rate: '15', default_purchase_tax_rate: '15',
  invoice_prefix: 'INV-', invoice_next_number: '1', number_padding: '5', po_prefix: 'PO-', po_next_number: '1',
}

function valuesOf(settings: Settings): Values {
  const stored = Object.fromEntries(
    Object.keys(defaults)
      .filter((key) => settings[key] !== undefined && settings[key] !== null)
      .map((key) => [key, String(settings[key] as string | number)]),
  )
  return { ...defaults, ...stored }
}

function Form({ settings }: { settings: Settings }) {
  const accounts = useQuery(accountsQuery)
  const before = valuesOf(settings)
  const form = useZodForm(schema, before)
  const { errors } = form.formState
  const save = useMutation({
    mutationFn: async (values: Values) => {
      for (const key of Object.keys(values) as (keyof Values)[]) {
        if (values[key] === before[key]) continue
        try {
          await putSetting(key, values[key])
        } catch (error) {
          // The server speaks of "value"; here the field has the setting's name.
          if (error instanceof ApiError) form.setError(key, { message: error.message }, { shouldFocus: true })
          throw error
        }
      }
    },
    onSuccess: () => toast('Settings saved.'),
    onError: (error) => {
      if (!(error instanceof ApiError)) showFaults(form, error.message)
    },
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: settingsQuery.queryKey })
      void queryClient.invalidateQueries({ queryKey: xeroStatusKey })
    },
  })
  // These two are controlled: their options arrive after the settings, and a
  // select that does not have an option yet would show, and save, no account.
  const chosen = (key: 'xero_sales_account_code' | 'xero_purchase_account_code') => ({
    name: key,
    value: form.watch(key),
    onChange: (event: ChangeEvent<HTMLSelectElement>) => form.setValue(key, event.target.value, { shouldDirty: true }),
  })
  const accountOptions = (kinds: string[], current: string) => {
    const fitting = (accounts.data ?? []).filter((account) => account.status === 'ACTIVE' && kinds.includes(account.class))
    return (
      <>
        <option value="">Choose…</option>
        {fitting.map((account) => (
          <option key={account.code} value={account.code}>
            {account.code} {account.name}
          </option>
        ))}
        {current && !fitting.some((account) => account.code === current) && <option value={current}>{current}</option>}
      </>
    )
  }
  const section = 'card flex flex-col gap-4 p-5'
  return (
    <form noValidate className="flex flex-col gap-5" onSubmit={(event) => void form.handleSubmit((values) => save.mutate(values))(event)}>
      {errors.root && (
        <p role="alert" className="rounded-card bg-bad-soft px-4 py-3 font-medium text-bad">
          {errors.root.message}
        </p>
      )}
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <section aria-labelledby="company" className={section}>
          <h2 id="company" className="text-lg font-semibold">
            Company
          </h2>
          <Field label="Name" error={errors.company_name?.message}>
            <Input {...form.register('company_name')} />
          </Field>
          <Field label="Time zone" hint="Decides which day it is for due dates and periods." error={errors.timezone?.message}>
            <Input list="zones" {...form.register('timezone')} />
          </Field>
          <datalist id="zones">
            {Intl.supportedValuesOf('timeZone').map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </section>
        <section aria-labelledby="xero" className={section}>
          <h2 id="xero" className="text-lg font-semibold">
            Documents in Xero
          </h2>
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Account for sales" error={errors.xero_sales_account_code?.message}>
              <Select {...chosen('xero_sales_account_code')}>{accountOptions(['REVENUE'], before.xero_sales_account_code)}</Select>
            </Field>
            <Field label="Account for purchases" error={errors.xero_purchase_account_code?.message}>
              <Select {...chosen('xero_purchase_account_code')}>{accountOptions(['EXPENSE', 'ASSET'], before.xero_purchase_account_code)}</Select>
            </Field>
            <Field label="Invoices are sent as" error={errors.xero_invoice_status?.message}>
              <Select {...form.register('xero_invoice_status')}>
                <option value="DRAFT">Drafts, to be approved in Xero</option>
                <option value="AUTHORISED">Authorised</option>
              </Select>
            </Field>
            <Field label="Purchase orders are sent as" error={errors.xero_po_status?.message}>
              <Select {...form.register('xero_po_status')}>
                <option value="DRAFT">Drafts, to be approved in Xero</option>
                <option value="AUTHORISED">Authorised</option>
              </Select>
            </Field>
            <Field label="Sales tax in percent" error={errors.default_sales_tax_rate?.message}>
              <Input inputMode="decimal" className="num text-right" {...form.register('default_sales_tax_rate')} />
            </Field>
            <Field label="Purchase tax in percent" error={errors.default_purchase_tax_rate?.message}>
              <Input inputMode="decimal" className="num text-right" {...form.register('default_purchase_tax_rate')} />
            </Field>
          </div>
        </section>
        <section aria-labelledby="numbers" className={`${section} lg:col-span-2`}>
          <h2 id="numbers" className="text-lg font-semibold">
            Numbers
          </h2>
          <div className="grid gap-4 sm:grid-cols-3">
            <Field label="Invoice prefix" error={errors.invoice_prefix?.message}>
              <Input className="font-mono" {...form.register('invoice_prefix')} />
            </Field>
            <Field label="Next invoice number" error={errors.invoice_next_number?.message}>
              <Input inputMode="numeric" className="num font-mono" {...form.register('invoice_next_number')} />
            </Field>
            <Field label="Digits" hint="Shorter numbers get zeros in front." error={errors.number_padding?.message}>
              <Input inputMode="numeric" className="num" {...form.register('number_padding')} />
            </Field>
            <Field label="Purchase order prefix" error={errors.po_prefix?.message}>
              <Input className="font-mono" {...form.register('po_prefix')} />
            </Field>
            <Field label="Next purchase order number" error={errors.po_next_number?.message}>
              <Input inputMode="numeric" className="num font-mono" {...form.register('po_next_number')} />
            </Field>
          </div>
        </section>
      </div>
      <Button type="submit" variant="primary" className="self-start" busy={save.isPending}>
        Save settings
      </Button>
    </form>
  )
}
