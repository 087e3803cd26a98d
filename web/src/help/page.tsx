import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { SyncBadge } from '@/sync/badge'
import { StatusBadge } from '@/records/status'
import { Page } from '@/ui/page'
import { ShortcutList } from '@/ui/shortcuts'
import { Badge } from '@/ui/states'

interface Entry {
  /** Its place in the address: /help#sync-failed. */
  id: string
  sign: ReactNode
  means: ReactNode
  /** Who has to do something; nobody when left out. */
  who?: string
}

const sync: Entry[] = [
  { id: 'sync-not-sent', sign: <Badge>Not sent</Badge>, means: 'The document was never meant for Xero: it stays here.' },
  {
    id: 'sync-pending',
    sign: <SyncBadge id="" sync_status="pending" phase="waiting" />,
    means: 'It waits its turn: behind other documents, for the next try after Xero did not answer, or because sending is paused. Nothing is lost, and it goes by itself.',
    who: 'Nobody, unless a banner says what is missing.',
  },
  { id: 'sync-sending', sign: <SyncBadge id="" sync_status="pending" phase="sending" />, means: 'A request to Xero is under way, or Xero is being asked whether an earlier one arrived. It is never sent a second time before that is certain.' },
  { id: 'sync-synced', sign: <SyncBadge id="" sync_status="synced" phase="synced" />, means: 'Xero has confirmed it and given its id. This is said only after Xero has said so.' },
  {
    id: 'sync-failed',
    sign: <SyncBadge id="" sync_status="failed" phase="failed" />,
    means: 'Xero refused it, and trying again without a change would not help. Its reason stands beside the badge; mend that, then press Retry.',
    who: 'Whoever “View Error Details” names.',
  },
  { id: 'sync-differs', sign: <Badge tone="warn">Differs</Badge>, means: 'It is in Xero, but the total there is not the one here, because somebody changed it there or Xero works out another tax.', who: 'The office: look at both, then mend the one that is wrong.' },
]

const whoActs: Entry[] = [
  { id: 'who-nobody', sign: 'Nobody', means: 'It goes on by itself.' },
  { id: 'who-office', sign: 'The office', means: 'Something in the document or its client has to be changed: a number that is taken, an address, an account.' },
  { id: 'who-admin', sign: 'An administrator', means: 'Something about the connection or the settings: Xero has to be connected again, an account is not set.' },
  { id: 'who-accountant', sign: 'The accountant', means: 'Something in Xero itself: a locked period, an archived account or contact.' },
]

const hours: Entry[] = [
  { id: 'billing-unbilled', sign: <StatusBadge status="unbilled" />, means: 'The hours stand on no invoice. They can still be changed.' },
  { id: 'billing-billed', sign: <StatusBadge status="billed" />, means: 'They stand on an invoice and are locked. Voiding the invoice, or deleting it while it is a draft, releases them.' },
  { id: 'billing-paid', sign: <StatusBadge status="paid" />, means: 'The invoice they stand on is paid.' },
]

const unbilled: Entry[] = [
  { id: 'unbilled-not_selected', sign: 'Ready', means: 'Nothing stands in the way; nobody has put them on an invoice yet.', who: 'The office.' },
  { id: 'unbilled-on_draft', sign: 'On a draft', means: 'They stand on an invoice that is not approved yet.', who: 'The office.' },
  { id: 'unbilled-not_approved', sign: 'Not approved', means: 'The firm wants hours approved before they are invoiced.', who: 'Whoever approves timesheets.' },
  { id: 'unbilled-no_rate', sign: 'No rate', means: 'The hourly rate is 0, so they would be invoiced for nothing.', who: 'The office: set a rate on the activity, the client or the project.' },
  { id: 'unbilled-no_client', sign: 'No client', means: 'The project belongs to no client, so there is nobody to invoice.', who: 'The office.' },
  { id: 'unbilled-on_hold', sign: 'On hold', means: 'Somebody has put the entry, its project or its client on hold, and has written down why.', who: 'Whoever put it on hold.' },
  { id: 'unbilled-waiting_for_project', sign: 'Waits for the project', means: 'The project is invoiced when it is completed.' },
  { id: 'unbilled-fixed_price', sign: 'Fixed price', means: 'The project is invoiced at an agreed price, not by its hours.' },
  { id: 'unbilled-not_billable', sign: 'Not billable', means: 'The entry, or its whole project, is not meant to be invoiced.' },
]

