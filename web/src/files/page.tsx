import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { FolderKanban, FolderOpen, Images, Layers, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { messageOf } from '@/api/errors'
import type { FirmPicture } from '@/api/files'
import { deleteFirmPicture } from '@/api/files'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import { costCentersQuery } from '@/costcenters/queries'
import { formatMinute } from '@/format/calendar'
import { ProjectPicker } from '@/projects/picker'
import { projectQuery } from '@/projects/queries'
import { BackLink, Section } from '@/records/record-page'
import { inBytes } from '@/format/bytes'
import { Button, IconButton } from '@/ui/button'
import { Confirm } from '@/ui/dialog'
import { Page } from '@/ui/page'
import { Badge, Empty, Failure, Skeleton } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { toast } from '@/ui/toast'
import type { Places } from '@/work/file-form'
import { fileFilters } from '@/work/file-queries'
import { Files } from '@/work/files'
import { Gallery } from '@/work/gallery'
import { textLink } from '@/work/link'
import type { Folder } from './folders'
import { folderGroups } from './folders'
import { foldersQuery, photoFoldersQuery, picturesQuery } from './queries'

const from = { from: '/files' } as const

/** Every file and photo, by client and project; and the firm's pictures, for those who may change them. */
export function FilesPage() {
  const { project, center, part, file } = useSearch(from)
  const user = useUser()
  const places = { ProjectPicker, centers: useQuery(costCentersQuery).data ?? [] }
  if (project) return <ProjectFolder id={project} places={places} />
  if (center) return <CenterFolder id={center} places={places} />
  // A link to one file shows it above the list of all.
  const shown = part ?? (file ? 'all' : undefined)
  return (
    <Page title="Files" lead="Plans, certificates, letters and photos, wherever they belong.">
      <Tabs
        label="Parts of the files"
        name="part"
        without={fileFilters}
        current={shown}
        tabs={[{ value: undefined, label: 'By project' }, { value: 'all', label: 'All files' }, ...(may(user, 'can_manage_settings') ? [{ value: 'logos', label: 'Logos' }] : [])]}
      />
      {shown === 'all' ? <Files places={places} /> : shown === 'logos' && may(user, 'can_manage_settings') ? <Logos /> : <Folders />}
    </Page>
  )
}

function Folders() {
  const files = useInfiniteQuery(foldersQuery)
  const photos = useQuery(photoFoldersQuery)
  if (files.isLoadingError) return <Failure error={files.error} onRetry={() => void files.refetch()} />
  if (photos.isLoadingError) return <Failure error={photos.error} onRetry={() => void photos.refetch()} />
  if (!files.data || !photos.data) return <Skeleton rows={6} />
  const groups = folderGroups(files.data.pages.flatMap((page) => page.rows), files.hasNextPage ? [] : photos.data)
  if (groups.length === 0)
    return (
      <Empty icon={<FolderOpen aria-hidden />} title="No files yet">
        Open a project, choose “Files” there, and upload its plans, certificates and letters.
      </Empty>
    )
  return (
    <>
      {groups.map(({ title, folders }) => (
        <Section key={title} title={title}>
          <ul className="card divide-y divide-line">
            {folders.map((folder) => (
              <FolderRow key={folder.id} folder={folder} />
            ))}
          </ul>
        </Section>
      ))}
      {files.hasNextPage && (
        <Button className="self-center" busy={files.isFetchingNextPage} onClick={() => void files.fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
  )
}

function FolderRow({ folder }: { folder: Folder }) {
  const Icon = folder.kind === 'project' ? FolderKanban : Layers
  const counted = (n: number, one: string) => (n === 0 ? null : `${n} ${one}${n === 1 ? '' : 's'}`)
  return (
    <li className="relative flex min-h-14 items-center gap-3 px-4 py-2">
      <Icon aria-hidden className="size-5 shrink-0 text-muted" />
      <Link
        to="/files"
        search={folder.kind === 'center' ? { center: folder.id } : { project: folder.id, tab: folder.files === 0 ? 'photos' : undefined }}
        className="min-w-0 flex-1 font-medium after:absolute after:inset-0 hover:underline"
      >
        <span className="block break-words">{folder.name}</span>
        <span className="block font-mono text-sm font-normal text-muted">{folder.code}</span>
      </Link>
      <span className="num text-right text-sm text-muted">{[counted(folder.files, 'file'), counted(folder.photos, 'photo')].filter(Boolean).join(', ')}</span>
    </li>
  )
}

function ProjectFolder({ id, places }: { id: string; places: Places }) {
  const { tab } = useSearch(from)
  const project = useQuery(projectQuery(id))
  return (
    <Page
      title={project.data?.row.name ?? 'Files of a project'}
      back={<BackLink to="/files">Files</BackLink>}
      lead={
        project.data && (
          <>
            <Link to="/projects/$id" params={{ id }} className={textLink}>
              <span className="font-mono text-sm">{project.data.row.code}</span>
            </Link>{' '}
            {project.data.row.client_name}
          </>
        )
      }
    >
      <Tabs label="What is kept of the project" name="tab" without={fileFilters} current={tab} tabs={[{ value: undefined, label: 'Files' }, { value: 'photos', label: 'Photos' }]} />
      {tab === 'photos' ? <Gallery project={id} /> : <Files of={{ project: id }} places={places} />}
    </Page>
  )
}

function CenterFolder({ id, places }: { id: string; places: Places }) {
  const center = places.centers.find((one) => one.id === id)
  return (
    <Page
      title={center?.name ?? 'Files of a cost centre'}
      back={<BackLink to="/files">Files</BackLink>}
      lead={
        center && (
          <Link to="/cost-centers/$id" params={{ id }} className={textLink}>
            <span className="font-mono text-sm">{center.code}</span>
          </Link>
        )
      }
    >
      <Files of={{ center: id }} places={places} />
    </Page>
  )
}

/** The logos and favicons that are kept, the ones in use and earlier ones. */
function Logos() {
  const read = useQuery(picturesQuery)
  const [deleting, setDeleting] = useState<FirmPicture | null>(null)
  if (read.isLoadingError) return <Failure error={read.error} onRetry={() => void read.refetch()} />
  if (!read.data) return <Skeleton />
  const where = (
    <Link to="/settings" className={textLink}>
      Settings, Company
    </Link>
  )
  if (read.data.length === 0)
    return (
      <Empty icon={<Images aria-hidden />} title="No logo yet">
        Upload the firm’s logo and favicon under {where}.
      </Empty>
    )
  return (
    <Section title="Logos" actions={where}>
      <ul className="grid grid-cols-2 gap-3 sm:grid-cols-3 lg:grid-cols-5">
        {read.data.map((picture) => (
          <li key={picture.filename} className="card flex min-w-0 flex-col gap-2 p-3">
            <span className="grid h-28 place-items-center rounded-lg bg-white p-2">
              <img src={picture.url} alt={picture.filename} className="max-h-full max-w-full object-contain" />
            </span>
            <div className="flex items-start gap-1">
              <p className="min-w-0 flex-1 text-sm">
                <span className="block truncate font-medium">{picture.filename}</span>
                <span className="num block text-muted">
                  {inBytes(picture.size)} · {formatMinute(picture.date)}
                </span>
              </p>
              <IconButton label={`Delete ${picture.filename}`} onClick={() => setDeleting(picture)}>
                <Trash2 aria-hidden className="size-4" />
              </IconButton>
            </div>
            {picture.in_use && (
              <p>
                <Badge tone="good">In use</Badge>
              </p>
            )}
          </li>
        ))}
      </ul>
      {deleting && <DeletePicture picture={deleting} onClose={() => setDeleting(null)} />}
    </Section>
  )
}

function DeletePicture({ picture, onClose }: { picture: FirmPicture; onClose: () => void }) {
  const remove = useMutation({
    mutationFn: () => deleteFirmPicture(picture.filename),
    onSuccess: () => {
      toast(`Deleted ${picture.filename}.`)
      onClose()
    },
    onSettled: () => queryClient.invalidateQueries(),
  })
  return (
    <Confirm title={`Delete ${picture.filename}?`} action="Delete" busy={remove.isPending} error={remove.error ? messageOf(remove.error) : undefined} onConfirm={() => remove.mutate()} onClose={onClose}>
      <p>{picture.in_use ? 'It is the one in use: pages and documents show none afterwards.' : 'It is not in use.'} It cannot be brought back.</p>
    </Confirm>
  )
}
