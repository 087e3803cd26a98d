import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Download, FileImage, FileSpreadsheet, FileText, FileX, FolderOpen, Pencil, RotateCcw, SearchX, Tag, Trash2, Upload, X } from 'lucide-react'
import type { DragEvent, ReactNode } from 'react'
import { useRef, useState } from 'react'
import { messageOf } from '@/api/errors'
import type { ProjectFile } from '@/api/files'
import { downloadPath, filePath } from '@/api/files'
import { queryClient } from '@/api/query'
import { deleteRecord, restoreDeletion, restoreRecord } from '@/api/records'
import { may, useUser } from '@/api/session'
import { formatMinute } from '@/format/calendar'
import { useListSearch } from '@/records/list-page'
import { toastUndo } from '@/records/undo'
import { inBytes } from '@/format/bytes'
import { Button, IconButton } from '@/ui/button'
import { FilterBar } from '@/ui/filter-bar'
import { Menu } from '@/ui/menu'
import { Progress } from '@/ui/progress'
import { Badge, Empty, Failure, Skeleton } from '@/ui/states'
import { rowLink } from '@/ui/table'
import { toast } from '@/ui/toast'
import type { Places } from './file-form'
import { FileForm } from './file-form'
import { filesQuery, fileQuery } from './file-queries'
import { FileViewer } from './file-viewer'
import type { Belongs, FileOnItsWay, makeSender } from './sending'
import { sender, useSending } from './sending'

/** What the server takes, for the browser's own dialog. */
const accepted = 'image/jpeg,image/png,image/gif,image/webp,image/heic,.pdf,.doc,.docx,.xls,.xlsx,.txt,.csv'

/** The files of a project or a cost centre, or, of neither, all there are. Filters stand in the URL. */
export function Files({ of = {}, places }: { of?: Belongs; places: Places }) {
  const user = useUser()
  const [values, change] = useListSearch()
  const [editing, setEditing] = useState<string | null>(null)
  const chooser = useRef<HTMLInputElement>(null)
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined)
  const files = useInfiniteQuery({
    ...filesQuery({ project_id: of.project, cost_center_id: of.center, q: text('search'), file_type: text('type'), tag: text('tag') }),
    placeholderData: (before) => before,
  })
  const somewhere = of.project !== undefined || of.center !== undefined
  const mayEdit = may(user, 'can_edit_projects')
  const mayUpload = mayEdit && somewhere
  const rows = files.data?.pages.flatMap((page) => page.rows)
  const tag = text('tag')
  const narrowed = ['search', 'type', 'tag'].some((name) => values[name] !== undefined)
  const add = (chosen: FileList | null) => {
    if (chosen && chosen.length > 0) sender.add(Array.from(chosen), of)
  }
  const upload = mayUpload && (
    <>
      <input
        ref={chooser}
        type="file"
        multiple
        accept={accepted}
        aria-label="Files to upload"
        className="sr-only"
        tabIndex={-1}
        onChange={(event) => {
          add(event.target.files)
          event.target.value = '' // the same file can be chosen again
        }}
      />
      <Button variant="primary" icon={<Upload aria-hidden className="size-4" />} onClick={() => chooser.current?.click()}>
        Upload files
      </Button>
    </>
  )
  return (
    <section aria-label="Files" className="flex flex-col gap-4">
      <div className="flex flex-wrap items-end gap-3">
        <div className="min-w-0 flex-1 basis-64">
          <FilterBar
            values={values}
            onChange={change}
            filters={[
              { kind: 'search', name: 'search', label: somewhere ? 'Name or tag' : 'Name, tag, project or client' },
              {
                kind: 'choice',
                name: 'type',
                label: 'Kind',
                options: [
                  { value: 'pdf', label: 'PDF' },
                  { value: 'image', label: 'Pictures' },
                  { value: 'document', label: 'Documents' },
                ],
              },
            ]}
          />
        </div>
        {upload}
      </div>
      {tag && (
        <p>
          <Button icon={<Tag aria-hidden className="size-4" />} aria-label={`No longer only the tag ${tag}`} onClick={() => change({ tag: undefined })}>
            {tag}
            <X aria-hidden className="size-4" />
          </Button>
        </p>
      )}
      <DropPlace onFiles={mayUpload ? add : undefined}>
        <OnTheirWay of={of} />
        <div className={`flex flex-col gap-4 transition-opacity ${files.isPlaceholderData ? 'opacity-60' : ''}`} aria-busy={files.isPlaceholderData || undefined}>
          {files.isLoadingError ? (
            <Failure error={files.error} onRetry={() => void files.refetch()} />
          ) : !rows ? (
            <Skeleton rows={4} />
          ) : rows.length > 0 ? (
            <ul className="card divide-y divide-line">
              {rows.map((file) => (
                <Row key={file.id} file={file} of={of} mayEdit={mayEdit} onTag={(name) => change({ tag: name })} onEdit={() => setEditing(file.id)} />
              ))}
            </ul>
          ) : narrowed ? (
            <Empty icon={<SearchX aria-hidden />} title="No files match" action={<Button onClick={() => change({ search: undefined, type: undefined, tag: undefined })}>Clear the filters</Button>} />
          ) : (
            <Empty icon={<FolderOpen aria-hidden />} title="No files yet">
              {mayUpload ? 'Drop plans, certificates and letters here, or choose them with “Upload files”. PDF, pictures, Word, Excel, text and CSV, at most 100 MB each.' : 'Plans, certificates and letters appear here as soon as somebody uploads them to a project.'}
            </Empty>
          )}
          {files.hasNextPage && (
            <Button className="self-center" busy={files.isFetchingNextPage} onClick={() => void files.fetchNextPage()}>
              Show more
            </Button>
          )}
        </div>
      </DropPlace>
      <Viewed rows={rows ?? []} id={text('file')} onClose={() => change({ file: undefined })} />
      {editing && <FileForm id={editing} places={places} onClose={() => setEditing(null)} />}
    </section>
  )
}

