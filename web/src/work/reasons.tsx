import type { ReactNode } from 'react'
import type { Reason, ReasonSum } from '@/api/types'
import { formatMoney, formatQuantity } from '@/format/money'
import type { Tone } from '@/ui/states'
import { Badge } from '@/ui/states'
import { AppLink, textLink } from './link'

const looks: Record<string, { words: string; tone: Tone }> = {
  not_selected: { words: 'Ready', tone: 'good' },
  on_draft: { words: 'On a draft', tone: 'accent' },
  not_approved: { words: 'Not approved', tone: 'warn' },
  on_hold: { words: 'On hold', tone: 'warn' },
  waiting_for_project: { words: 'Project not done', tone: 'neutral' },
  no_certificate: { words: 'No certificate', tone: 'warn' },
  no_client: { words: 'No client', tone: 'bad' },
  no_rate: { words: 'No rate', tone: 'bad' },
  fixed_price: { words: 'Fixed price', tone: 'neutral' },
  not_billable: { words: 'Not billable', tone: 'neutral' },
}

export function ReasonBadge({ code }: { code: string }) {
  const look = looks[code] ?? { words: code.replaceAll('_', ' '), tone: 'neutral' as Tone }
  return <Badge tone={look.tone}>{look.words}</Badge>
}

const whoWords: Record<string, string> = { office: 'The office acts', admin: 'An administrator acts', accountant: 'The accountant acts' }

/** One reason in full: what it is, what would change it, and where. */
export function ReasonText({ reason }: { reason: Reason }) {
  return (
    <div className="flex flex-col gap-1">
      <p className="font-medium">{reason.message}.</p>
      <p className="text-sm text-muted">{reason.remedy}.</p>
      <p className="flex flex-wrap items-center gap-x-3 text-sm">
        {whoWords[reason.who_must_act] && <span className="text-muted">{whoWords[reason.who_must_act]}</span>}
        <AppLink to={reason.link} className={textLink}>
          Go there
        </AppLink>
      </p>
    </div>
  )
}

/** Sums of work by the reason why it is unbilled; a row leads to its entries. */
export function ReasonSums({ reasons, entries, entry }: { reasons: ReasonSum[]; entries?: (code: string) => ReactNode; entry?: string }) {
  return (
    <ul className="card divide-y divide-line" aria-label={entry ?? 'Reasons'}>
      {reasons.map((reason) => (
        <li key={reason.code} className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-x-4 gap-y-1 px-4 py-3 sm:grid-cols-[9rem_minmax(0,1fr)_auto]">
          <div className="max-sm:col-span-2">
            <ReasonBadge code={reason.code} />
          </div>
          <div className="min-w-0">
            <p className="font-medium">{reason.message}</p>
            <p className="text-sm text-muted">{reason.remedy}.</p>
            {entries?.(reason.code)}
          </div>
          <div className="num text-right">
            <p className="font-semibold">{formatMoney(reason.total)}</p>
            <p className="text-sm text-muted">
              {formatQuantity(reason.hours)} h · {reason.timesheets} {reason.timesheets === 1 ? 'entry' : 'entries'}
            </p>
          </div>
        </li>
      ))}
    </ul>
  )
}
