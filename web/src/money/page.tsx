import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Banknote, Clock, FileText, Hourglass } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { lazy, Suspense, useState } from 'react'
import type { AgedAmounts, AgedKind } from '@/api/purchases'
import { formatMoney, parseCents, sumMoney } from '@/format/money'
import { LaneBanner } from '@/sync/lane'
import { Section } from '@/records/record-page'
import { Button } from '@/ui/button'
import { Page } from '@/ui/page'
import { Failure, Skeleton } from '@/ui/states'
import { agedQuery, summaryQuery } from './queries'

// The plotting library is large; who only looks up a bill need not load it.
const RevenueChart = lazy(() => import('./revenue-chart').then((file) => ({ default: file.RevenueChart })))

/** How the money stands. */
export function MoneyPage() {
  const summary = useQuery(summaryQuery)
  const receivables = useInfiniteQuery(agedQuery('receivables'))
  const owed = receivables.data?.pages.at(-1)?.total
  return (
    <Page title="Money" lead="What is owed, what came in, and what was invoiced.">
      <LaneBanner />
      {summary.isError ? (
        <Failure error={summary.error} onRetry={() => void summary.refetch()} />
      ) : !summary.data ? (
        <Skeleton rows={1} height="h-28" />
      ) : (
        <>
          <div className="grid grid-cols-2 gap-3 lg:grid-cols-4 lg:gap-4">
            <Card label="Outstanding" icon={Hourglass} to="/financials/invoices" amount={formatMoney(summary.data.outstanding_invoices, summary.data.currency)} note={owed && `${owed.documents} ${owed.documents === 1 ? 'invoice' : 'invoices'}`} />
            <Card
              label="Overdue"
              icon={Clock}
              bad={owed !== undefined && overdue(owed) !== '0.00'}
              to="/financials/reminders"
              amount={owed ? formatMoney(overdue(owed), summary.data.currency) : '–'}
              note={owed && overdue(owed) === '0.00' ? 'Nobody is late' : 'Remind them'}
            />
            <Card label="Paid this month" icon={Banknote} to="/financials/payments" amount={formatMoney(summary.data.paid_this_month, summary.data.currency)} note="By clients" />
            <Card
              label="Pending quotes"
              icon={FileText}
              to="/financials/quotes"
              amount={formatMoney(summary.data.pending_quotes.total, summary.data.currency)}
              note={`${summary.data.pending_quotes.count} ${summary.data.pending_quotes.count === 1 ? 'quote' : 'quotes'}`}
            />
          </div>
          <div className="grid items-stretch gap-4 lg:grid-cols-[minmax(0,1.7fr)_minmax(0,1fr)]">
            <section aria-labelledby="revenue" className="card flex flex-col gap-3 p-4">
              <h2 id="revenue" className="text-lg font-semibold">
                Invoiced by month
              </h2>
              <Suspense fallback={<div className="h-64" />}>
                <RevenueChart months={summary.data.revenue_by_month} currency={summary.data.currency} />
              </Suspense>
              <p className="text-sm text-muted">Before tax, less what was credited.</p>
            </section>
            <section aria-labelledby="top" className="card flex flex-col gap-3 p-4">
              <h2 id="top" className="text-lg font-semibold">
                Top clients
              </h2>
              {summary.data.top_clients.length === 0 ? <p className="text-muted">Nothing has been invoiced yet.</p> : <TopClients clients={summary.data.top_clients} currency={summary.data.currency} />}
            </section>
          </div>
        </>
      )}
      <Aged />
    </Page>
  )
}

const overdue = (aged: AgedAmounts) => sumMoney([aged.days_1_30, aged.days_31_60, aged.days_61_90, aged.over_90])

interface CardProps {
  label: string
  icon: LucideIcon
  amount: string
  note: ReactNode
  bad?: boolean
  to: '/financials/invoices' | '/financials/reminders' | '/financials/payments' | '/financials/quotes'
}

function Card({ label, icon: Icon, amount, note, bad = false, to }: CardProps) {
  return (
    <Link to={to} className={`card flex min-w-0 flex-col gap-1 p-4 hover:bg-raised ${bad ? 'border-bad' : ''}`}>
      <span className="flex items-center gap-2 text-sm text-muted">
        <Icon aria-hidden className="size-4 shrink-0" />
        {label}
      </span>
      <span className={`num text-xl font-semibold tracking-tight sm:text-2xl ${bad ? 'text-bad' : ''}`}>{amount}</span>
      <span className="text-sm text-muted">{note}</span>
    </Link>
  )
}

function TopClients({ clients, currency }: { clients: { id: string; name: string; total_revenue: string }[]; currency: string }) {
  const most = Math.max(...clients.map((client) => parseCents(client.total_revenue) ?? 0))
  return (
    <ol className="flex flex-col gap-3">
      {clients.map((client) => (
        <li key={client.id} className="flex flex-col gap-1">
          <span className="flex items-baseline gap-3">
            <Link to="/financials/invoices" search={{ search: client.name }} className="min-w-0 flex-1 truncate hover:underline">
              {client.name}
            </Link>
            <span className="num font-semibold">{formatMoney(client.total_revenue, currency)}</span>
          </span>
          <span aria-hidden className="h-1.5 overflow-hidden rounded-full bg-raised">
            <span className="block h-full rounded-full bg-accent-fill" style={{ width: `${((parseCents(client.total_revenue) ?? 0) / most) * 100}%` }} />
          </span>
        </li>
      ))}
    </ol>
  )
}