/** The file that the URL names, whether or not it is in the list. */
function Viewed({ rows, id, onClose }: { rows: ProjectFile[]; id: string | undefined; onClose: () => void }) {
  const listed = rows.find((file) => file.id === id)
  const read = useQuery({ ...fileQuery(id ?? ''), enabled: id !== undefined && !listed, retry: false })
  const file = id === undefined ? undefined : (listed ?? read.data?.row)
  if (!file) return read.error ? <Failure error={read.error} onRetry={() => void read.refetch()} /> : null
  return <FileViewer key={file.id} file={file} files={listed ? rows : [file]} onClose={onClose} />
}

const icons = { image: FileImage, pdf: FileText, document: FileSpreadsheet }

function Row({ file, of, mayEdit, onTag, onEdit }: { file: ProjectFile; of: Belongs; mayEdit: boolean; onTag: (tag: string) => void; onEdit: () => void }) {
  const Icon = icons[file.file_type]
  const remove = async () => {
    try {
      const { deletion_id } = await deleteRecord(filePath(file.id))
      toastUndo(`${file.file_name} is in the bin.`, () => (deletion_id ? restoreDeletion(deletion_id) : restoreRecord(filePath(file.id))))
    } catch (error) {
      toast(messageOf(error), 'bad')
    } finally {
      void queryClient.invalidateQueries({ queryKey: ['files'] })
    }
  }
  const facts = [
    Number(file.file_size) > 0 && inBytes(Number(file.file_size)),
    formatMinute(file.created_at),
    file.uploaded_by_name,
    of.project === undefined && file.project_name,
    // Among all files the project is enough.
    of.center === undefined && (of.project !== undefined || file.project_name === '') && file.cost_center_name,
  ].filter(Boolean)
  return (
    <li className="relative flex min-h-18 items-center gap-3 py-2 pr-2 pl-3 sm:pl-4">
      <span className="grid size-14 shrink-0 place-items-center overflow-hidden rounded-lg border border-line bg-raised text-muted">
        {file.missing ? (
          <FileX aria-hidden />
        ) : file.preview_url !== '' ? (
          <img src={file.preview_url} alt="" loading="lazy" className="size-full object-cover" />
        ) : (
          <Icon aria-hidden />
        )}
      </span>
      <div className="min-w-0 flex-1">
        <Link to="." search={((before: Record<string, unknown>) => ({ ...before, file: file.id })) as never} resetScroll={false} className={`${rowLink} line-clamp-2 break-words`}>
          {file.file_name}
        </Link>
        <p className="num text-sm break-words text-muted">{facts.join(' · ')}</p>
        {(file.tags.length > 0 || file.missing) && (
          <p className="mt-1 flex flex-wrap gap-1.5">
            {file.missing && <Badge tone="bad">The file is missing</Badge>}
            {file.tags.map((tag) => (
              <button key={tag} type="button" className="relative z-10 rounded-full hover:brightness-110" aria-label={`Only the tag ${tag}`} onClick={() => onTag(tag)}>
                <Badge tone="accent">{tag}</Badge>
              </button>
            ))}
          </p>
        )}
      </div>
      <span className="relative z-10">
        <Menu
          label={`Actions for ${file.file_name}`}
          items={[
            { label: 'Download', icon: <Download aria-hidden />, href: downloadPath(file.id) },
            ...(mayEdit
              ? [
                  { label: 'Rename, tag or move', icon: <Pencil aria-hidden />, onSelect: onEdit },
                  { label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => void remove() },
                ]
              : []),
          ]}
        />
      </span>
    </li>
  )
}

