import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { Clock } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { getTimesheets } from '@/api/client'
import { messageOf } from '@/api/errors'
import { may, peopleQuery, useUser } from '@/api/session'
import type { Timesheet } from '@/api/types'
import type { EntryAction, TimesheetQuery } from '@/api/work'
import { ClientPicker } from '@/clients/picker'
import { costCentersQuery } from '@/costcenters/queries'
import { formatDay } from '@/format/calendar'
import { sumHours } from '@/format/money'
import { ProjectPicker } from '@/projects/picker'
import { deletedFilter, ListPage, useListSearch } from '@/records/list-page'
import { fromPages } from '@/records/rows'
import { Button } from '@/ui/button'
import { Checkbox } from '@/ui/field'
import type { Filter } from '@/ui/filter-bar'
import { Empty } from '@/ui/states'
import { toast } from '@/ui/toast'
import { entryColumns } from '@/work/entries'
import { photosOf } from '@/work/photo'
import { PhotoViewer } from '@/work/photo-viewer'
import { useEntryActions } from './actions'
import { actionWords } from './bulk'
import { BulkDialog } from './bulk-dialog'
import { entriesQuery } from './queries'

/** More than this the browser does not take at once. */
const mostAtOnce = 1000

/** Entries as a list that can be narrowed, and approved or held many at once. */
export function ListView({ actions, tabs, children }: { actions: ReactNode; tabs: ReactNode; children: ReactNode }) {
  const user = useUser()
  const [values] = useListSearch()
  const seesAll = may(user, 'can_view_all_timesheets')
  const money = may(user, 'can_view_financials')
  const { items, dialogs } = useEntryActions()
  const [photos, setPhotos] = useState<Timesheet | null>(null)
  const [picked, setPicked] = useState<ReadonlyMap<string, Timesheet>>(new Map())
  const [bulk, setBulk] = useState<{ action: EntryAction; entries: Timesheet[] } | null>(null)
  const people = useQuery({ ...peopleQuery, enabled: seesAll })
  const centers = useQuery(costCentersQuery)
  const text = (name: string) => (values[name] === undefined ? undefined : String(values[name]))
  const query: TimesheetQuery = {
    user_id: text('person') === 'all' ? undefined : text('person'), project_id: text('project'), client_id: text('client'), cost_center_id: text('center'),
    date_from: text('from'), date_to: text('to'), billing_status: text('status'), approval: text('approval'), include_deleted: values.deleted === true ? 'true' : undefined,
  }
  const list = fromPages(useQuery({ ...entriesQuery(query, Number(values.page ?? 1)), placeholderData: keepPreviousData }))
  const mayApprove = may(user, 'can_approve_timesheets')
  const mayHold = may(user, 'can_create_invoices')
  const mayChoose = mayApprove || mayHold
  const rows = list.rows ?? []
  const total = list.pager?.total ?? 0

  const pick = (entries: Timesheet[], on: boolean) => {
    const next = new Map(picked)
    for (const entry of entries) {
      if (on) next.set(entry.id, entry)
      else next.delete(entry.id)
    }
    setPicked(next)
  }
  const all = useMutation({
    mutationFn: () => getTimesheets(query),
    onSuccess: (entries) => setPicked(new Map(entries.slice(0, mostAtOnce).map((entry) => [entry.id, entry]))),
    onError: (error) => toast(messageOf(error), 'bad'),
  })
  const here = rows.filter((row) => picked.has(row.id)).length
  const chosen = [...picked.values()]
  const offered: EntryAction[] = [...(mayApprove ? (['approve', 'unapprove'] as const) : []), ...(mayHold ? (['hold', 'release-hold'] as const) : [])]

  const filters: Filter[] = [
    seesAll && {
      kind: 'choice' as const, name: 'person', label: 'Person', all: 'Everybody',
      options: (people.data ?? []).map((person) => ({ value: person.id, label: person.name })),
    },
    { kind: 'custom' as const, name: 'project', label: 'Project', control: (value: string | undefined, onChange: (value: string | undefined) => void) => <ProjectPicker value={value ?? null} onChange={onChange} /> },
    seesAll && { kind: 'custom' as const, name: 'client', label: 'Client', control: (value: string | undefined, onChange: (value: string | undefined) => void) => <ClientPicker kind="customer" value={value ?? null} onChange={onChange} /> },
    { kind: 'choice' as const, name: 'center', label: 'Cost centre', options: (centers.data ?? []).map((center) => ({ value: center.id, label: `${center.code} ${center.name}` })) },
    { kind: 'choice' as const, name: 'status', label: 'Billing', options: [{ value: 'unbilled', label: 'Unbilled' }, { value: 'billed', label: 'Billed' }, { value: 'paid', label: 'Paid' }] },
    { kind: 'choice' as const, name: 'approval', label: 'Approval', options: [{ value: 'waiting', label: 'Waiting' }, { value: 'approved', label: 'Approved' }] },
    { kind: 'date' as const, name: 'from', label: 'From' },
    { kind: 'date' as const, name: 'to', label: 'To' },
    deletedFilter,
  ].filter((filter) => filter !== false)

  return (
    <ListPage<Timesheet>
      title="Timesheets"
      noun="entries"
      actions={actions}
      banner={tabs}
      filters={filters}
      csv={{ path: '/api/timesheets', query }}
      list={list}
      isDeleted={(row) => row.deleted_at !== null}
      columns={entryColumns<Timesheet>({
        money,
        onPhotos: setPhotos,
        before: mayChoose
          ? (row) => (
              <Checkbox
                aria-label={`Choose ${row.user_name}, ${formatDay(row.date)}, ${row.project_name}`}
                className="relative z-10 -my-2 -ml-3 justify-center"
                checked={picked.has(row.id)}
                onChange={(event) => pick([row], event.target.checked)}
              />
            )
          : undefined,
      })}
      keyOf={(row) => row.id}
      nameOf={(row) => `${row.user_name}, ${formatDay(row.date)}`}
      rowActions={items}
      empty={
        <Empty icon={<Clock aria-hidden />} title="No hours yet">
          Hours appear here as soon as somebody enters them.
        </Empty>
      }
      summary={
        mayChoose &&
        rows.length > 0 && (
          <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
            <Checkbox
              checked={here === rows.length}
              ref={(box) => {
                if (box) box.indeterminate = here > 0 && here < rows.length
              }}
              onChange={(event) => pick(rows, event.target.checked)}
            >
              <span className="text-sm font-medium">Choose these {rows.length}</span>
            </Checkbox>
            {total > rows.length && (
              <Button variant="ghost" busy={all.isPending} onClick={() => all.mutate()}>
                Choose all {Math.min(total, mostAtOnce)}
              </Button>
            )}
            {chosen.length > 0 && (
              <>
                <p className="num text-sm text-muted" role="status">
                  {chosen.length} chosen, {sumHours(chosen.map((entry) => entry.hours))} h
                </p>
                <div className="flex flex-wrap gap-2 sm:ml-auto">
                  {offered.map((action) => (
                    <Button key={action} variant={action === 'approve' ? 'primary' : 'secondary'} onClick={() => setBulk({ action, entries: chosen })}>
                      {actionWords[action].verb}
                    </Button>
                  ))}
                  <Button variant="ghost" onClick={() => setPicked(new Map())}>
                    Clear
                  </Button>
                </div>
              </>
            )}
          </div>
        )
      }
    >
      {dialogs}
      {photos && <PhotoViewer title={`${photos.project_name}, ${formatDay(photos.date)}`} photos={photosOf(photos)} onClose={() => setPhotos(null)} />}
      {bulk && <BulkDialog action={bulk.action} entries={bulk.entries} onDone={() => setPicked(new Map())} onClose={() => setBulk(null)} />}
      {children}
    </ListPage>
  )
}
