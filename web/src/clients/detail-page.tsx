import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Hand, Pencil, ReceiptText, Trash2, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { may, useUser } from '@/api/session'
import type { ClientDetail } from '@/api/work'
import { formatDay } from '@/format/calendar'
import { formatMoney, formatQuantity } from '@/format/money'
import { unbilledOfQuery } from '@/invoices/queries'
import { DeleteRecord } from '@/records/delete'
import { Facts, RecordPage, RecordState, Section } from '@/records/record-page'
import { StatusBadge } from '@/records/status'
import { Button, buttonClass } from '@/ui/button'
import { Badge, Failure, Notice, Skeleton } from '@/ui/states'
import { rowLink, Table } from '@/ui/table'
import { Tabs } from '@/ui/tabs'
import { RelatedDocuments } from '@/work/documents'
import { AppLink, textLink } from '@/work/link'
import { OpenWork } from '@/work/open-work'
import { ReasonSums } from '@/work/reasons'
import { BudgetRing } from '@/work/ring'
import { ContactRefused } from './contact-refused'
import { ClientForm } from './form'
import { clientQuery } from './queries'
import { ClientRates } from './rates'
import { termsWords } from './terms'

const back = { to: '/clients', label: 'Clients' } as const

/** One customer or supplier: who they are, their projects, what they have not been billed, their documents and rates. */
export function ClientPage() {
  const { id } = useParams({ from: '/clients/$id' })
  const { tab, reason } = useSearch({ from: '/clients/$id' })
  const user = useUser()
  const navigate = useNavigate()
  const [editing, setEditing] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const [refused, setRefused] = useState(false)
  const read = useQuery(clientQuery(id))
  if (!read.data) return <RecordState title="Client" back={back} error={read.error} onRetry={() => void read.refetch()} />
  const { row: client, etag } = read.data
  const money = may(user, 'can_view_financials')
  const mayEdit = may(user, 'can_manage_clients')
  const buys = client.client_type !== 'supplier'
  const supplies = client.client_type === 'supplier' || client.client_type === 'both'
  const tabs = [
    { value: undefined, label: 'Overview' },
    ...(money && buys ? [{ value: 'unbilled', label: 'Unbilled' }, { value: 'sales', label: 'Quotes and invoices' }] : []),
    ...(money && supplies ? [{ value: 'purchases', label: 'Orders and bills' }] : []),
    ...(mayEdit && buys ? [{ value: 'rates', label: 'Own rates' }] : []),
  ]
  const shown = tabs.find((one) => one.value === tab)?.value
  return (
    <RecordPage
      kind="client"
      id={id}
      title={client.name}
      lead={client.location}
      back={back}
      badges={
        <>
          {supplies && <Badge>{client.client_type === 'both' ? 'Customer and supplier' : 'Supplier'}</Badge>}
          <StatusBadge status={client.status} />
          {client.billing_hold && (
            <Badge tone="warn" icon={<Hand aria-hidden className="size-3.5" />}>
              On hold
            </Badge>
          )}
          {client.xero_contact_id ? <Badge tone="good">In Xero</Badge> : client.sync_status === 'pending' ? <Badge tone="warn">On the way to Xero</Badge> : null}
          {client.sync_status === 'failed' &&
            (money ? (
              <button type="button" className="min-h-8 rounded-full" onClick={() => setRefused(true)}>
                <Badge tone="bad" icon={<TriangleAlert aria-hidden className="size-3.5" />}>
                  Not in Xero: see why
                </Badge>
              </button>
            ) : (
              <Badge tone="bad">Not in Xero</Badge>
            ))}
        </>
      }
      actions={
        <>
          {buys && may(user, 'can_create_invoices') && !client.billing_hold && (
            <Link to="/unbilled/invoice" search={{ client: id }} className={buttonClass('primary')}>
              <ReceiptText aria-hidden className="size-4" />
              Create invoice
            </Link>
          )}
          {mayEdit && (
            <Button icon={<Pencil aria-hidden className="size-4" />} onClick={() => setEditing(true)}>
              Edit
            </Button>
          )}
        </>
      }
      menu={mayEdit ? [{ label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(true) }] : []}
    >
      {client.billing_hold && (
        <Notice tone="warn" icon={<Hand aria-hidden />} title="Nothing is invoiced to them for now">
          {client.billing_hold}
        </Notice>
      )}
      {tabs.length > 1 && <Tabs label="Parts of the client" name="tab" without={['reason']} current={shown} tabs={tabs} />}
      {shown === undefined && <Overview client={client} money={money} buys={buys} />}
      {shown === 'unbilled' && <Unbilled id={id} reason={reason} />}
      {shown === 'sales' && (
        <>
          <RelatedDocuments kind="quote" query={{ client_id: id }} without="party" />
          <RelatedDocuments kind="invoice" query={{ client_id: id }} without="party" />
        </>
      )}
      {shown === 'purchases' && (
        <>
          <RelatedDocuments kind="purchase_order" query={{ supplier_id: id }} without="party" />
          <RelatedDocuments kind="bill" query={{ supplier_id: id }} without="party" />
        </>
      )}
      {shown === 'rates' && <ClientRates id={id} />}
      {refused && <ContactRefused client={client} onClose={() => setRefused(false)} />}
      {editing && <ClientForm client={client} etag={etag} onClose={() => setEditing(false)} />}
      {deleting && <DeleteRecord kind="client" id={id} name={client.name} path={`/api/clients/${id}`} onDeleted={() => void navigate({ to: '/clients' })} onClose={() => setDeleting(false)} />}
    </RecordPage>
  )
}

