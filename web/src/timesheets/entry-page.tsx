import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { captionTimesheetPhoto } from '@/api/client'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import { getTimesheet, getWhy } from '@/api/work'
import { formatDay, formatMinute, formatWeekday } from '@/format/calendar'
import { formatMoney, formatQuantity } from '@/format/money'
import { RecordPage, RecordState, Section } from '@/records/record-page'
import { EntryBadges } from '@/work/entry-badges'
import { AppLink, textLink } from '@/work/link'
import { photoName, photosOf, Picture } from '@/work/photo'
import { PhotoViewer } from '@/work/photo-viewer'
import { ReasonBadge, ReasonText } from '@/work/reasons'
import { useEntryActions } from './actions'

const back = { to: '/timesheets', label: 'Timesheets' } as const

/** One entry: what it says, where it stands, and why it is unbilled. */
export function EntryPage() {
  const { id } = useParams({ from: '/timesheets/$id' })
  const user = useUser()
  const navigate = useNavigate()
  const [photo, setPhoto] = useState<number | null>(null)
  const { items, dialogs } = useEntryActions({ page: false, onDeleted: () => void navigate({ to: '/timesheets' }) })
  const read = useQuery({ queryKey: ['timesheets', 'page', id], queryFn: ({ signal }) => getTimesheet(id, signal) })
  const why = useQuery({ queryKey: ['timesheets', 'why', id], queryFn: () => getWhy(id) })
  if (!read.data) return <RecordState title="Timesheet entry" back={back} error={read.error} onRetry={() => void read.refetch()} />
  const { row } = read.data
  const photos = photosOf(row)
  const mayCaption = row.user_id === user.id || may(user, 'can_view_all_timesheets')
  const caption = async (index: number, text: string) => {
    await captionTimesheetPhoto(row.id, index, text)
    await queryClient.invalidateQueries({ queryKey: ['timesheets'] })
  }
  const money = may(user, 'can_view_financials')
  return (
    <RecordPage
      kind="timesheet"
      id={id}
      title={`${formatQuantity(row.hours)} h on ${formatWeekday(row.date)}`}
      lead={row.user_name}
      back={back}
      badges={<EntryBadges entry={row} why={false} />}
      menu={items(row)}
      facts={[
        { label: 'Project', value: <AppLink to={`/projects/${row.project_id}`} className={textLink}>{`${row.project_code} ${row.project_name}`}</AppLink> },
        row.client_id !== null && { label: 'Client', value: <AppLink to={`/clients/${row.client_id}`} className={textLink}>{row.client_name}</AppLink> },
        { label: 'Activity', value: row.activity_type_name },
        { label: 'Cost centre', value: `${row.cost_center_code} ${row.cost_center_name}` },
        { label: 'Day', value: formatDay(row.date) },
        money && { label: 'Rate', value: `${formatMoney(row.hourly_rate)} / h` },
        money && { label: 'Amount', value: formatMoney(row.amount) },
        { label: 'Place on site', value: row.location },
        row.approved_at !== null && { label: 'Approved', value: `${row.approved_by_name ?? ''} ${formatMinute(row.approved_at)}` },
        { label: 'On hold', value: row.hold_reason, wide: true },
        { label: 'Notes', value: row.notes, wide: true },
      ]}
    >
      {why.data && why.data.reasons.length > 0 && (
        <Section title="Why is this unbilled?">
          <ul className="card divide-y divide-line">
            {why.data.reasons.map((reason) => (
              <li key={reason.code} className="grid gap-2 px-4 py-3 sm:grid-cols-[9rem_minmax(0,1fr)]">
                <div>
                  <ReasonBadge code={reason.code} />
                </div>
                <ReasonText reason={reason} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      {photos.length > 0 && (
        <Section title="Photos">
          <ul className="grid grid-cols-3 gap-2 sm:grid-cols-5">
            {photos.map((one, i) => (
              <li key={one.url}>
                <button type="button" className="block aspect-square w-full overflow-hidden rounded-lg border border-line bg-raised" onClick={() => setPhoto(i)}>
                  <Picture photo={one} small alt={photoName(one, i)} className="size-full object-cover" />
                </button>
                {one.caption !== '' && <p className="mt-1 truncate text-sm text-muted">{one.caption}</p>}
              </li>
            ))}
          </ul>
        </Section>
      )}
      {dialogs}
      {photo !== null && <PhotoViewer title={`${row.project_name}, ${formatWeekday(row.date)}`} photos={photos} start={photo} onCaption={mayCaption ? caption : undefined} onClose={() => setPhoto(null)} />}
    </RecordPage>
  )
}
