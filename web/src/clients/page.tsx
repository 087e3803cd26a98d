import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { TriangleAlert } from 'lucide-react'
import { useRef, useState } from 'react'
import { z } from 'zod'
import { createClient, updateClient } from '@/api/client'
import { isPassing } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import type { Client, PaymentTermsType } from '@/api/types'
import { DeleteRecord } from '@/records/delete'
import { Button } from '@/ui/button'
import { Field, Input, Select, Textarea } from '@/ui/field'
import { useZodForm } from '@/ui/form'
import { Page } from '@/ui/page'
import { RecordForm } from '@/ui/record-form'
import { NewButton, Pager, RecordList } from '@/ui/record-list'
import { SearchBox } from '@/ui/search-box'
import { Badge, Empty } from '@/ui/states'
import { toast } from '@/ui/toast'
import { ContactRefused } from './contact-refused'
import { clientsQuery } from './queries'

const again = () => void queryClient.invalidateQueries({ queryKey: ['clients'] })

/** Customers and suppliers. */
export function ClientsPage() {
  const user = useUser()
  const search = useSearch({ from: '/clients' })
  const navigate = useNavigate({ from: '/clients' })
  const [editing, setEditing] = useState<Client | 'new' | null>(null)
  const [deleting, setDeleting] = useState<Client | null>(null)
  const [refused, setRefused] = useState<Client | null>(null)
  const clients = useQuery({
    ...clientsQuery({ search: search.search, client_type: search.kind, page: search.page ?? 1, limit: 25, sort: 'name', order: 'asc' }),
    placeholderData: (before) => before,
  })
  const mayEdit = may(user, 'can_manage_clients')
  return (
    <Page title="Clients" lead="Customers and suppliers." actions={mayEdit && <NewButton onClick={() => setEditing('new')}>New client</NewButton>}>
      <div role="search" className="flex flex-wrap gap-3">
        <SearchBox label="Search clients" value={search.search ?? ''} onChange={(text) => void navigate({ search: (before) => ({ ...before, search: text || undefined, page: undefined }), replace: true })} />
        <Field label="Kind" labelHidden className="w-44">
          <Select
            value={search.kind ?? ''}
            onChange={(event) => void navigate({ search: (before) => ({ ...before, kind: (event.target.value || undefined) as typeof search.kind, page: undefined }), replace: true })}
          >
            <option value="">All</option>
            <option value="customer">Customers</option>
            <option value="supplier">Suppliers</option>
          </Select>
        </Field>
      </div>
      <RecordList
        rows={clients.data?.data}
        error={clients.isLoadingError ? clients.error : null}
        onRetry={() => void clients.refetch()}
        keyOf={(client) => client.id}
        nameOf={(client) => client.name}
        onEdit={mayEdit ? setEditing : undefined}
        onDelete={mayEdit ? setDeleting : undefined}
        empty={<Empty title={search.search ? 'No client matches' : 'No clients yet'}>{!search.search && 'Work is done and invoiced for clients. Enter the first one.'}</Empty>}
        render={(client) => (
          <>
            <div className="min-w-0 flex-1 basis-56">
              <p className="truncate font-medium">{client.name}</p>
              <p className="truncate text-sm text-muted">{[client.contact_name, client.phone, client.email].filter(Boolean).join(' · ') || 'No contact'}</p>
            </div>
            {client.client_type !== 'customer' && client.client_type && <Badge>{client.client_type === 'both' ? 'Customer and supplier' : 'Supplier'}</Badge>}
            {client.status !== 'active' && <Badge tone="warn">{client.status}</Badge>}
            {client.sync_status === 'failed' &&
              (may(user, 'can_view_financials') ? (
                <Button onClick={() => setRefused(client)} icon={<TriangleAlert aria-hidden className="size-4 text-bad" />}>
                  Not in Xero
                </Button>
              ) : (
                <Badge tone="bad">Not in Xero</Badge>
              ))}
            {client.xero_contact_id && <Badge tone="good">In Xero</Badge>}
          </>
        )}
      />
      {clients.data && <Pager {...clients.data.pagination} onPage={(page) => void navigate({ search: (before) => ({ ...before, page }) })} />}
      {refused && <ContactRefused client={refused} onClose={() => setRefused(null)} />}
      {editing && <ClientForm client={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {deleting && <DeleteRecord kind="client" id={deleting.id} name={deleting.name} path={`/api/clients/${deleting.id}`} onClose={() => setDeleting(null)} />}
    </Page>
  )
}

/** When an invoice falls due, in Xero's words and in plain ones. */
const terms: { value: PaymentTermsType; words: string }[] = [
  { value: 'OFFOLLOWINGMONTH', words: 'on this day of the following month' },
  { value: 'OFCURRENTMONTH', words: 'on this day of the same month' },
  { value: 'DAYSAFTERBILLDATE', words: 'days after the invoice date' },
  { value: 'DAYSAFTERBILLMONTH', words: 'days after the end of the invoice month' },
]

const optionalEmail = z.union([z.literal(''), z.email('This is not an e-mail address')])
const schema = z
  .object({
    name: z.string().trim().min(1, 'Enter a name').max(255),
    client_type: z.enum(['customer', 'supplier', 'both']),
    contact_name: z.string(),
    email: optionalEmail,
    phone: z.string(),
    address: z.string(),
    billing_address: z.string(),
    billing_email: optionalEmail,
    payment_terms_type: z.enum(['DAYSAFTERBILLDATE', 'DAYSAFTERBILLMONTH', 'OFCURRENTMONTH', 'OFFOLLOWINGMONTH']),
    payment_terms_day: z.string().regex(/^\d{1,3}$/, 'Enter a number of days'),
    status: z.string(),
    notes: z.string(),
  })
  .refine((v) => !v.payment_terms_type.startsWith('OF') || (Number(v.payment_terms_day) >= 1 && Number(v.payment_terms_day) <= 31), {
    path: ['payment_terms_day'],
    message: 'A day of the month is between 1 and 31',
  })

function ClientForm({ client, onClose }: { client: Client | null; onClose: () => void }) {
  const key = useRef(newId())
  const form = useZodForm(schema, {
    name: client?.name ?? '',
    client_type: client?.client_type ?? 'customer',
    contact_name: client?.contact_name ?? '',
    email: client?.email ?? '',
    phone: client?.phone ?? '',
    address: client?.address ?? '',
    billing_address: client?.billing_address ?? '',
    billing_email: client?.billing_email ?? '',
    payment_terms_type: client?.payment_terms_type ?? 'OFFOLLOWINGMONTH',
    payment_terms_day: String(client?.payment_terms_day ?? 20),
    status: client?.status ?? 'active',
    notes: client?.notes ?? '',
  })
  const { errors } = form.formState
  const save = useMutation({
    mutationFn: (values: z.infer<typeof schema>) => {
      const fields = { ...values, payment_terms_day: Number(values.payment_terms_day) }
      return client ? updateClient(client.id, fields) : createClient(fields, key.current)
    },
    onSuccess: (saved) => {
      toast(`${saved.name} saved.`)
      again()
      onClose()
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
    },
  })
  return (
    <RecordForm title={client ? client.name : 'New client'} form={form} save={save} onClose={onClose}>
      <Field label="Name" error={errors.name?.message}>
        <Input data-autofocus {...form.register('name')} />
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Kind">
          <Select {...form.register('client_type')}>
            <option value="customer">Customer</option>
            <option value="supplier">Supplier</option>
            <option value="both">Customer and supplier</option>
          </Select>
        </Field>
        <Field label="Status">
          <Select {...form.register('status')}>
            <option value="active">Active</option>
            <option value="inactive">Inactive</option>
          </Select>
        </Field>
        <Field label="Contact">
          <Input {...form.register('contact_name')} />
        </Field>
        <Field label="Phone" error={errors.phone?.message}>
          <Input type="tel" {...form.register('phone')} />
        </Field>
      </div>
      <Field label="E-mail" error={errors.email?.message}>
        <Input type="email" {...form.register('email')} />
      </Field>
      <Field label="Address" error={errors.address?.message}>
        <Textarea rows={2} {...form.register('address')} />
      </Field>
      <fieldset className="flex flex-col gap-4 rounded-card border border-line p-4">
        <legend className="px-1 text-sm font-semibold">Invoices</legend>
        <Field label="E-mail for invoices" error={errors.billing_email?.message}>
          <Input type="email" {...form.register('billing_email')} />
        </Field>
        <Field label="Address on invoices" error={errors.billing_address?.message}>
          <Textarea rows={2} {...form.register('billing_address')} />
        </Field>
        <div className="grid grid-cols-[6rem_1fr] gap-3">
          <Field label="Due" error={errors.payment_terms_day?.message}>
            <Input inputMode="numeric" className="num text-right" {...form.register('payment_terms_day')} />
          </Field>
          <Field label="Terms">
            <Select {...form.register('payment_terms_type')}>
              {terms.map((term) => (
                <option key={term.value} value={term.value}>
                  {term.words}
                </option>
              ))}
            </Select>
          </Field>
        </div>
      </fieldset>
      <Field label="Notes">
        <Textarea {...form.register('notes')} />
      </Field>
    </RecordForm>
  )
}