const phone = (number: string | null) => number && <a className={textLink} href={`tel:${number.replaceAll(/[^+\d]/g, '')}`}>{number}</a>
const mail = (address: string | null) => address && <a className={textLink} href={`mailto:${address}`}>{address}</a>

function Overview({ client, money, buys }: { client: ClientDetail; money: boolean; buys: boolean }) {
  return (
    <>
      <Facts
        facts={[
          { label: 'Contact', value: client.contact_name },
          { label: 'Phone', value: phone(client.phone) },
          { label: 'E-mail', value: mail(client.email) },
          buys && { label: 'Invoices fall due', value: termsWords(client.payment_terms_type, client.payment_terms_day) },
          { label: 'E-mail for invoices', value: mail(client.billing_email) },
          { label: 'Hours', value: client.total_hours === '0.00' ? null : `${formatQuantity(client.total_hours)} h` },
          { label: 'Last work', value: formatDay(client.last_contact) },
          money && !buys && { label: 'Spent there', value: formatMoney(client.total_spent) },
          { label: 'Address', value: client.address, wide: true },
          { label: 'Address on invoices', value: client.billing_address, wide: true },
          { label: 'Notes', value: client.notes, wide: true },
        ]}
      />
      {buys && (
        <Section
          title="Projects"
          actions={
            client.projects.length > 0 && (
              <AppLink to={`/projects?view=list&client=${client.id}`} className={textLink}>
                All projects
              </AppLink>
            )
          }
        >
          {client.projects.length === 0 ? (
            <p className="rounded-card border border-dashed border-edge px-4 py-3 text-muted">No projects yet</p>
          ) : (
            <Table
              label="Projects"
              rows={client.projects}
              keyOf={(row) => row.id}
              nameOf={(row) => row.name}
              columns={[
                {
                  head: 'Project', phone: 'title',
                  cell: (row) => (
                    <Link to="/projects/$id" params={{ id: row.id }} className={rowLink}>
                      {row.name}
                    </Link>
                  ),
                },
                { head: 'Code', cell: (row) => <span className="font-mono text-sm">{row.code}</span> },
                { head: 'State', phone: 'badge', cell: (row) => <StatusBadge status={row.status} /> },
                ...(money
                  ? [
                      { head: 'Budget', align: 'right' as const, phone: 'amount' as const, cell: (row: ClientDetail['projects'][number]) => (row.budget === '0.00' ? '' : formatMoney(row.budget)) },
                      { head: 'Spent', phone: 'none' as const, cell: (row: ClientDetail['projects'][number]) => <BudgetRing spent={row.actual_cost} budget={row.budget} size={40} /> },
                    ]
                  : []),
              ]}
            />
          )}
        </Section>
      )}
    </>
  )
}

/** What is not billed, by reason, and its entries. */
function Unbilled({ id, reason }: { id: string; reason: string | undefined }) {
  const unbilled = useQuery(unbilledOfQuery(id))
  if (unbilled.isError) return <Failure error={unbilled.error} onRetry={() => void unbilled.refetch()} />
  if (!unbilled.data) return <Skeleton rows={3} />
  const { reasons } = unbilled.data
  const chosen = reasons.find((one) => one.code === reason)
  return (
    <>
      {reasons.length > 0 && (
        <Section title="Why it is unbilled">
          <ReasonSums
            reasons={reasons}
            entries={(code) => (
              <AppLink to={code === reason ? `/clients/${id}?tab=unbilled` : `/clients/${id}?tab=unbilled&reason=${code}`} className={textLink}>
                {code === reason ? 'Show all entries' : 'Show only these entries'}
              </AppLink>
            )}
          />
        </Section>
      )}
      <Section title={chosen ? `Entries: ${chosen.message.toLowerCase()}` : 'Entries, oldest first'}>
        <OpenWork of="clients" id={id} reason={chosen?.code} without={['client']} />
      </Section>
    </>
  )
}
