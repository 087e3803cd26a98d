import { useMutation, useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { Check, Link2, TriangleAlert, Unplug } from 'lucide-react'
import { useState } from 'react'
import { disconnectXero, getXeroAuthURL } from '@/api/client'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import type { XeroStatus } from '@/api/types'
import { formatAgo, formatInstant } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { LaneBanner, PauseButton } from '@/sync/lane'
import { accountsQuery, taxRatesQuery, xeroStatusQuery } from '@/sync/queries'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/dialog'
import { Detail } from '@/ui/page'
import { Badge, Failure, Notice, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { SyncHealth } from './sync-health'
import { SettingsFrame } from './tabs'

/** The connection to Xero: whose books, how it goes, and what was read from there. */
export function XeroSettingsPage() {
  const search = useSearch({ from: '/settings/xero' })
  const status = useQuery(xeroStatusQuery)
  return (
    <SettingsFrame>
      {search.error && (
        <Notice tone="bad" icon={<TriangleAlert aria-hidden />} title="Xero was not connected">
          {search.error}
        </Notice>
      )}
      {search.connected && status.data?.connected && (
        <Notice tone="good" icon={<Check aria-hidden />} title="Xero is connected">
          Documents that waited are being sent.
        </Notice>
      )}
      <LaneBanner />
      {status.isPending ? <Skeleton /> : status.isError ? <Failure error={status.error} onRetry={() => void status.refetch()} /> : <Connection status={status.data} />}
      {status.data?.connected && <SyncHealth />}
      {status.data?.connected && <FromXero />}
    </SettingsFrame>
  )
}

function Connection({ status }: { status: XeroStatus }) {
  const [disconnecting, setDisconnecting] = useState(false)
  const connect = useMutation({
    mutationFn: getXeroAuthURL,
    onSuccess: ({ url, configured }) => {
      if (configured) location.assign(url)
      else toast('Xero is not configured. Set XERO_CLIENT_ID and XERO_CLIENT_SECRET where the server runs.', 'bad')
    },
    onError: (error) => toast(messageOf(error), 'bad'),
  })
  const disconnect = useMutation({
    mutationFn: disconnectXero,
    onSuccess: ({ message }) => {
      toast(message)
      setDisconnecting(false)
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['xero'] }),
  })
  const { lane, organisation } = status
  return (
    <section aria-labelledby="connection" className="card flex flex-col gap-5 p-5">
      <header className="flex flex-wrap items-center gap-3">
        <h2 id="connection" className="text-lg font-semibold">
          {status.tenant_name ?? 'Connection'}
        </h2>
        {status.connected && status.needs_reconnect === null ? <Badge tone="good">Connected</Badge> : <Badge tone="bad">Not connected</Badge>}
        <div className="ml-auto flex flex-wrap gap-3">
          <PauseButton />
          {status.connected && (
            <Button icon={<Unplug aria-hidden className="size-4" />} onClick={() => setDisconnecting(true)}>
              Disconnect
            </Button>
          )}
          {(!status.connected || status.needs_reconnect) && (
            <Button variant="primary" busy={connect.isPending} disabled={!status.configured} icon={<Link2 aria-hidden className="size-4" />} onClick={() => connect.mutate()}>
              {status.needs_reconnect ? 'Connect again' : 'Connect to Xero'}
            </Button>
          )}
        </div>
      </header>
      {!status.configured && <p className="text-warn">Set XERO_CLIENT_ID and XERO_CLIENT_SECRET where the server runs, then connect here.</p>}
      <dl className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        {organisation && (
          <Detail label="Organisation">
            {organisation.name} · {organisation.country} · {organisation.currency}
          </Detail>
        )}
        <Detail label="Last confirmed document">{status.last_sync ? formatAgo(status.last_sync) : 'None yet'}</Detail>
        <Detail label="Waiting">
          {lane.waiting.count === 0 ? 'Nothing' : `${lane.waiting.count} · ${formatMoney(lane.waiting.amount)}`}
          {lane.waiting.oldest_at && <span className="block text-sm text-muted">oldest {formatAgo(lane.waiting.oldest_at)}</span>}
        </Detail>
        <Detail label="Calls left">
          {lane.minute_remaining ?? '–'} this minute
          <span className="block text-sm text-muted">{lane.day_remaining ?? '–'} today</span>
        </Detail>
        {status.expires_at && <Detail label="Access is renewed by">{formatInstant(status.expires_at)}</Detail>}
      </dl>
      {disconnecting && (
        <Confirm
          title="Disconnect from Xero?"
          action="Disconnect"
          busy={disconnect.isPending}
          error={disconnect.error ? messageOf(disconnect.error) : undefined}
          onConfirm={() => disconnect.mutate()}
          onClose={() => setDisconnecting(false)}
        >
          <p>Documents stay here and wait until Xero is connected again. What is in Xero already stays there.</p>
        </Confirm>
      )}
    </section>
  )
}

/** The accounts and tax rates as they were last read. */
function FromXero() {
  const accounts = useQuery(accountsQuery)
  const rates = useQuery(taxRatesQuery)
  return (
    <div className="grid items-start gap-5 lg:grid-cols-2">
      <section aria-labelledby="accounts" className="card overflow-hidden">
        <h2 id="accounts" className="p-4 pb-2 text-lg font-semibold">
          Accounts in Xero
        </h2>
        {accounts.isError ? (
          <p className="p-4 pt-0 text-bad">{messageOf(accounts.error)}</p>
        ) : (
          <ul className="max-h-96 divide-y divide-line overflow-y-auto" tabIndex={0} aria-label="Accounts in Xero">
            {(accounts.data ?? []).map((account) => (
              <li key={account.code} className="flex gap-4 px-4 py-2">
                <span className="w-14 font-mono text-muted">{account.code}</span>
                <span className="min-w-0 flex-1 truncate">{account.name}</span>
                <span className="text-sm text-muted">{account.tax_type}</span>
              </li>
            ))}
          </ul>
        )}
      </section>
      <section aria-labelledby="rates" className="card overflow-hidden">
        <h2 id="rates" className="p-4 pb-2 text-lg font-semibold">
          Tax rates in Xero
        </h2>
        {rates.isError ? (
          <p className="p-4 pt-0 text-bad">{messageOf(rates.error)}</p>
        ) : (
          <ul className="divide-y divide-line">
            {(rates.data ?? []).map((rate) => (
              <li key={rate.tax_type} className="flex gap-4 px-4 py-2">
                <span className="min-w-0 flex-1 truncate">{rate.name}</span>
                <span className="font-mono text-sm text-muted">{rate.tax_type}</span>
                <span className="num w-16 text-right">{rate.rate} %</span>
              </li>
            ))}
          </ul>
        )}
      </section>
    </div>
  )
}
