import { queryOptions, useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Bell, BellOff } from 'lucide-react'
import { useState } from 'react'
import { getNotifications, readNotification, readNotifications } from '@/api/people'
import { queryClient } from '@/api/query'
import { formatAgo } from '@/format/calendar'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Empty, Failure, Skeleton } from '@/ui/states'

/** The live events make it read anew; the interval is for when they do not reach this tab. */
const notificationsQuery = queryOptions({ queryKey: ['notifications'], queryFn: getNotifications, refetchInterval: 120_000 })
const settle = () => queryClient.invalidateQueries({ queryKey: notificationsQuery.queryKey })

/** The bell, with how many notifications are unread. */
export function NotificationBell() {
  const [open, setOpen] = useState(false)
  const { data } = useQuery(notificationsQuery)
  const unread = data?.unread ?? 0
  return (
    <>
      <button
        type="button"
        aria-haspopup="dialog"
        aria-label={unread === 0 ? 'Notifications' : `Notifications, ${unread} unread`}
        className="relative -mr-1 inline-flex size-11 shrink-0 items-center justify-center rounded-lg text-board-ink hover:bg-white/5 focus-visible:outline-spark"
        onClick={() => setOpen(true)}
      >
        <Bell aria-hidden className="size-5" />
        {unread > 0 && (
          <span aria-hidden className="num absolute top-1 right-1 min-w-5 rounded-full bg-spark px-1 text-center text-xs font-semibold text-board">
            {unread > 99 ? '99+' : unread}
          </span>
        )}
      </button>
      {open && <Notifications onClose={() => setOpen(false)} />}
    </>
  )
}

function Notifications({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate()
  const notifications = useQuery(notificationsQuery)
  const read = useMutation({ mutationFn: readNotification, onSettled: settle })
  const readAll = useMutation({ mutationFn: readNotifications, onSettled: settle })
  const rows = notifications.data?.notifications
  return (
    <Dialog
      side
      lightly
      title="Notifications"
      onClose={onClose}
      footer={
        (notifications.data?.unread ?? 0) > 0 && (
          <Button busy={readAll.isPending} onClick={() => readAll.mutate()}>
            Mark all as read
          </Button>
        )
      }
    >
      {notifications.isError && <Failure error={notifications.error} onRetry={() => void notifications.refetch()} />}
      {notifications.isPending && <Skeleton rows={3} />}
      {rows?.length === 0 && (
        <Empty icon={<BellOff aria-hidden />} title="Nothing new">
          What needs you is told here: a document that Xero refused, a mail that failed.
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <ul className="-mx-2 flex flex-col gap-1" aria-label="Notifications, newest first">
          {rows.map((row) => (
            <li key={row.id}>
              <button
                type="button"
                className="flex w-full items-start gap-3 rounded-lg p-3 text-left hover:bg-raised"
                onClick={() => {
                  if (!row.read_at) read.mutate(row.id)
                  if (!row.link) return
                  onClose()
                  void navigate({ to: row.link })
                }}
              >
                <span aria-hidden className={`mt-1.5 size-2.5 shrink-0 rounded-full ${row.read_at ? 'border border-edge' : 'bg-accent-fill'}`} />
                <span className="min-w-0">
                  <span className={`block ${row.read_at ? '' : 'font-semibold'}`}>
                    {!row.read_at && <span className="sr-only">Unread: </span>}
                    {row.title}
                  </span>
                  {row.body && <span className="block break-words text-muted">{row.body}</span>}
                  <span className="block text-sm text-muted">{formatAgo(row.created_at)}</span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  )
}
