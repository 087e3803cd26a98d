import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ExternalLink, FileText, RotateCcw, Search, SearchX, SlidersHorizontal, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useRef, useState } from 'react'
import { may, useUser } from '@/api/session'
import { formatDay } from '@/format/calendar'
import { formatMoney, sumMoney } from '@/format/money'
import { Button, buttonClass } from '@/ui/button'
import { Field, Input, Select } from '@/ui/field'
import type { MenuItem } from '@/ui/menu'
import { Menu } from '@/ui/menu'
import { useSettled } from '@/ui/now'
import { Badge, Empty, Failure, Skeleton } from '@/ui/states'
import { NextTry, SyncBadge, SyncWarning } from './badge'
import type { SyncedDocument } from './document'
import { documentWords, isGone, statusWords } from './document'
import { ErrorDetails } from './error-details'
import { documentKeys } from './queries'
import { useRetry, useRetryAll } from './retry'
import { causeOf, whoMustAct } from './status'

/** What the list is narrowed to; it stands in the URL. */
export interface DocumentFilter {
  search?: string
  sync?: 'pending' | 'synced' | 'failed'
  status?: string
  from?: string
  to?: string
  deleted?: boolean
}

interface DocumentsProps {
  kind: SyncedDocument['kind']
  filter: DocumentFilter
  statuses: string[]
  rows: SyncedDocument[] | undefined
  error: Error | null
  onRetryLoad: () => void
  hasMore: boolean
  loadingMore: boolean
  onMore: () => void
  /** All that Xero refused, whatever the filter. */
  failed: SyncedDocument[]
  /** What more can be done with a row. */
  moreActions: (document: SyncedDocument) => MenuItem[]
  /** How a row stands besides its way to Xero, in place of its bare status. */
  badges?: (document: SyncedDocument) => ReactNode
  /** More to narrow the list by. */
  moreFilters?: ReactNode
  empty: ReactNode
}

const paths = { invoice: '/financials/invoices', purchase_order: '/financials/purchase-orders' } as const
const detailPaths = { invoice: '/financials/invoices/$id', purchase_order: '/financials/purchase-orders/$id' } as const

/** The invoices or purchase orders with their way to Xero. Keys: / search, j k next and previous, r retry, Enter open. */
export function Documents(props: DocumentsProps) {
  const { kind, filter, rows, failed } = props
  const user = useUser()
  const navigate = useNavigate()
  const [shown, setShown] = useState<SyncedDocument | null>(null)
  const [selected, setSelected] = useState(-1)
  const retry = useRetry()
  const search = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLUListElement>(null)
  const mayChange = may(user, 'can_create_invoices')

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (event.ctrlKey || event.metaKey || event.altKey) return
      if (target.closest('input, select, textarea, dialog, [role=menu]')) return
      const count = rows?.length ?? 0
      const at = rows?.[selected]
      if (event.key === '/') {
        event.preventDefault()
        search.current?.focus()
      } else if ((event.key === 'j' || event.key === 'k') && count > 0) {
        const next = Math.min(count - 1, Math.max(0, selected + (event.key === 'j' ? 1 : -1)))
        setSelected(next)
        list.current?.querySelectorAll<HTMLElement>('[data-row-link]')[next]?.focus()
      } else if (event.key === 'r' && at?.sync.sync_status === 'failed' && mayChange) {
        retry.mutate({ document: at })
      }
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [rows, selected, mayChange, retry])

  const actions = (document: SyncedDocument): MenuItem[] => {
    const items: MenuItem[] = [
      { label: 'View', icon: <FileText aria-hidden />, onSelect: () => void navigate({ to: detailPaths[kind], params: { id: document.id } }) },
    ]
    if (document.sync.sync_status === 'failed') {
      if (mayChange) items.push({ label: 'Retry', icon: <RotateCcw aria-hidden />, onSelect: () => retry.mutate({ document }) })
      items.push({ label: 'View Error Details', icon: <TriangleAlert aria-hidden />, onSelect: () => setShown(document) })
    }
    if (document.sync.xero_url) items.push({ label: 'Open in Xero', icon: <ExternalLink aria-hidden />, href: document.sync.xero_url })
    return [...items, ...props.moreActions(document)]
  }

  return (
    <>
      <Causes documents={failed} mayRetry={mayChange} onShow={setShown} />
      <Filters kind={kind} filter={filter} statuses={props.statuses} searchRef={search} more={props.moreFilters} />
      {props.error ? (
        <Failure error={props.error} onRetry={props.onRetryLoad} />
      ) : !rows ? (
        <Skeleton rows={6} />
      ) : rows.length === 0 ? (
        Object.values(filter).some(Boolean) ? (
          <Empty
            icon={<SearchX aria-hidden />}
            title={`No ${documentWords[kind]} matches`}
            action={
              <Link to={paths[kind]} search={{}} className={buttonClass('secondary')}>
                Clear the filters
              </Link>
            }
          />
        ) : (
          props.empty
        )
      ) : (
        <>
          <ul ref={list} className="card divide-y divide-line" aria-label={`${statusWords(documentWords[kind])}s`}>
            {rows.map((document, i) => (
              <Row
                key={document.id}
                document={document}
                badges={props.badges?.(document)}
                selected={i === selected}
                onFocus={() => setSelected(i)}
                actions={actions(document)}
                onRetry={mayChange && document.sync.sync_status === 'failed' ? () => retry.mutate({ document }) : undefined}
                onError={() => setShown(document)}
              />
            ))}
          </ul>
          {props.hasMore && (
            <Button className="self-center" busy={props.loadingMore} onClick={props.onMore}>
              Show more
            </Button>
          )}
          <p className="hidden text-sm text-muted lg:block">
            Keys: <kbd>/</kbd> search, <kbd>j</kbd> <kbd>k</kbd> next and previous, <kbd>r</kbd> retry, <kbd>Enter</kbd> open
          </p>
        </>
      )}
      {shown && <ErrorDetails document={shown} onClose={() => setShown(null)} />}
    </>
  )
}

