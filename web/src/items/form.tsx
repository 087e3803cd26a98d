import { useMutation } from '@tanstack/react-query'
import { useRef } from 'react'
import { Controller } from 'react-hook-form'
import { z } from 'zod'
import { isPassing } from '@/api/errors'
import { newId } from '@/api/ids'
import type { Item } from '@/api/purchases'
import { createItem, updateItem } from '@/api/purchases'
import { queryClient } from '@/api/query'
import { formatQuantity, parseTenThousandths } from '@/format/money'
import { useAccounts } from '@/records/tax'
import { Checkbox, Field, Input, Select, Textarea } from '@/ui/field'
import { useZodForm } from '@/ui/form'
import { QuantityInput } from '@/ui/money-input'
import { RecordForm } from '@/ui/record-form'
import { toast } from '@/ui/toast'

const price = z.string().refine((text) => (parseTenThousandths(text || '0') ?? -1) >= 0, 'Not a price')
const schema = z.object({
  code: z.string().trim().min(1, 'Enter a code').max(30, 'At most 30 characters'),
  name: z.string().trim().min(1, 'Enter a name').max(50, 'At most 50 characters'),
  description: z.string(),
  purchase_price: price,
  sale_price: price,
  is_tracked: z.boolean(),
  stock_level: price,
  purchase_account_code: z.string(),
  sales_account_code: z.string(),
  is_active: z.boolean(),
})

/** A new item, or a change of one. Its stock is set on its page. */
export function ItemForm({ item, etag = null, onClose }: { item: Item | null; etag?: string | null; onClose: () => void }) {
  const key = useRef(newId())
  const sales = useAccounts('sales')
  const purchases = useAccounts('purchases')
  const form = useZodForm(schema, {
    code: item?.code ?? '',
    name: item?.name ?? '',
    description: item?.description ?? '',
    purchase_price: item ? formatQuantity(item.purchase_price) : '',
    sale_price: item ? formatQuantity(item.sale_price) : '',
    is_tracked: item?.is_tracked ?? false,
    stock_level: '0',
    purchase_account_code: item?.purchase_account_code ?? '',
    sales_account_code: item?.sales_account_code ?? '',
    is_active: item?.is_active ?? true,
  })
  const { errors } = form.formState
  const tracked = form.watch('is_tracked')
  const save = useMutation({
    mutationFn: ({ stock_level, ...values }: z.infer<typeof schema>) => {
      const body = { ...values, purchase_price: values.purchase_price || '0', sale_price: values.sale_price || '0' }
      return item ? updateItem(item.id, body, etag) : createItem({ ...body, stock_level: body.is_tracked ? stock_level || '0' : undefined }, key.current)
    },
    onSuccess: (saved) => {
      toast(`${saved.name} saved.`)
      void queryClient.invalidateQueries({ queryKey: ['items'] })
      onClose()
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
    },
  })
  const account = (name: 'sales_account_code' | 'purchase_account_code', accounts: typeof sales) => (
    <Select {...form.register(name)}>
      <option value="">As set in settings</option>
      {accounts.map(({ code, name: words }) => (
        <option key={code} value={code}>
          {code} {words}
        </option>
      ))}
    </Select>
  )
  const amount = (name: 'purchase_price' | 'sale_price' | 'stock_level') => (
    <Controller control={form.control} name={name} render={({ field }) => <QuantityInput value={field.value} onChange={field.onChange} onBlur={field.onBlur} />} />
  )
  return (
    <RecordForm title={item ? item.name : 'New item'} form={form} save={save} onClose={onClose}>
      <div className="grid gap-4 sm:grid-cols-[10rem_1fr]">
        <Field label="Code" error={errors.code?.message}>
          <Input data-autofocus className="font-mono" maxLength={30} {...form.register('code')} />
        </Field>
        <Field label="Name" error={errors.name?.message}>
          <Input maxLength={50} {...form.register('name')} />
        </Field>
      </div>
      <Field label="Description" hint="What stands in the line of a document." error={errors.description?.message}>
        <Textarea rows={2} {...form.register('description')} />
      </Field>
      <div className="grid grid-cols-2 gap-4">
        <Field label="Bought at" error={errors.purchase_price?.message}>
          {amount('purchase_price')}
        </Field>
        <Field label="Sold at" error={errors.sale_price?.message}>
          {amount('sale_price')}
        </Field>
        <Field label="Account of purchases" className="max-sm:col-span-2" error={errors.purchase_account_code?.message}>
          {account('purchase_account_code', purchases)}
        </Field>
        <Field label="Account of sales" className="max-sm:col-span-2" error={errors.sales_account_code?.message}>
          {account('sales_account_code', sales)}
        </Field>
      </div>
      <div className="flex flex-col">
        <Checkbox {...form.register('is_tracked')}>Kept in stock</Checkbox>
        <Checkbox {...form.register('is_active')}>Can be chosen for new documents</Checkbox>
      </div>
      {!item && tracked && (
        <Field label="In stock now" className="w-40" error={errors.stock_level?.message}>
          {amount('stock_level')}
        </Field>
      )}
    </RecordForm>
  )
}
