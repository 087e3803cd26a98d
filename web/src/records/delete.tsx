import { useMutation, useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import type { DeletionPreview, RecordKind } from '@/api/records'
import { deleteRecord, previewDeletion, restoreDeletion, restoreRecord } from '@/api/records'
import { Confirm } from '@/ui/dialog'
import { Disclosure } from '@/ui/disclosure'
import { Failure, Notice, Skeleton } from '@/ui/states'
import { alongWords, capital, kindTitle, kindWords } from './kinds'
import { RecordLink } from './record-link'
import { toastUndo } from './undo'

interface DeleteRecordProps {
  kind: RecordKind
  id: string
  name: string
  /** Its address in the API: "/api/clients/…". */
  path: string
  /** What it means, in place of what would go along: for a record that takes nothing with it. */
  children?: ReactNode
  onDeleted?: () => void
  onClose: () => void
}

/** Shows what deleting a record takes along, asks once more, deletes it, and offers to take that back. */
export function DeleteRecord({ kind, id, name, path, children, onDeleted, onClose }: DeleteRecordProps) {
  const takesAlong = kind === 'client' || kind === 'project'
  const preview = useQuery({ queryKey: ['deletion-preview', kind, id], queryFn: () => previewDeletion(kind, id), enabled: takesAlong, staleTime: 0, gcTime: 0 })
  const remove = useMutation({
    mutationFn: () => deleteRecord(path),
    onSuccess: ({ deletion_id }) => {
      toastUndo(`${capital(kindWords[kind][0])} ${name} is in the bin.`, () => (deletion_id ? restoreDeletion(deletion_id) : restoreRecord(path)))
      onClose()
      onDeleted?.()
    },
    onSettled: () => queryClient.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'deletion-preview' }),
  })
  return (
    <Confirm
      title={`Delete ${kindWords[kind][0]} ${name}?`}
      action="Delete"
      busy={remove.isPending}
      disabled={takesAlong && (!preview.data || preview.data.refusal !== null)}
      error={remove.error ? messageOf(remove.error) : undefined}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      {children}
      {takesAlong &&
        (preview.data ? (
          <Preview kind={kind} preview={preview.data} />
        ) : preview.isError ? (
          <Failure error={preview.error} onRetry={() => void preview.refetch()} />
        ) : (
          <Skeleton rows={2} height="h-10" />
        ))}
      <p className="text-muted">It goes to the bin, from where it can be restored.</p>
    </Confirm>
  )
}

function Preview({ kind, preview }: { kind: RecordKind; preview: DeletionPreview }) {
  if (preview.refusal !== null)
    return (
      <Notice tone="warn" icon={<TriangleAlert aria-hidden />} title={preview.refusal}>
        {preview.blockers && preview.blockers.length > 0 && (
          <ul className="list-inside list-disc">
            {preview.blockers.map((record) => (
              <li key={record.entity_id}>
                <RecordLink record={record} />
              </li>
            ))}
          </ul>
        )}
      </Notice>
    )
  const along = alongWords(preview.counts, kind)
  if (along === '') return <p>Nothing else goes with it.</p>
  const others = preview.records.filter((record) => record.entity_type !== kind)
  return (
    <>
      <p>
        With it go <strong className="num">{along}</strong>.
      </p>
      {others.length > 0 && (
        <Disclosure title={`See ${others.length === 1 ? 'it' : 'them'}`}>
          {() => (
            <ul className="max-h-60 divide-y divide-line overflow-y-auto" tabIndex={0} aria-label="What goes along">
              {others.map((record) => (
                <li key={`${record.entity_type} ${record.entity_id}`} className="flex gap-3 px-4 py-2">
                  <span className="w-32 shrink-0 text-sm text-muted">{kindTitle(record.entity_type)}</span>
                  <span className="min-w-0 break-words">{record.label}</span>
                </li>
              ))}
            </ul>
          )}
        </Disclosure>
      )}
    </>
  )
}
