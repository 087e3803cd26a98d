import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Building2, Hand, Pencil, Trash2, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { may, useUser } from '@/api/session'
import type { Client } from '@/api/types'
import { formatDay } from '@/format/calendar'
import { formatMoney, formatQuantity } from '@/format/money'
import { DeleteRecord } from '@/records/delete'
import { deletedFilter, ListPage } from '@/records/list-page'
import { fromPages } from '@/records/rows'
import { NewButton } from '@/ui/record-list'
import { Badge, Empty } from '@/ui/states'
import { rowLink } from '@/ui/table'
import { Tabs } from '@/ui/tabs'
import { ContactRefused } from './contact-refused'
import { ClientForm } from './form'
import { clientsQuery } from './queries'

/** Customers and suppliers. */
export function ClientsPage() {
  const user = useUser()
  const search = useSearch({ from: '/clients' })
  const navigate = useNavigate({ from: '/clients' })
  const [editing, setEditing] = useState<Client | 'new' | null>(null)
  const [deleting, setDeleting] = useState<Client | null>(null)
  const [refused, setRefused] = useState<Client | null>(null)
  const query = { search: search.search, client_type: search.kind, status: search.status, include_deleted: search.deleted ? 'true' : undefined }
  const list = fromPages(
    useQuery({ ...clientsQuery({ ...query, page: search.page ?? 1, limit: 25, sort: search.sort ?? 'name', order: search.sort ? 'desc' : 'asc' }), placeholderData: keepPreviousData }),
  )
  const mayEdit = may(user, 'can_manage_clients')
  const money = may(user, 'can_view_financials')
  const make = mayEdit && <NewButton onClick={() => setEditing('new')}>New client</NewButton>
  const supplying = search.kind === 'supplier'
  return (
    <ListPage<Client>
      title="Clients"
      lead="Customers and suppliers."
      noun={supplying ? 'suppliers' : 'clients'}
      actions={make}
      csv={{ path: '/api/clients', query }}
      banner={
        <Tabs
          label="Kinds"
          name="kind"
          current={search.kind}
          without={['page']}
          tabs={[{ value: undefined, label: 'All' }, { value: 'customer', label: 'Customers' }, { value: 'supplier', label: 'Suppliers' }]}
        />
      }
      filters={[
        { kind: 'search', name: 'search', label: 'Search clients' },
        { kind: 'choice', name: 'status', label: 'Status', options: [{ value: 'active', label: 'Active' }, { value: 'inactive', label: 'Inactive' }] },
        { kind: 'choice', name: 'sort', label: 'Order', all: 'By name', options: [{ value: 'created_at', label: 'Newest first' }, { value: 'total_hours', label: 'Most hours first' }] },
        deletedFilter,
      ]}
      list={list}
      isDeleted={(row) => row.deleted_at !== null}
      keyOf={(row) => row.id}
      nameOf={(row) => row.name}
      rowActions={
        mayEdit
          ? (row) =>
              row.deleted_at
                ? []
                : [
                    { label: 'Edit', icon: <Pencil aria-hidden />, onSelect: () => setEditing(row) },
                    { label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(row) },
                  ]
          : undefined
      }
      columns={[
        {
          head: 'Name', phone: 'title',
          cell: (row) => (
            <Link to="/clients/$id" params={{ id: row.id }} data-row-link className={rowLink}>
              {row.name}
            </Link>
          ),
        },
        { head: 'Contact', cell: (row) => [row.contact_name, row.phone].filter(Boolean).join(' · ') },
        { head: 'Place', cell: (row) => row.location },
        {
          head: 'State', phone: 'badge',
          cell: (row) => (
            <span className="inline-flex flex-wrap items-center gap-1.5">
              {row.client_type && row.client_type !== 'customer' && <Badge>{row.client_type === 'both' ? 'Customer and supplier' : 'Supplier'}</Badge>}
              {row.status !== 'active' && <Badge tone="warn">Inactive</Badge>}
              {row.billing_hold && (
                <Badge tone="warn" icon={<Hand aria-hidden className="size-3.5" />}>
                  On hold
                </Badge>
              )}
              {row.sync_status === 'failed' &&
                (money ? (
                  <button type="button" className="relative z-10 min-h-8 rounded-full" onClick={() => setRefused(row)}>
                    <Badge tone="bad" icon={<TriangleAlert aria-hidden className="size-3.5" />}>
                      Not in Xero
                    </Badge>
                  </button>
                ) : (
                  <Badge tone="bad">Not in Xero</Badge>
                ))}
              {row.xero_contact_id && <Badge tone="good">In Xero</Badge>}
            </span>
          ),
        },
        ...(supplying
          ? []
          : [
              { head: 'Projects', align: 'right' as const, phone: 'none' as const, cell: (row: Client) => row.active_projects },
              { head: 'Hours', align: 'right' as const, cell: (row: Client) => (row.total_hours === '0.00' ? '' : <>{formatQuantity(row.total_hours)}<span className="lg:hidden"> h</span></>) },
            ]),
        ...(supplying && money ? [{ head: 'Spent', align: 'right' as const, phone: 'amount' as const, cell: (row: Client) => formatMoney(row.total_spent) }] : []),
        { head: 'Last work', phone: 'none', className: 'whitespace-nowrap', cell: (row) => <span className="num">{formatDay(row.last_contact)}</span> },
      ]}
      empty={
        <Empty icon={<Building2 aria-hidden />} title="No clients yet" action={make}>
          Work is done and invoiced for clients. Enter the first one.
        </Empty>
      }
    >
      {refused && <ContactRefused client={refused} onClose={() => setRefused(null)} />}
      {editing && (
        <ClientForm
          client={editing === 'new' ? null : editing}
          onSaved={editing === 'new' ? (client) => void navigate({ to: '/clients/$id', params: { id: client.id } }) : undefined}
          onClose={() => setEditing(null)}
        />
      )}
      {deleting && <DeleteRecord kind="client" id={deleting.id} name={deleting.name} path={`/api/clients/${deleting.id}`} onClose={() => setDeleting(null)} />}
    </ListPage>
  )
}