interface RowProps {
  document: SyncedDocument
  badges: ReactNode
  selected: boolean
  actions: MenuItem[]
  onFocus: () => void
  onRetry: (() => void) | undefined
  onError: () => void
}

function Row({ document, badges, selected, actions, onFocus, onRetry, onError }: RowProps) {
  const { sync } = document
  const failed = sync.sync_status === 'failed'
  return (
    <li
      onFocus={onFocus}
      className={`relative grid grid-cols-[1fr_auto_auto] items-center gap-x-3 px-4 py-3 lg:grid-cols-[minmax(0,1.5fr)_minmax(0,1fr)_7.5rem_auto_auto] lg:gap-x-5 ${selected ? 'bg-raised' : ''} ${isGone(document.status) ? 'opacity-80' : ''}`}
    >
      <div className="min-w-0">
        <Link
          data-row-link
          to={detailPaths[document.kind]}
          params={{ id: document.id }}
          className="font-mono font-medium text-accent after:absolute after:inset-0 hover:underline"
        >
          {document.number}
        </Link>
        <p className="truncate">{document.party}</p>
        <p className="truncate text-sm text-muted lg:hidden">
          {formatDay(document.date)}
          {!badges && ` · ${statusWords(document.status)}`}
        </p>
        {badges && <div className="mt-1 lg:hidden">{badges}</div>}
      </div>
      <div className="hidden min-w-0 text-sm text-muted lg:block">
        <p className="truncate">{document.project ?? ''}</p>
        <p className="num">
          {formatDay(document.date)}
          {!badges && ` · ${statusWords(document.status)}`}
        </p>
        {badges && <div className="mt-1">{badges}</div>}
      </div>
      <p className="num text-right text-[1.0625rem] font-semibold">{formatMoney(document.total, document.currency)}</p>
      <div className="relative z-10 col-start-3 row-start-1 lg:col-start-5">
        <Menu label={`Actions for ${document.number}`} items={actions} />
      </div>
      <div className="col-span-3 flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1 pt-1 lg:col-span-1 lg:col-start-4 lg:row-start-1 lg:w-72 lg:flex-nowrap lg:justify-end lg:pt-0">
        <NextTry {...sync} />
        <SyncWarning document={sync} total={document.total} />
        {failed && onRetry && (
          <Button className="relative z-10" onClick={onRetry}>
            Retry
          </Button>
        )}
        <SyncBadge id={document.id} sync_status={sync.sync_status} phase={sync.phase} />
      </div>
      {failed && (
        <div className="col-span-full mt-1 flex flex-wrap items-center gap-x-3">
          <p className="min-w-0 text-sm text-bad">{sync.error_message}</p>
          <button type="button" className="relative z-10 min-h-11 text-sm font-medium text-accent underline underline-offset-4" onClick={onError}>
            View Error Details
          </button>
        </div>
      )}
    </li>
  )
}

