import { useInfiniteQuery } from '@tanstack/react-query'
import { Images } from 'lucide-react'
import { useState } from 'react'
import { sliceQuery } from '@/api/slices'
import type { TimesheetPhoto } from '@/api/types'
import type { Day } from '@/format/calendar'
import { formatDay } from '@/format/calendar'
import { Button } from '@/ui/button'
import { Empty, Failure, Skeleton } from '@/ui/states'
import { AppLink, textLink } from './link'
import { photoName, Picture } from './photo'
import { PhotoViewer } from './photo-viewer'

interface ProjectPhoto extends TimesheetPhoto {
  timesheet_id: string
  timesheet_date: Day
  user_name: string
  project_name: string
}

/** The photos of a project's work, newest day first. */
export function Gallery({ project }: { project: string }) {
  const [at, setAt] = useState<number | null>(null)
  const read = useInfiniteQuery(sliceQuery<ProjectPhoto>(['timesheets', 'photos'], `/api/files/timesheet-images/${project}`, {}))
  if (read.isLoadingError) return <Failure error={read.error} onRetry={() => void read.refetch()} />
  if (!read.data) return <Skeleton />
  const photos = read.data.pages.flatMap((page) => page.rows)
  if (photos.length === 0)
    return (
      <Empty icon={<Images aria-hidden />} title="No photos yet">
        Photos appear here as soon as somebody adds them to their hours on this project.
      </Empty>
    )
  const shown = at === null ? undefined : photos[at]
  return (
    <div className="flex flex-col gap-4">
      <ul className="grid grid-cols-2 gap-3 sm:grid-cols-4 lg:grid-cols-6">
        {photos.map((photo, i) => (
          <li key={photo.url} className="min-w-0">
            <button type="button" className="block aspect-square w-full overflow-hidden rounded-lg border border-line bg-raised" onClick={() => setAt(i)}>
              <Picture photo={photo} small alt={photoName(photo, i)} className="size-full object-cover" />
            </button>
            {photo.caption !== '' && <p className="mt-1 truncate text-sm">{photo.caption}</p>}
            <p className="mt-0.5 truncate text-sm text-muted">
              <AppLink to={`/timesheets/${photo.timesheet_id}`} className={textLink}>
                {formatDay(photo.timesheet_date)}
              </AppLink>
              , {photo.user_name}
            </p>
          </li>
        ))}
      </ul>
      {read.hasNextPage && (
        <div>
          <Button busy={read.isFetchingNextPage} onClick={() => void read.fetchNextPage()}>
            More photos
          </Button>
        </div>
      )}
      {shown && at !== null && <PhotoViewer title={`${shown.project_name}, ${formatDay(shown.timesheet_date)}`} photos={photos} start={at} onClose={() => setAt(null)} />}
    </div>
  )
}