/** Where files can be dropped; absent a place for them, a plain box. */
export function DropPlace({ onFiles, children }: { onFiles?: (files: FileList) => void; children: ReactNode }) {
  const [over, setOver] = useState(false)
  if (!onFiles) return <div className="flex flex-col gap-4">{children}</div>
  const holdsFiles = (event: DragEvent) => event.dataTransfer.types.includes('Files')
  return (
    <div
      className={`relative flex flex-col gap-4 rounded-card ${over ? 'outline-2 outline-offset-4 outline-accent outline-dashed' : ''}`}
      onDragOver={(event) => {
        if (!holdsFiles(event)) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false)
      }}
      onDrop={(event) => {
        if (!holdsFiles(event)) return
        event.preventDefault()
        setOver(false)
        onFiles(event.dataTransfer.files)
      }}
    >
      {children}
    </div>
  )
}

/** What is being sent, how far it is, and what did not work. */
function OnTheirWay({ of }: { of: Belongs }) {
  return <SendingList sending={useSending(of)} sender={sender} />
}

/** Files on their way to the server, by whichever sender. */
export function SendingList({ sending, sender }: { sending: FileOnItsWay[]; sender: Pick<ReturnType<typeof makeSender>, 'retry' | 'drop'> }) {
  if (sending.length === 0) return null
  return (
    <ul aria-label="Being uploaded" className="card divide-y divide-line">
      {sending.map(({ id, file, state, bytes, fault }) => (
        <li key={id} className="flex items-center gap-3 py-2.5 pr-2 pl-4">
          <div className="min-w-0 flex-1">
            {state === 'failed' ? (
              <>
                <p className="font-medium break-words">{file.name}</p>
                <p role="alert" className="text-sm font-medium text-bad">
                  {fault}
                </p>
              </>
            ) : (
              <Progress label={`${file.name}, ${inBytes(file.size)}`} value={state === 'waiting' ? 0 : bytes / Math.max(1, file.size)} />
            )}
          </div>
          {state === 'failed' && (
            <Button icon={<RotateCcw aria-hidden className="size-4" />} onClick={() => sender.retry(id)}>
              Try again
            </Button>
          )}
          <IconButton label={`Give up ${file.name}`} onClick={() => sender.drop(id)}>
            <X aria-hidden className="size-4" />
          </IconButton>
        </li>
      ))}
    </ul>
  )
}
