import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { ArrowRight, CalendarClock, FolderKanban, Hand, TriangleAlert } from 'lucide-react'
import type { DragEvent, ReactNode } from 'react'
import { useState } from 'react'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import type { Board, BoardCard } from '@/api/work'
import { changeProject } from '@/api/work'
import { formatDay, today } from '@/format/calendar'
import { formatMoney, formatQuantity } from '@/format/money'
import { toastUndo } from '@/records/undo'
import { Menu } from '@/ui/menu'
import { SearchBox } from '@/ui/search-box'
import { Badge, Empty, Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { useWide } from '@/ui/wide'
import { BudgetRing } from '@/work/ring'
import { moved } from './board'
import { boardQuery } from './queries'
import { statuses, statusWords } from './status'

const dragType = 'application/x-project'

/** Projects by state. A card is moved by the mouse, or by its menu from the keyboard and on a phone. */
export function BoardView({ empty }: { empty: ReactNode }) {
  const user = useUser()
  const wide = useWide()
  const search = useSearch({ from: '/projects' })
  const navigate = useNavigate({ from: '/projects' })
  const query = boardQuery({ search: search.search })
  const board = useQuery({ ...query, placeholderData: keepPreviousData })
  const [over, setOver] = useState<string | null>(null)
  const [dragged, setDragged] = useState<BoardCard | null>(null)
  const mayMove = may(user, 'can_edit_projects')

  const put = useMutation({
    mutationFn: ({ card, status }: { card: BoardCard; status: string }) => changeProject(card.id, { status }, null),
    onMutate: async ({ card, status }) => {
      await queryClient.cancelQueries({ queryKey: ['projects', 'board'] })
      const before = queryClient.getQueryData<Board>(query.queryKey)
      if (before) queryClient.setQueryData(query.queryKey, moved(before, card, status))
      return { before }
    },
    onError: (error, _move, context) => {
      if (context?.before) queryClient.setQueryData(query.queryKey, context.before)
      toast(messageOf(error), 'bad')
    },
    onSuccess: (_project, { card, status }) =>
      toastUndo(`${card.name} is ${statusWords(status).toLowerCase()} now.`, async () => {
        await changeProject(card.id, { status: card.status }, null)
        return { message: `${card.name} is ${statusWords(card.status).toLowerCase()} again.` }
      }),
    onSettled: () => {
      for (const noun of ['projects', 'unbilled', 'clients']) void queryClient.invalidateQueries({ queryKey: [noun] })
    },
  })
  const move = (card: BoardCard, status: string) => {
    if (card.status !== status) put.mutate({ card, status })
  }

  if (board.isError) return <Failure error={board.error} onRetry={() => void board.refetch()} />
  const all = board.data?.columns.filter((column) => column.status !== 'paid') ?? []
  const chosen = all.find((column) => column.status === search.status) ?? all.find((column) => column.status === 'in-progress') ?? all[0]
  const shown = wide ? all : all.filter((column) => column === chosen)
  return (
    <>
      <SearchBox label="Search projects" value={search.search ?? ''} onChange={(text) => void navigate({ search: (before) => ({ ...before, search: text || undefined }), replace: true })} />
      {!board.data ? (
        <Skeleton rows={4} />
      ) : all.every((column) => column.count === 0) && !search.search ? (
        empty
      ) : (
        <>
          {!wide && (
            <div role="group" aria-label="Column" className="-mx-4 flex gap-2 overflow-x-auto px-4">
              {all.map((column) => (
                <button
                  key={column.status}
                  type="button"
                  aria-pressed={column === chosen}
                  className={`inline-flex min-h-11 shrink-0 items-center gap-2 rounded-full border px-4 font-medium ${column === chosen ? 'border-accent bg-accent-soft text-accent' : 'border-edge'}`}
                  onClick={() => void navigate({ search: (before) => ({ ...before, status: column.status }), replace: true })}
                >
                  {statusWords(column.status)}
                  <span className="num text-sm">{column.count}</span>
                </button>
              ))}
            </div>
          )}
          <div className={`grid items-start gap-4 ${wide ? 'grid-cols-4' : ''}`}>
            {shown.map((column) => (
              <section
                key={column.status}
                aria-label={`${statusWords(column.status)}, ${column.count} ${column.count === 1 ? 'project' : 'projects'}`}
                className={`flex min-h-40 flex-col gap-3 rounded-card p-2 transition-colors ${wide ? 'bg-raised' : '-mx-2'} ${over === column.status ? 'outline-3 outline-accent outline-dashed' : ''}`}
                onDragOver={(event: DragEvent) => {
                  if (!dragged || !event.dataTransfer.types.includes(dragType)) return
                  event.preventDefault()
                  event.dataTransfer.dropEffect = 'move'
                  setOver(column.status)
                }}
                onDragLeave={(event: DragEvent) => {
                  if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(null)
                }}
                onDrop={(event: DragEvent) => {
                  event.preventDefault()
                  setOver(null)
                  if (dragged) move(dragged, column.status)
                }}
              >
                {wide && (
                  <h2 className="flex items-center gap-2 px-2 pt-1 text-base font-semibold">
                    {statusWords(column.status)}
                    <span className="num ml-auto rounded-full bg-surface px-2 py-0.5 text-sm font-medium text-muted">{column.count}</span>
                  </h2>
                )}
                <ul className="flex flex-col gap-2">
                  {column.cards.map((card) => (
                    <Card
                      key={card.id}
                      card={card}
                      mayMove={mayMove}
                      onMove={(status) => move(card, status)}
                      onDragStart={() => setDragged(card)}
                      onDragEnd={() => {
                        setDragged(null)
                        setOver(null)
                      }}
                    />
                  ))}
                </ul>
                {column.cards.length === 0 && <p className="px-2 py-3 text-sm text-muted">No projects</p>}
                {column.count > column.cards.length && (
                  <Link to="/projects" search={{ view: 'list', status: column.status, search: search.search }} className="inline-flex min-h-11 items-center gap-1 px-2 font-medium text-accent hover:underline">
                    All {column.count}
                    <ArrowRight aria-hidden className="size-4" />
                  </Link>
                )}
              </section>
            ))}
          </div>
        </>
      )}
    </>
  )
}

interface CardProps {
  card: BoardCard
  mayMove: boolean
  onMove: (status: string) => void
  onDragStart: () => void
  onDragEnd: () => void
}

function Card({ card, mayMove, onMove, onDragStart, onDragEnd }: CardProps) {
  const late = card.status === 'in-progress' && card.end_date !== null && card.end_date < today()
  return (
    <li
      className={`card relative flex items-start gap-2 py-3 pl-3 ${mayMove ? 'pr-1 lg:cursor-grab' : 'pr-3'}`}
      draggable={mayMove}
      onDragStart={(event) => {
        event.dataTransfer.setData(dragType, card.id)
        event.dataTransfer.effectAllowed = 'move'
        onDragStart()
      }}
      onDragEnd={onDragEnd}
    >
      <div className="min-w-0 flex-1">
        <p className="font-mono text-xs text-muted">{card.code}</p>
        <Link to="/projects/$id" params={{ id: card.id }} data-row-link draggable={false} className="font-medium break-words after:absolute after:inset-0 hover:underline">
          {card.name}
        </Link>
        <p className="truncate text-sm text-muted">{card.client_name || 'No client'}</p>
        <p className="num mt-1 text-sm text-muted">
          {formatQuantity(card.hours_logged)} h
          {card.budget !== null && card.budget !== '0.00' && ` · ${formatMoney(card.actual_cost)} of ${formatMoney(card.budget)}`}
        </p>
        {(card.over_budget || late || card.billing_hold) && (
          <p className="mt-1.5 flex flex-wrap gap-1.5">
            {card.over_budget && (
              <Badge tone="bad" icon={<TriangleAlert aria-hidden className="size-3.5" />}>
                Over budget
              </Badge>
            )}
            {late && (
              <Badge tone="warn" icon={<CalendarClock aria-hidden className="size-3.5" />}>
                Due {formatDay(card.end_date)}
              </Badge>
            )}
            {card.billing_hold && (
              <Badge tone="warn" icon={<Hand aria-hidden className="size-3.5" />}>
                On hold
              </Badge>
            )}
          </p>
        )}
      </div>
      <div className="relative z-10 flex flex-col items-end">
        {mayMove && (
          <div className="-mt-2">
            <Menu
              label={`Move ${card.name}`}
              items={statuses.filter((status) => status.value !== card.status).map((status) => ({ label: status.value === 'paid' ? 'Archive' : `Move to ${status.words}`, icon: status.value === 'paid' ? <FolderKanban aria-hidden /> : <ArrowRight aria-hidden />, onSelect: () => onMove(status.value) }))}
            />
          </div>
        )}
        <span className={mayMove ? 'mr-2' : ''}>
          <BudgetRing spent={card.actual_cost} budget={card.budget} />
        </span>
      </div>
    </li>
  )
}

/** What a board without projects says. */
export function NoProjects({ action }: { action: ReactNode }) {
  return (
    <Empty icon={<FolderKanban aria-hidden />} title="No projects yet" action={action}>
      Hours are entered on projects. Make the first one.
    </Empty>
  )
}
