import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Archive, CheckCheck, Link2, Send } from 'lucide-react'
import { useState } from 'react'
import { ApiError, messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import { releaseDocument, releaseDocuments } from '@/api/release'
import { may, useUser } from '@/api/session'
import type { Invoice, PurchaseOrder } from '@/api/types'
import { formatDay } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { invoicesQuery } from '@/invoices/queries'
import { purchaseOrdersQuery } from '@/purchasing/queries'
import { BackLink, Section } from '@/records/record-page'
import type { SyncedDocument } from '@/sync/document'
import { documentWords, invoiceDocument, purchaseOrderDocument } from '@/sync/document'
import { documentKeys } from '@/sync/queries'
import { Button } from '@/ui/button'
import { Confirm, Dialog } from '@/ui/dialog'
import { Checkbox, Field, Input } from '@/ui/field'
import { Page } from '@/ui/page'
import { Empty, Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'

const query = { sync_status: 'taken_over' }
const again = () => Promise.all([documentKeys.invoice, documentKeys.purchase_order, ['xero'], ['money']].map((queryKey) => queryClient.invalidateQueries({ queryKey })))

/** Documents of the former product of which nobody knows whether they are in Xero: a person looks there and says. */
export function TakenOverPage() {
  const mayWrite = may(useUser(), 'can_create_invoices')
  const invoices = useInfiniteQuery(invoicesQuery(query))
  const orders = useInfiniteQuery(purchaseOrdersQuery(query))
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const [asking, setAsking] = useState<'send' | 'keep' | null>(null)
  const [linking, setLinking] = useState<SyncedDocument | null>(null)
  const documents = [
    ...(invoices.data?.pages.flatMap((page) => page.rows).map((row: Invoice) => invoiceDocument(row)) ?? []),
    ...(orders.data?.pages.flatMap((page) => page.rows).map((row: PurchaseOrder) => purchaseOrderDocument(row)) ?? []),
  ]
  const chosen = documents.filter((document) => picked.has(document.id))
  const release = useMutation({
    mutationFn: (action: 'send' | 'keep') => releaseDocuments(chosen.slice(0, 500).map((document) => document.id), action),
    onSuccess: (results) => {
      const refused = results.filter((result) => !result.released)
      if (refused.length > 0) toast(`${refused.length} of ${results.length} could not be released: ${refused[0]?.error ?? ''}`, 'bad')
      else toast(`${results.length} ${results.length === 1 ? 'document is' : 'documents are'} settled.`)
      setPicked(new Set())
      setAsking(null)
    },
    onSettled: again,
  })
  const more = invoices.hasNextPage || orders.hasNextPage
  const error = invoices.error ?? orders.error
  return (
    <Page
      title="Taken over: compare with Xero"
      lead="These came from the former product, which never knew whether Xero had recorded them. Look for each in Xero, then say what it is. Nothing is sent before."
      back={<BackLink to="/financials/invoices">Invoices</BackLink>}
    >
      {error ? (
        <Failure error={error} onRetry={() => void Promise.all([invoices.refetch(), orders.refetch()])} />
      ) : invoices.isPending || orders.isPending ? (
        <Skeleton rows={4} />
      ) : documents.length === 0 ? (
        <Empty icon={<CheckCheck aria-hidden />} title="Every document is settled">
          After an upgrade from the former product, what may be in Xero already stands here.
        </Empty>
      ) : (
        <Section
          title={`${documents.length}${more ? '+' : ''} to compare`}
          actions={
            mayWrite && (
              <>
                <Button disabled={chosen.length === 0} icon={<Archive aria-hidden className="size-4" />} onClick={() => setAsking('keep')}>
                  Keep here only
                </Button>
                <Button variant="primary" disabled={chosen.length === 0} icon={<Send aria-hidden className="size-4" />} onClick={() => setAsking('send')}>
                  Send to Xero
                </Button>
              </>
            )
          }
        >
          <ul className="card divide-y divide-line" aria-label="Taken over">
            {documents.map((document) => (
              <li key={document.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2 pr-2 pl-4">
                {mayWrite && (
                  <Checkbox
                    aria-label={`Choose ${document.number}`}
                    checked={picked.has(document.id)}
                    onChange={(event) => {
                      const next = new Set(picked)
                      if (event.target.checked) next.add(document.id)
                      else next.delete(document.id)
                      setPicked(next)
                    }}
                  />
                )}
                <div className="min-w-0 flex-1 basis-44">
                  <p>
                    <Link
                      to={document.kind === 'invoice' ? '/financials/invoices/$id' : '/financials/purchase-orders/$id'}
                      params={{ id: document.id }}
                      className="font-mono font-medium text-accent hover:underline"
                    >
                      {document.number}
                    </Link>{' '}
                    {document.party}
                  </p>
                  <p className="num text-sm text-muted">
                    {documentWords[document.kind]} · {formatDay(document.date)}
                  </p>
                </div>
                <span className="num font-semibold">{formatMoney(document.total, document.currency)}</span>
                {mayWrite && (
                  <Button variant="ghost" icon={<Link2 aria-hidden className="size-4" />} aria-label={`${document.number} is in Xero`} onClick={() => setLinking(document)}>
                    It is in Xero
                  </Button>
                )}
              </li>
            ))}
          </ul>
          {more && (
            <Button
              className="self-center"
              busy={invoices.isFetchingNextPage || orders.isFetchingNextPage}
              onClick={() => {
                if (invoices.hasNextPage) void invoices.fetchNextPage()
                if (orders.hasNextPage) void orders.fetchNextPage()
              }}
            >
              Show more
            </Button>
          )}
        </Section>
      )}
      {asking && (
        <Confirm
          title={asking === 'send' ? `Send ${chosen.length} to Xero?` : `Keep ${chosen.length} here only?`}
          action={asking === 'send' ? 'Send to Xero' : 'Keep here only'}
          danger={false}
          busy={release.isPending}
          error={release.error ? messageOf(release.error) : undefined}
          onConfirm={() => release.mutate(asking)}
          onClose={() => setAsking(null)}
        >
          <p>{asking === 'send' ? 'Only what you did not find in Xero: it is created there.' : 'They never go to Xero.'}</p>
        </Confirm>
      )}
      {linking && <LinkDialog document={linking} onClose={() => setLinking(null)} />}
    </Page>
  )
}

/** Takes the document that stands in Xero as this one. */
function LinkDialog({ document, onClose }: { document: SyncedDocument; onClose: () => void }) {
  const [xeroId, setXeroId] = useState('')
  const link = useMutation({
    mutationFn: () => releaseDocument(document.kind, document.id, { action: 'link', xero_id: xeroId.trim() || undefined }),
    onSuccess: () => {
      toast(`${document.number} is that document now.`)
      onClose()
    },
    onSettled: again,
  })
  const fields = link.error instanceof ApiError ? link.error.fields : {}
  return (
    <Dialog
      title={`${document.number} is in Xero`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={link.isPending} onClick={() => link.mutate()}>
            Link them
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {link.isError && Object.keys(fields).length === 0 && (
          <p role="alert" className="font-medium text-bad">
            {messageOf(link.error)}
          </p>
        )}
        <Field label="Xero's id" error={fields.xero_id} hint="It stands at the end of the address when the document is open in Xero.">
          <Input data-autofocus className="font-mono" value={xeroId} onChange={(event) => setXeroId(event.target.value)} />
        </Field>
      </div>
    </Dialog>
  )
}
