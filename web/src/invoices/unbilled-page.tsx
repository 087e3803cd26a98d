import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { ChevronDown, CircleCheck, ReceiptText, Sparkles, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { may, useUser } from '@/api/session'
import type { Ages, ReasonSum, Unbilled, UnbilledClient } from '@/api/types'
import { getWorkBalance } from '@/api/work'
import { formatShortDay } from '@/format/calendar'
import { formatMoney, formatQuantity, parseCents, sumMoney } from '@/format/money'
import { LaneBanner } from '@/sync/lane'
import { JustSent } from '@/sync/just-sent'
import { Button, buttonClass } from '@/ui/button'
import { Disclosure } from '@/ui/disclosure'
import { Checkbox } from '@/ui/field'
import { Page } from '@/ui/page'
import { Empty, Failure, Skeleton } from '@/ui/states'
import { AppLink, textLink } from '@/work/link'
import { ReasonBadge, ReasonSums } from '@/work/reasons'
import { BatchDialog } from './batch-dialog'
import { unbilledQuery } from './queries'

const ages: { key: keyof Ages; words: string; fill: string }[] = [
  { key: '0_30', words: '0–30 days', fill: 'bg-[#1793b3] dark:bg-[#00a9cc]' },
  { key: '31_60', words: '31–60', fill: 'bg-[#c99312] dark:bg-[#d9a529]' },
  { key: '61_90', words: '61–90', fill: 'bg-[#d0661b] dark:bg-[#e37f38]' },
  { key: 'over_90', words: 'Over 90', fill: 'bg-[#b3232b] dark:bg-[#dd4f55]' },
]

/** The work that nobody was invoiced for yet, by client and by age. */
export function UnbilledPage() {
  const user = useUser()
  const { client_id } = useSearch({ from: '/unbilled' })
  const unbilled = useInfiniteQuery(unbilledQuery(client_id))
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const [batch, setBatch] = useState<UnbilledClient[] | null>(null)
  const mayInvoice = may(user, 'can_create_invoices')
  const clients = unbilled.data?.pages.flatMap((page) => page.clients) ?? []
  const all = unbilled.data?.pages.at(-1)
  const reasons = all?.reasons ?? []
  const chosen = clients.filter((client) => picked.has(client.client_id))

  const pick = (id: string, on: boolean) => {
    const next = new Set(picked)
    if (on) next.add(id)
    else next.delete(id)
    setPicked(next)
  }

  return (
    <Page title="Unbilled work" lead="Hours that are on no invoice yet, oldest first.">
      <LaneBanner />
      <JustSent />
      {unbilled.isPending ? (
        <Skeleton rows={5} height="h-24" />
      ) : unbilled.isError ? (
        <Failure error={unbilled.error} onRetry={() => void unbilled.refetch()} />
      ) : clients.length === 0 && reasons.length === 0 ? (
        <Empty icon={<Sparkles aria-hidden />} title="Everything is billed">
          New hours appear here as soon as they are entered.
        </Empty>
      ) : (
        <>
          {client_id ? (
            <p>
              <Link to="/unbilled" className={textLink}>
                Show all clients
              </Link>
            </p>
          ) : (
            all && clients.length > 0 && <Totals all={all} />
          )}
          <Why reasons={reasons} balance={!client_id} />
          {mayInvoice && clients.length > 0 && (
            <div className="-my-2 flex flex-wrap items-center gap-x-4">
              <Checkbox
                checked={chosen.length === clients.length}
                ref={(box) => {
                  if (box) box.indeterminate = chosen.length > 0 && chosen.length < clients.length
                }}
                onChange={(event) => setPicked(event.target.checked ? new Set(clients.map((client) => client.client_id)) : new Set())}
              >
                <span className="text-sm font-medium">{unbilled.hasNextPage ? 'Choose all that are shown' : 'Choose all'}</span>
              </Checkbox>
              {chosen.length > 0 && (
                <Button variant="primary" className="ml-auto" onClick={() => setBatch(chosen)}>
                  Create {chosen.length} {chosen.length === 1 ? 'invoice' : 'invoices'} · {formatMoney(sumMoney(chosen.map((client) => client.ready_total)))}
                </Button>
              )}
            </div>
          )}
          <ul className="flex flex-col gap-3">
            {clients.map((client) => (
              <ClientCard
                key={client.client_id}
                client={client}
                mayInvoice={mayInvoice}
                picked={picked.has(client.client_id)}
                onPick={(on) => pick(client.client_id, on)}
              />
            ))}
          </ul>
          {unbilled.hasNextPage && all && (
            <div className="flex flex-wrap items-center gap-3">
              <Button busy={unbilled.isFetchingNextPage} onClick={() => void unbilled.fetchNextPage()}>
                Show more clients
              </Button>
              <p className="num text-sm text-muted">
                {clients.length} of {all.pagination.total} clients
              </p>
            </div>
          )}
        </>
      )}
      {batch && (
        <BatchDialog
          clients={batch}
          onClose={() => {
            setBatch(null)
            setPicked(new Set())
          }}
        />
      )}
    </Page>
  )
}

/** Why work is unbilled, summed by reason, and whether billed and explained work are all there is. */
function Why({ reasons, balance }: { reasons: ReasonSum[]; balance: boolean }) {
  if (reasons.length === 0) return null
  return (
    <Disclosure
      title={
        <span className="flex flex-wrap items-center gap-x-2 gap-y-1 py-1.5">
          Why it is unbilled
          {reasons.map((reason) => (
            <span key={reason.code} className="inline-flex items-center gap-1.5 text-sm font-normal text-muted">
              <ReasonBadge code={reason.code} /> {formatMoney(reason.total)}
            </span>
          ))}
        </span>
      }
    >
      {() => (
        <div className="flex flex-col gap-4 p-4">
          <ReasonSums
            reasons={reasons}
            entries={(code) => {
              const link = reasons.find((reason) => reason.code === code)?.link
              // What is ready stands on this page.
              return link && link !== '/unbilled' && (
                <AppLink to={link} className={textLink}>
                  Go there
                </AppLink>
              )
            }}
          />
          {balance && <Balance />}
        </div>
      )}
    </Disclosure>
  )
}

/** Billed and explained work beside all work. */
function Balance() {
  const balance = useQuery({ queryKey: ['unbilled', 'balance'], queryFn: ({ signal }) => getWorkBalance(signal) })
  if (balance.isError) return <Failure error={balance.error} onRetry={() => void balance.refetch()} />
  if (!balance.data) return <Skeleton rows={1} height="h-10" />
  const { all, billed, explained, balanced } = balance.data
  return (
    <p className="num flex flex-wrap items-center gap-x-2 gap-y-1">
      {balanced ? <CircleCheck aria-hidden className="size-4 text-good" /> : <TriangleAlert aria-hidden className="size-4 text-bad" />}
      <span>
        Billed {formatMoney(billed.total)} + explained {formatMoney(explained.total)} {balanced ? '=' : '≠'} all work {formatMoney(all.total)}
      </span>
      <span className="text-muted">
        ({formatQuantity(billed.hours)} h + {formatQuantity(explained.hours)} h {balanced ? '=' : '≠'} {formatQuantity(all.hours)} h)
      </span>
    </p>
  )
}

function Totals({ all }: { all: Unbilled }) {
  const { total, ready_total: ready, ages: sums } = all
  const clients = all.pagination.total
  return (
    <section aria-label="Total" className="card grid gap-x-8 gap-y-4 p-5 lg:grid-cols-[auto_1fr] lg:items-center">
      <div>
        <p className="num text-4xl font-semibold tracking-tight">{formatMoney(total)}</p>
        <p className="num text-muted">
          {formatQuantity(all.hours)} hours · {clients} {clients === 1 ? 'client' : 'clients'} · before tax
        </p>
        {ready !== total && <p className="num font-medium text-good">{formatMoney(ready)} can be invoiced now</p>}
      </div>
      <div className="flex min-w-0 flex-col gap-2">
        <AgeBar amounts={sums} className="h-3" />
        <dl className="grid grid-cols-2 gap-x-6 gap-y-1 sm:grid-cols-4">
          {ages.map(({ key, words, fill }) => (
            <div key={key}>
              <dt className="flex items-center gap-2 text-sm text-muted">
                <span aria-hidden className={`size-2.5 rounded-xs ${fill}`} />
                {words}
              </dt>
              <dd className="num font-semibold">{formatMoney(sums[key])}</dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  )
}

function AgeBar({ amounts, className = 'h-2' }: { amounts: Ages; className?: string }) {
  return (
    <div aria-hidden className={`flex gap-0.5 overflow-hidden rounded-full ${className}`}>
      {ages.map(({ key, fill }) => {
        const cents = parseCents(amounts[key]) ?? 0
        return cents > 0 && <span key={key} className={`min-w-1.5 ${fill}`} style={{ flexGrow: cents }} />
      })}
    </div>
  )
}

interface ClientCardProps {
  client: UnbilledClient
  mayInvoice: boolean
  picked: boolean
  onPick: (on: boolean) => void
}

function ClientCard({ client, mayInvoice, picked, onPick }: ClientCardProps) {
  const [open, setOpen] = useState(false)
  const late = sumMoney([client.ages['61_90'], client.ages.over_90])
  return (
    <li className={`card overflow-hidden ${picked ? 'border-accent' : ''}`}>
      <div className="grid grid-cols-[auto_1fr_auto] items-center gap-x-3 gap-y-2 p-4 lg:grid-cols-[auto_minmax(0,1.4fr)_minmax(0,1fr)_8rem_auto] lg:gap-x-5">
        {mayInvoice ? <Checkbox aria-label={`Choose ${client.client_name}`} checked={picked} onChange={(event) => onPick(event.target.checked)} className="justify-center" /> : <span />}
        <div className="col-span-2 min-w-0 lg:col-span-1">
          <h2 className="font-sans text-base font-semibold">{client.client_name}</h2>
          <p className="num text-sm text-muted">
            {formatQuantity(client.hours)} h · {client.timesheets_count} {client.timesheets_count === 1 ? 'entry' : 'entries'} · since {formatShortDay(client.oldest_date)}
          </p>
        </div>
        <div className="col-span-2 min-w-0 lg:col-span-1">
          <AgeBar amounts={client.ages} />
          <p className="num mt-1 truncate text-sm text-muted">
            {late === '0.00' ? `Oldest ${client.age_days} days` : `${formatMoney(late)} over 60 days`}
          </p>
        </div>
        <div className="num text-right">
          <p className="text-lg font-semibold">{formatMoney(client.total)}</p>
          {client.ready_total !== client.total && <p className="text-sm text-muted">{formatMoney(client.ready_total)} ready</p>}
        </div>
        <div className="col-span-3 flex justify-between gap-2 lg:col-span-1">
          <Button variant="ghost" className="px-3" aria-expanded={open} onClick={() => setOpen(!open)}>
            {client.projects.length} {client.projects.length === 1 ? 'project' : 'projects'}
            <ChevronDown aria-hidden className={`size-4 transition ${open ? 'rotate-180' : ''}`} />
          </Button>
          {mayInvoice && (
            <Link to="/unbilled/invoice" search={{ client: client.client_id }} className={buttonClass('primary')} aria-label={`Create invoice for ${client.client_name}`}>
              <ReceiptText aria-hidden className="size-4" />
              Create invoice
            </Link>
          )}
        </div>
      </div>
      {open && (
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line bg-raised px-5 py-2">
          {client.reasons.map((reason) => (
            <span key={reason.code} className="num inline-flex items-center gap-1.5 text-sm text-muted">
              <ReasonBadge code={reason.code} /> {formatMoney(reason.total)}
            </span>
          ))}
          <Link to="/clients/$id" params={{ id: client.client_id }} search={{ tab: 'unbilled' }} className={textLink}>
            Entries and reasons
          </Link>
        </p>
      )}
      {open && (
        <ul className="divide-y divide-line border-t border-line bg-raised">
          {client.projects.map((project) => (
            <li key={project.project_id} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2 pr-4 pl-5">
              <span className="min-w-0 flex-1 basis-48">
                <span className="font-mono text-sm text-muted">{project.project_code}</span> {project.project_name}
              </span>
              <span className="num text-sm text-muted">
                {formatQuantity(project.hours)} h · since {formatShortDay(project.oldest_date)}
              </span>
              <span className="num font-semibold">{formatMoney(project.total)}</span>
              {mayInvoice && (
                <Link
                  to="/unbilled/invoice"
                  search={{ client: client.client_id, project: project.project_id }}
                  className="inline-flex min-h-11 items-center font-medium text-accent underline-offset-4 hover:underline"
                >
                  Only this project
                </Link>
              )}
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}