const ages: { key: Exclude<keyof AgedAmounts, 'documents' | 'total'>; words: string }[] = [
  { key: 'current', words: 'Not due' },
  { key: 'days_1_30', words: '1–30 days' },
  { key: 'days_31_60', words: '31–60' },
  { key: 'days_61_90', words: '61–90' },
  { key: 'over_90', words: 'Over 90' },
]

/** What is due to us and from us, by how long it has been overdue. */
function Aged() {
  const [kind, setKind] = useState<AgedKind>('receivables')
  const aged = useInfiniteQuery(agedQuery(kind))
  const all = aged.data?.pages.at(-1)
  const clients = aged.data?.pages.flatMap((page) => page.clients) ?? []
  const tab = 'inline-flex min-h-11 items-center border-b-[3px] border-transparent px-1 font-medium text-muted hover:text-ink aria-selected:border-accent aria-selected:text-ink'
  return (
    <Section title="By age">
      <div role="tablist" aria-label="Whose money" className="-mt-2 flex gap-6 border-b border-line">
        <button type="button" role="tab" id="tab-receivables" aria-controls="aged" aria-selected={kind === 'receivables'} className={tab} onClick={() => setKind('receivables')}>
          Clients owe us
        </button>
        <button type="button" role="tab" id="tab-payables" aria-controls="aged" aria-selected={kind === 'payables'} className={tab} onClick={() => setKind('payables')}>
          We owe suppliers
        </button>
      </div>
      <div role="tabpanel" id="aged" aria-labelledby={`tab-${kind}`}>
        {aged.isError ? (
          <Failure error={aged.error} onRetry={() => void aged.refetch()} />
        ) : !all ? (
          <Skeleton rows={3} height="h-10" />
        ) : clients.length === 0 ? (
          <p className="card px-4 py-3 text-muted">{kind === 'receivables' ? 'No client owes anything.' : 'No supplier is owed anything.'}</p>
        ) : (
          <div className="card overflow-x-auto" tabIndex={0} role="region" aria-label={kind === 'receivables' ? 'What clients owe us, by age' : 'What we owe suppliers, by age'}>
            <table className="num w-full border-collapse text-left">
              <thead>
                <tr className="border-b border-line text-sm text-muted">
                  <th scope="col" className="px-4 py-2.5 font-medium">
                    {kind === 'receivables' ? 'Client' : 'Supplier'}
                  </th>
                  {ages.map(({ key, words }) => (
                    <th key={key} scope="col" className="px-4 py-2.5 text-right font-medium whitespace-nowrap">
                      {words}
                    </th>
                  ))}
                  <th scope="col" className="px-4 py-2.5 text-right font-medium">
                    Total
                  </th>
                </tr>
              </thead>
              <tbody className="divide-y divide-line">
                {clients.map((client) => (
                  <tr key={client.id ?? client.name}>
                    <th scope="row" className="px-4 py-2.5 font-medium">
                      {kind === 'receivables' ? (
                        <Link to="/financials/invoices" search={{ search: client.name }} className="hover:underline">
                          {client.name}
                        </Link>
                      ) : (
                        <Link to="/financials/bills" search={{ search: client.name }} className="hover:underline">
                          {client.name}
                        </Link>
                      )}
                    </th>
                    <Amounts amounts={client} currency={all.currency} />
                  </tr>
                ))}
              </tbody>
              <tfoot>
                <tr className="border-t border-line bg-raised font-semibold">
                  <th scope="row" className="px-4 py-2.5">
                    {aged.hasNextPage ? `Total of all ${all.pagination.total}` : 'Total'}
                  </th>
                  <Amounts amounts={all.total} currency={all.currency} />
                </tr>
              </tfoot>
            </table>
          </div>
        )}
      </div>
      {aged.hasNextPage && (
        <Button className="self-start" busy={aged.isFetchingNextPage} onClick={() => void aged.fetchNextPage()}>
          Show more
        </Button>
      )}
    </Section>
  )
}

function Amounts({ amounts, currency }: { amounts: AgedAmounts; currency: string }) {
  return (
    <>
      {ages.map(({ key }) => (
        <td key={key} className={`px-4 py-2.5 text-right whitespace-nowrap ${key === 'over_90' && amounts[key] !== '0.00' ? 'text-bad' : ''}`}>
          {amounts[key] === '0.00' ? <span className="text-muted">–</span> : formatMoney(amounts[key], currency)}
        </td>
      ))}
      <td className="px-4 py-2.5 text-right font-semibold whitespace-nowrap">{formatMoney(amounts.total, currency)}</td>
    </>
  )
}