const documents: Entry[] = [
  { id: 'status-draft', sign: <StatusBadge status="DRAFT" />, means: 'Being written. Nobody owes anything yet, and it can be changed freely.' },
  { id: 'status-submitted', sign: <StatusBadge status="SUBMITTED" />, means: 'Waits in Xero for somebody to approve it.', who: 'Whoever approves documents in Xero.' },
  { id: 'status-authorised', sign: <StatusBadge status="AUTHORISED" />, means: 'Approved: it is owed, or ordered.' },
  { id: 'status-partially_paid', sign: <StatusBadge status="PARTIALLY_PAID" />, means: 'A part is paid; the rest is still due.' },
  { id: 'status-paid', sign: <StatusBadge status="PAID" />, means: 'Nothing is due any more.' },
  { id: 'status-overdue', sign: <StatusBadge status="OVERDUE" />, means: 'The due date has passed and something is still due.', who: 'The office: remind the client.' },
  { id: 'status-billed', sign: <StatusBadge status="BILLED" />, means: 'The supplier has billed this purchase order.' },
  { id: 'status-sent', sign: <StatusBadge status="SENT" />, means: 'The quote is with the client, who has not answered yet.' },
  { id: 'status-accepted', sign: <StatusBadge status="ACCEPTED" />, means: 'The client wants it. It can be turned into an invoice.' },
  { id: 'status-declined', sign: <StatusBadge status="DECLINED" />, means: 'The client does not want it.' },
  { id: 'status-expired', sign: <StatusBadge status="EXPIRED" />, means: 'The day up to which the quote holds has passed.' },
  { id: 'status-invoiced', sign: <StatusBadge status="INVOICED" />, means: 'The quote has become an invoice.' },
  { id: 'status-voided', sign: <StatusBadge status="VOIDED" />, means: 'Taken back after it was in Xero, where it still stands as voided. Restoring it makes a copy with a new number.' },
  { id: 'status-deleted', sign: <StatusBadge status="DELETED" />, means: <>Taken back. It is in the <Link to="/bin" className="text-accent underline underline-offset-4">bin</Link>, from where it can be restored.</> },
]

const parts: { id: string; title: string; lead?: ReactNode; entries: Entry[] }[] = [
  { id: 'sync', title: 'On the way to Xero', lead: 'Each invoice, purchase order and client goes to Xero once. Its badge says how far it is.', entries: sync },
  { id: 'who', title: 'Who has to act', entries: whoActs },
  { id: 'billing', title: 'Hours', entries: hours },
  { id: 'unbilled', title: 'Why hours are unbilled', entries: unbilled },
  { id: 'status', title: 'Documents', entries: documents },
]

/** What every badge and status means, who has to act, and the keys. */
export function HelpPage() {
  return (
    <Page title="Help" lead="What the badges mean, who has to act, and the keys.">
      <div className="grid items-start gap-6 lg:grid-cols-[13rem_minmax(0,1fr)]">
        <nav aria-label="On this page" className="lg:sticky lg:top-8">
          <ul className="flex flex-wrap gap-x-4 lg:flex-col">
            {[...parts, { id: 'no-signal', title: 'Without signal' }, { id: 'keys', title: 'Keys' }].map(({ id, title }) => (
              <li key={id}>
                <a href={`#${id}`} className="inline-flex min-h-9 items-center font-medium text-accent hover:underline">
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div className="flex flex-col gap-8">
          {parts.map(({ id, title, lead, entries }) => (
            <section key={id} aria-labelledby={id} className="flex flex-col gap-3">
              <h2 id={id} className="text-xl font-semibold">
                {title}
              </h2>
              {lead && <p className="text-muted">{lead}</p>}
              <dl className="card divide-y divide-line">
                {entries.map((entry) => (
                  <div key={entry.id} id={entry.id} className="grid gap-x-5 gap-y-1 px-4 py-3 target:bg-accent-soft sm:grid-cols-[10rem_minmax(0,1fr)]">
                    <dt className="font-medium">{entry.sign}</dt>
                    <dd>
                      {entry.means}
                      {entry.who && <span className="block text-sm text-muted">Who must act: {entry.who}</span>}
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
          <section aria-labelledby="no-signal" className="flex flex-col gap-3">
            <h2 id="no-signal" className="text-xl font-semibold">
              Without signal
            </h2>
            <div className="card flex flex-col gap-2 p-4">
              <p>Hours and photos are kept on the device first, and sent when there is signal. “Waiting for signal” stands beside what was not sent yet.</p>
              <p>Nobody can sign out while something is only on the device, so that nothing is lost.</p>
            </div>
          </section>
          <section aria-labelledby="keys" className="flex flex-col gap-3">
            <h2 id="keys" className="text-xl font-semibold">
              Keys
            </h2>
            <div className="card p-4">
              <ShortcutList />
            </div>
          </section>
        </div>
      </div>
    </Page>
  )
}