function Filters({ kind, filter, statuses, searchRef, more }: Pick<DocumentsProps, 'kind' | 'filter' | 'statuses'> & { searchRef: React.RefObject<HTMLInputElement | null>; more: ReactNode }) {
  const navigate = useNavigate()
  const [text, setText] = useState(filter.search ?? '')
  const settled = useSettled(text, 250)
  const set = (change: Partial<DocumentFilter>) =>
    void navigate({
      to: paths[kind],
      search: Object.fromEntries(Object.entries({ ...filter, ...change }).filter(([, value]) => value)),
      replace: true,
    })
  useEffect(() => {
    if (settled.trim() !== (filter.search ?? '')) set({ search: settled.trim() })
    // Only what was typed moves the URL; following the URL here would undo the next letter.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [settled])
  const narrowed = Boolean(filter.sync ?? filter.status ?? filter.from ?? filter.to)
  const [open, setOpen] = useState(narrowed)
  const rest = open ? '' : 'max-lg:hidden'
  return (
    <div role="search" className="grid grid-cols-2 items-end gap-3 lg:grid-cols-[minmax(0,1fr)_11rem_11rem_10rem_10rem]">
      <div className="col-span-2 flex gap-2 lg:col-span-1">
        <Field label="Search number or name" labelHidden className="relative min-w-0 flex-1">
          <Search aria-hidden className="pointer-events-none absolute bottom-3.5 left-3 size-4 text-muted" />
          <Input ref={searchRef} data-page-search type="search" className="pl-9" placeholder="Number, name, reference" value={text} onChange={(event) => setText(event.target.value)} />
        </Field>
        {/* On a phone the list matters more than its filters. */}
        <Button className="lg:hidden" aria-expanded={open} icon={<SlidersHorizontal aria-hidden className="size-4" />} onClick={() => setOpen(!open)}>
          Filter
        </Button>
      </div>
      <Field label="Sync" className={rest}>
        <Select value={filter.sync ?? ''} onChange={(event) => set({ sync: event.target.value as DocumentFilter['sync'] })}>
          <option value="">All</option>
          <option value="pending">Pending Sync</option>
          <option value="synced">Synced</option>
          <option value="failed">Sync Failed</option>
        </Select>
      </Field>
      <Field label="Status" className={rest}>
        <Select value={filter.status ?? ''} onChange={(event) => set({ status: event.target.value })}>
          <option value="">All</option>
          {statuses.map((status) => (
            <option key={status} value={status}>
              {statusWords(status)}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="From" className={rest}>
        <Input type="date" value={filter.from ?? ''} onChange={(event) => set({ from: event.target.value })} />
      </Field>
      <Field label="To" className={rest}>
        <Input type="date" value={filter.to ?? ''} onChange={(event) => set({ to: event.target.value })} />
      </Field>
      {more && <div className={`col-span-2 lg:col-span-full lg:-mt-3 ${rest}`}>{more}</div>}
    </div>
  )
}

/** One card for each cause for which Xero refused documents, with how much money it holds up. */
function Causes({ documents, mayRetry, onShow }: { documents: SyncedDocument[]; mayRetry: boolean; onShow: (document: SyncedDocument) => void }) {
  const retryAll = useRetryAll()
  const cache = useQueryClient()
  const causes = Map.groupBy(documents, (document) => causeOf(document.sync.error_message, document.number))
  if (causes.size === 0) return null
  return (
    <section aria-label="Refused by Xero" className="grid gap-3 lg:grid-cols-2">
      {[...causes].map(([cause, refused]) => {
        const first = refused[0]
        if (!first) return null
        return (
          <article key={cause} className="card flex flex-col gap-2 border-bad p-4">
            <p className="num flex flex-wrap items-center gap-x-3 text-sm">
              <Badge tone="bad">
                {refused.length} {refused.length === 1 ? documentWords[first.kind] : `${documentWords[first.kind]}s`}
              </Badge>
              <span className="font-semibold">{formatMoney(sumMoney(refused.map((document) => document.total)), first.currency)} held up</span>
            </p>
            <p className="font-medium break-words">{cause}</p>
            <p className="text-sm text-muted">{whoMustAct(first.sync.who_must_act)}</p>
            <div className="mt-auto flex flex-wrap gap-2 pt-1">
              {mayRetry && (
                <Button
                  busy={retryAll.isPending}
                  icon={<RotateCcw aria-hidden className="size-4" />}
                  onClick={() => retryAll.mutate(refused, { onSettled: () => void cache.invalidateQueries({ queryKey: documentKeys[first.kind] }) })}
                >
                  {refused.length === 1 ? (
                    <>
                      Retry<span className="sr-only"> {first.number}</span>
                    </>
                  ) : (
                    `Retry all ${refused.length}`
                  )}
                </Button>
              )}
              <Button variant="ghost" onClick={() => onShow(first)}>
                View Error Details
              </Button>
            </div>
          </article>
        )
      })}
    </section>
  )
}
