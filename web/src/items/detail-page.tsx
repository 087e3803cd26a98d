import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Boxes, Pencil } from 'lucide-react'
import { useState } from 'react'
import { ApiError, messageOf } from '@/api/errors'
import type { Item, StockMovement } from '@/api/purchases'
import { deleteItem, setStock } from '@/api/purchases'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import { sliceQuery } from '@/api/slices'
import type { Versioned } from '@/api/versions'
import { formatMinute } from '@/format/calendar'
import { formatMoney, formatQuantity, parseTenThousandths, unitsToText } from '@/format/money'
import { BackLink, Facts, RecordState, Section } from '@/records/record-page'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Menu } from '@/ui/menu'
import { amountFault, QuantityInput } from '@/ui/money-input'
import { Page } from '@/ui/page'
import { Remove } from '@/ui/remove'
import { Badge, Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { Trash2 } from 'lucide-react'
import { ItemForm } from './form'
import { itemQuery } from './queries'

const list = { to: '/items', label: 'Items' } as const

export function ItemPage() {
  const { id } = useParams({ from: '/items/$id' })
  const item = useQuery(itemQuery(id))
  return item.data ? <View versioned={item.data} /> : <RecordState title="Item" back={list} error={item.error} onRetry={() => void item.refetch()} />
}

function View({ versioned }: { versioned: Versioned<Item> }) {
  const { row: item, etag } = versioned
  const navigate = useNavigate()
  const mayWrite = may(useUser(), 'can_create_invoices')
  const [editing, setEditing] = useState(false)
  const [counting, setCounting] = useState(false)
  const [deleting, setDeleting] = useState(false)
  return (
    <Page
      title={item.name}
      lead={
        <>
          <span className="font-mono">{item.code}</span>
          {!item.is_active && (
            <span className="ml-2">
              <Badge>Retired</Badge>
            </span>
          )}
        </>
      }
      back={<BackLink to={list.to}>{list.label}</BackLink>}
      actions={
        mayWrite && (
          <>
            {item.is_tracked && (
              <Button variant="primary" icon={<Boxes aria-hidden className="size-4" />} onClick={() => setCounting(true)}>
                Set stock
              </Button>
            )}
            <Button icon={<Pencil aria-hidden className="size-4" />} onClick={() => setEditing(true)}>
              Edit
            </Button>
            <Menu label={`More actions for ${item.name}`} items={[{ label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(true) }]} />
          </>
        )
      }
    >
      <Facts
        facts={[
          { label: 'Bought at', value: formatMoney(item.purchase_price) },
          { label: 'Sold at', value: formatMoney(item.sale_price) },
          { label: 'In stock', value: item.is_tracked ? formatQuantity(item.stock_level) : 'Not kept in stock' },
          { label: 'Account of purchases', value: item.purchase_account_code },
          { label: 'Account of sales', value: item.sales_account_code },
          { label: 'Description', value: item.description, wide: true },
        ]}
      />
      {item.is_tracked && <Movements item={item} />}
      {editing && <ItemForm item={item} etag={etag} onClose={() => setEditing(false)} />}
      {counting && <SetStock versioned={versioned} onClose={() => setCounting(false)} />}
      {deleting && (
        <Remove
          what={`the item ${item.name}`}
          remove={() => deleteItem(item.id)}
          onRemoved={() => {
            void queryClient.invalidateQueries({ queryKey: ['items'] })
            void navigate({ to: '/items' })
          }}
          onClose={() => setDeleting(false)}
        />
      )}
    </Page>
  )
}

/** What moved the stock, newest first. */
function Movements({ item }: { item: Item }) {
  const movements = useInfiniteQuery(sliceQuery<StockMovement>(['items', 'movements', item.id], `/api/xero/items/${item.id}/movements`, {}))
  const rows = movements.data?.pages.flatMap((page) => page.rows)
  return (
    <Section title="What moved the stock">
      {movements.isError ? (
        <Failure error={movements.error} onRetry={() => void movements.refetch()} />
      ) : !rows ? (
        <Skeleton rows={2} height="h-12" />
      ) : rows.length === 0 ? (
        <p className="card px-4 py-3 text-muted">Nothing yet.</p>
      ) : (
        <ul className="card divide-y divide-line" aria-label="Movements">
          {rows.map((movement) => {
            const came = !movement.quantity.startsWith('-')
            return (
              <li key={movement.id} className="flex min-h-12 flex-wrap items-center gap-x-4 px-4 py-2">
                <span className="num w-44 text-sm text-muted">{formatMinute(movement.created_at)}</span>
                <span className="min-w-0 flex-1 basis-40 break-words">
                  {movement.reason} <span className="text-muted">· {movement.actor}</span>
                </span>
                <span className={`num font-semibold ${came ? 'text-good' : ''}`}>
                  {came && '+'}
                  {formatQuantity(movement.quantity)}
                </span>
              </li>
            )
          })}
        </ul>
      )}
      {movements.hasNextPage && (
        <Button className="self-start" busy={movements.isFetchingNextPage} onClick={() => void movements.fetchNextPage()}>
          Show more
        </Button>
      )}
    </Section>
  )
}

function SetStock({ versioned: { row: item, etag }, onClose }: { versioned: Versioned<Item>; onClose: () => void }) {
  const [level, setLevel] = useState(formatQuantity(item.stock_level))
  const [reason, setReason] = useState('')
  const units = parseTenThousandths(level)
  const change = units === null ? null : units - (parseTenThousandths(item.stock_level) ?? 0)
  const save = useMutation({
    mutationFn: () => setStock(item.id, level, reason.trim() || undefined, etag),
    onSuccess: (saved) => {
      toast(`${formatQuantity(saved.stock_level)} of ${saved.name} in stock.`)
      onClose()
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['items'] }),
  })
  const fields = save.error instanceof ApiError ? save.error.fields : {}
  return (
    <Dialog
      title={`Stock of ${item.name}`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={save.isPending} disabled={!change} onClick={() => save.mutate()}>
            Set stock
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {save.isError && Object.keys(fields).length === 0 && (
          <p role="alert" className="font-medium text-bad">
            {messageOf(save.error)}
          </p>
        )}
        <Field
          label="In stock now"
          error={fields.stock_level ?? amountFault(level, true)}
          hint={change ? `${change > 0 ? '+' : ''}${formatQuantity(unitsToText(change, 4))} against what was written down` : 'As it was written down'}
        >
          <QuantityInput data-autofocus className="max-w-40" value={level} onChange={setLevel} />
        </Field>
        <Field label="Why" error={fields.reason}>
          <Input value={reason} maxLength={255} placeholder="Stocktake" onChange={(event) => setReason(event.target.value)} />
        </Field>
      </div>
    </Dialog>
  )
}
