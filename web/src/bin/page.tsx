import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { Trash2, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import type { Deletion } from '@/api/records'
import { getDeletion, purgeDeletion, restoreDeletion } from '@/api/records'
import { useUser } from '@/api/session'
import { formatAgo, formatDay, formatInstant } from '@/format/calendar'
import { alongWords, kindTitle, kindWords, recordKinds } from '@/records/kinds'
import { ListPage } from '@/records/list-page'
import { fromSlices } from '@/records/rows'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/dialog'
import { Disclosure } from '@/ui/disclosure'
import { Empty, Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { removableFrom } from './keeping'
import { binQuery } from './queries'

/** What was deleted, and the way back. */
export function BinPage() {
  const user = useUser()
  const search = useSearch({ from: '/bin' })
  const [removing, setRemoving] = useState<Deletion | null>(null)
  const query = { entity_type: search.kind, search: search.search }
  const bin = useInfiniteQuery({ ...binQuery(query), placeholderData: (before) => before })
  const restore = useMutation({
    mutationFn: (deletion: Deletion) => restoreDeletion(deletion.id),
    onSuccess: ({ message, copy }) => toast(`${message}.`, copy ? 'info' : 'good'),
    onError: (error) => toast(messageOf(error), 'bad'),
    // What came back may stand on any page.
    onSettled: () => queryClient.invalidateQueries(),
  })
  return (
    <ListPage<Deletion>
      title="Bin"
      lead="What was deleted is kept here and can be restored, with all that went with it."
      noun="deleted records"
      filters={[
        { kind: 'search', name: 'search', label: 'Search name or number' },
        { kind: 'choice', name: 'kind', label: 'Kind', options: recordKinds.map((kind) => ({ value: kind, label: kindTitle(kind) })) },
      ]}
      csv={{ path: '/api/bin', query }}
      list={fromSlices(bin)}
      keyOf={(row) => row.id}
      nameOf={(row) => row.label}
      columns={[
        {
          head: 'Name',
          phone: 'title',
          cell: (row) => <span className="font-medium">{row.label}</span>,
        },
        { head: 'Kind', cell: (row) => kindTitle(row.entity_type) },
        { head: 'Deleted by', cell: (row) => row.deleted_by },
        {
          head: 'When',
          cell: (row) => (
            <time dateTime={row.deleted_at} title={formatInstant(row.deleted_at)}>
              {formatAgo(row.deleted_at)}
            </time>
          ),
        },
        {
          head: 'Restore',
          phone: 'badge',
          align: 'right',
          cell: (row) => (
            <Button
              className="relative z-10"
              busy={restore.isPending && restore.variables.id === row.id}
              disabled={restore.isPending}
              icon={<Undo2 aria-hidden className="size-4" />}
              aria-label={`Restore ${row.label}`}
              onClick={() => restore.mutate(row)}
            >
              Restore
            </Button>
          ),
        },
      ]}
      under={(row) => <Taken deletion={row} />}
      rowActions={
        user.role === 'admin'
          ? (row) => {
              const from = removableFrom(row.deleted_at)
              return [
                {
                  label: 'Remove for good',
                  icon: <Trash2 aria-hidden />,
                  danger: true,
                  refused: from === null ? undefined : `Possible from ${formatDay(from)}, 30 days after it was deleted.`,
                  onSelect: () => setRemoving(row),
                },
              ]
            }
          : undefined
      }
      empty={
        <Empty icon={<Trash2 aria-hidden />} title="The bin is empty">
          What you delete comes here first, and can be restored.
        </Empty>
      }
    >
      {removing && <RemoveForGood deletion={removing} onClose={() => setRemoving(null)} />}
    </ListPage>
  )
}

/** What a deletion took along. */
function Taken({ deletion }: { deletion: Deletion }) {
  const along = alongWords(deletion.counts, deletion.entity_type)
  if (along === '') return null
  return (
    <Disclosure className="rounded-lg border border-line" title={<span className="text-sm">With it went {along}</span>}>
      {() => <TakenRecords id={deletion.id} />}
    </Disclosure>
  )
}

function TakenRecords({ id }: { id: string }) {
  const deletion = useQuery({ queryKey: ['bin', 'one', id], queryFn: () => getDeletion(id) })
  if (deletion.isError) return <Failure error={deletion.error} onRetry={() => void deletion.refetch()} />
  if (!deletion.data)
    return (
      <div className="p-3">
        <Skeleton rows={2} height="h-8" />
      </div>
    )
  return (
    <ul className="max-h-64 divide-y divide-line overflow-y-auto" tabIndex={0} aria-label="What went with it">
      {deletion.data.records
        .filter((record) => record.entity_id !== deletion.data.entity_id)
        .map((record) => (
          <li key={`${record.entity_type} ${record.entity_id}`} className="flex gap-3 px-4 py-1.5 text-sm">
            <span className="w-28 shrink-0 text-muted">{kindTitle(record.entity_type)}</span>
            <span className="min-w-0 break-words">{record.label}</span>
          </li>
        ))}
    </ul>
  )
}

function RemoveForGood({ deletion, onClose }: { deletion: Deletion; onClose: () => void }) {
  const remove = useMutation({
    mutationFn: () => purgeDeletion(deletion.id),
    onSuccess: () => {
      toast(`${deletion.label} was removed for good.`)
      onClose()
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['bin'] }),
  })
  const along = alongWords(deletion.counts, deletion.entity_type)
  return (
    <Confirm title={`Remove ${kindWords[deletion.entity_type][0]} ${deletion.label} for good?`} action="Remove for good" busy={remove.isPending} error={remove.error ? messageOf(remove.error) : undefined} onConfirm={() => remove.mutate()} onClose={onClose}>
      <p>Nobody can bring it back after this.{along && ` With it ${along} are removed.`}</p>
    </Confirm>
  )
}
