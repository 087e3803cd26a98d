import { Link } from '@tanstack/react-router'
import { useMutation } from '@tanstack/react-query'
import { ArrowLeft, Trash2, Undo2 } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import type { RecordKind } from '@/api/records'
import { restoreRecord } from '@/api/records'
import type { Instant } from '@/api/types'
import { formatMinute } from '@/format/calendar'
import { Button } from '@/ui/button'
import type { MenuItem } from '@/ui/menu'
import { Menu } from '@/ui/menu'
import { Detail, Page } from '@/ui/page'
import { Failure, Notice, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { History } from './history'
import { kindTitle } from './kinds'

/** The way back to a list. */
export function BackLink({ children, ...to }: { to: ComponentProps<typeof Link>['to']; children: ReactNode }) {
  return (
    <Link {...to} className="mb-1 inline-flex min-h-11 items-center gap-1.5 text-sm font-medium text-muted hover:text-ink">
      <ArrowLeft aria-hidden className="size-4" />
      {children}
    </Link>
  )
}

export interface Fact {
  label: string
  value: ReactNode
  /** Takes the whole width: for a text. */
  wide?: boolean
}

/** What is known about a record, in short. A fact without a value is left out. */
export function Facts({ facts }: { facts: (Fact | false | null)[] }) {
  const shown = facts.filter((fact): fact is Fact => Boolean(fact) && fact !== false && fact?.value !== null && fact?.value !== undefined && fact.value !== '')
  if (shown.length === 0) return null
  return (
    <dl className="card grid grid-cols-2 gap-4 p-4 sm:grid-cols-3 lg:grid-cols-4">
      {shown.map((fact) => (
        <Detail key={fact.label} label={fact.label} className={fact.wide ? 'col-span-full' : ''}>
          {fact.value}
        </Detail>
      ))}
    </dl>
  )
}

/** A part of the page of a record, under its heading. */
export function Section({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title} className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <h2 className="flex-1 text-lg font-semibold">{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  )
}

interface RecordPageProps {
  kind: RecordKind
  id: string
  /** Its number or name. */
  title: string
  lead?: ReactNode
  back: { to: ComponentProps<typeof Link>['to']; label: string }
  /** Status badges. */
  badges?: ReactNode
  /** The buttons that matter most; the rest stands in `menu`. */
  actions?: ReactNode
  menu?: MenuItem[]
  facts?: (Fact | false | null)[]
  /** When it was deleted, and where in the API it is restored: "/api/xero/quotes/…". */
  deleted?: { at: Instant | null; path: string; mayRestore: boolean }
  children?: ReactNode
}

/** The page of one record: its name and status, what can be done with it, what is known about it, and its history. */
export function RecordPage({ kind, id, title, lead, back, badges, actions, menu = [], facts, deleted, children }: RecordPageProps) {
  return (
    <Page
      title={title}
      lead={
        <>
          {lead}
          {badges && <div className="mt-2 flex flex-wrap items-center gap-2">{badges}</div>}
        </>
      }
      back={<BackLink to={back.to}>{back.label}</BackLink>}
      actions={
        !deleted?.at && (
          <>
            {actions}
            {menu.length > 0 && <Menu label={`More actions for ${title}`} items={menu} />}
          </>
        )
      }
    >
      {deleted?.at && <Deleted kind={kind} deleted={deleted} />}
      {facts && <Facts facts={facts} />}
      {children}
      <History entityType={kind} id={id} />
    </Page>
  )
}

function Deleted({ kind, deleted }: { kind: RecordKind; deleted: NonNullable<RecordPageProps['deleted']> }) {
  const restore = useMutation({
    mutationFn: () => restoreRecord(deleted.path),
    onSuccess: ({ message }) => toast(message),
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: () => queryClient.invalidateQueries(),
  })
  return (
    <Notice
      tone="warn"
      icon={<Trash2 aria-hidden />}
      title={`This ${kindTitle(kind).toLowerCase()} is in the bin`}
      action={
        deleted.mayRestore && (
          <Button busy={restore.isPending} icon={<Undo2 aria-hidden className="size-4" />} onClick={() => restore.mutate()}>
            Restore
          </Button>
        )
      }
    >
      Deleted {formatMinute(deleted.at)}.
    </Notice>
  )
}

/** The page while its record is being read, and when it could not be. */
export function RecordState({ title, back, error, onRetry }: { title: string; back: RecordPageProps['back']; error: Error | null; onRetry: () => void }) {
  return (
    <Page title={title} back={<BackLink to={back.to}>{back.label}</BackLink>}>
      {error ? <Failure error={error} onRetry={onRetry} /> : <Skeleton />}
    </Page>
  )
}
