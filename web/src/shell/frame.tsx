import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, Navigate, Outlet, useLocation, useMatches, useNavigate } from '@tanstack/react-router'
import { ChevronDown, Ellipsis, LogOut, Monitor, Moon, Search, Sun, UserRound, WifiOff } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { signOut } from '@/api/client'
import { messageOf } from '@/api/errors'
import { onSignedOut } from '@/api/http'
import { queryClient } from '@/api/query'
import { forgetSession, may, sessionQuery, UserContext, useUser } from '@/api/session'
import { Wire } from '@/sync/lane'
import { useLive } from '@/sync/live'
import { useSendUnsent, useUnsentCount } from '@/timesheets/queries'
import { Dialog } from '@/ui/dialog'
import { isPageKey } from '@/ui/list-keys'
import { Menu } from '@/ui/menu'
import { Shortcuts } from '@/ui/shortcuts'
import { Failure, Spinner } from '@/ui/states'
import { toast, Toaster } from '@/ui/toast'
import { Logo } from './logo'
import { NotificationBell } from './notifications'
import { useOnline } from './online'
import { useFirmIcon } from './public-page'
import { Palette } from './palette'
import type { Place, PlaceGroup } from './places'
import { mostUsed, placesFor } from './places'
import type { Theme } from './theme'
import { chooseTheme, useTheme } from './theme'

/** What links in mails lead to; it can be seen without signing in. */
const openToAnybody = ['/setup', '/accept-invitation', '/forgot-password']

/** Lets in who is signed in; everybody else goes to the sign-in page and comes back after. */
const isOpen = (path: string) => path === '/sign-in' || openToAnybody.includes(path)

export function Shell() {
  const session = useQuery(sessionQuery)
  useFirmIcon()
  const location = useLocation()
  const navigate = useNavigate()
  const signingIn = location.pathname === '/sign-in'
  // The router changes the location before what the Outlet shows: until both are open to anybody, a
  // page for the signed in would be drawn without one.
  const shown = useMatches({ select: (matches) => matches.at(-1)?.pathname ?? '' })
  const opening = isOpen(location.pathname)
  useEffect(() => onSignedOut(() => queryClient.setQueryData(sessionQuery.queryKey, null)), [])
  useEffect(() => {
    if (signingIn && session.data) void navigate({ to: '/', replace: true })
  }, [signingIn, session.data, navigate])

  if (opening && isOpen(shown))
    return (
      <>
        <Outlet />
        <Toaster />
      </>
    )
  if (opening || session.isPending)
    return (
      <main className="grid min-h-dvh place-items-center" aria-busy="true">
        <h1 className="sr-only">AmpedFieldOps is opening</h1>
        <Spinner className="size-8 text-accent" />
      </main>
    )
  if (session.isError)
    return (
      <main className="mx-auto grid min-h-dvh max-w-md place-items-center px-4">
        <div>
          <h1 className="sr-only">AmpedFieldOps cannot open</h1>
          <Failure error={session.error} onRetry={() => void session.refetch()} />
        </div>
      </main>
    )
  if (!session.data) return <Navigate to="/sign-in" search={location.href === '/' ? {} : { next: location.href }} replace />
  return (
    <UserContext value={session.data}>
      <Frame />
    </UserContext>
  )
}

function Frame() {
  const user = useUser()
  const online = useOnline()
  const [more, setMore] = useState(false)
  const [overlay, setOverlay] = useState<'palette' | 'shortcuts' | null>(null)
  useKeys(setOverlay)
  useLive()
  useSendUnsent(user.id)
  const groups = placesFor(user)
  const financials = may(user, 'can_view_financials')
  const bottom = mostUsed(groups)
  return (
    <div className="lg:grid lg:grid-cols-[15.5rem_minmax(0,1fr)]">
      <a href="#main" className="sr-only z-50 rounded-lg bg-surface px-4 py-3 focus:not-sr-only focus:fixed focus:top-3 focus:left-3">
        Skip to content
      </a>
      <aside className="sticky top-0 hidden h-dvh flex-col gap-5 border-r border-board-line bg-board p-4 text-board-ink lg:flex">
        <div className="flex items-center justify-between">
          <Link to="/" className="rounded-lg px-2 py-1" aria-label="AmpedFieldOps, start">
            <Logo />
          </Link>
          <NotificationBell />
        </div>
        <button
          type="button"
          aria-haspopup="dialog"
          aria-keyshortcuts="Control+K"
          className="flex min-h-11 items-center gap-3 rounded-lg border border-board-line px-3 text-left text-board-muted hover:bg-white/5 hover:text-board-ink focus-visible:outline-spark"
          onClick={() => setOverlay('palette')}
        >
          <Search aria-hidden className="size-4" />
          <span className="flex-1">Search</span>
          <kbd aria-hidden className="rounded-md border border-board-line px-1.5 font-mono text-xs">
            Ctrl K
          </kbd>
        </button>
        <nav aria-label="Main" className="-mx-1 flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-1">
          {groups.map((group) => (
            <SideGroup key={group.title} group={group} />
          ))}
        </nav>
        {financials && <Wire />}
        <PersonMenu />
      </aside>
      <div className="flex min-h-dvh flex-col pb-[calc(4rem+env(safe-area-inset-bottom))] lg:pb-0">
        <header className="flex items-center justify-between bg-board py-1.5 pr-2 pl-4 text-board-ink lg:hidden">
          <Link to="/" aria-label="AmpedFieldOps, start" className="flex min-h-11 items-center rounded-lg">
            <Logo />
          </Link>
          <span className="flex items-center">
            <button type="button" aria-label="Search" aria-haspopup="dialog" className="inline-flex size-11 items-center justify-center rounded-lg hover:bg-white/5 focus-visible:outline-spark" onClick={() => setOverlay('palette')}>
              <Search aria-hidden className="size-5" />
            </button>
            <NotificationBell />
            <PersonMenu small />
          </span>
        </header>
        {!online && (
          <p role="status" className="flex items-center justify-center gap-2 bg-warn-soft px-4 py-2 text-center text-sm font-medium text-warn">
            <WifiOff aria-hidden className="size-4 shrink-0" />
            No signal. New hours are kept on this device.
          </p>
        )}
        <main id="main" tabIndex={-1} className="flex-1 outline-none">
          <Outlet />
        </main>
      </div>
      <nav aria-label="Main" className="fixed inset-x-0 bottom-0 z-30 flex border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] lg:hidden">
        {bottom.map(({ to, label, icon: Icon }) => (
          <Link
            key={to}
            to={to}
            activeOptions={{ includeSearch: false }}
            className="flex min-h-16 flex-1 flex-col items-center justify-center gap-1 border-t-[3px] border-transparent text-xs font-medium text-muted aria-[current=page]:border-accent aria-[current=page]:text-accent"
          >
            <Icon aria-hidden className="size-5" />
            {label}
          </Link>
        ))}
        <button
          type="button"
          className="flex min-h-16 flex-1 flex-col items-center justify-center gap-1 border-t-[3px] border-transparent text-xs font-medium text-muted"
          aria-haspopup="dialog"
          onClick={() => setMore(true)}
        >
          <Ellipsis aria-hidden className="size-5" />
          More
        </button>
      </nav>
      {more && <MorePlaces groups={groups} onClose={() => setMore(false)} />}
      {overlay === 'palette' && <Palette onClose={() => setOverlay(null)} onShortcuts={() => setOverlay('shortcuts')} />}
      {overlay === 'shortcuts' && <Shortcuts onClose={() => setOverlay(null)} />}
      <Toaster />
    </div>
  )
}

/** The keys that do something on every page. */
function useKeys(open: (overlay: 'palette' | 'shortcuts') => void) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !document.querySelector('dialog[open]')) {
        event.preventDefault()
        open('palette')
        return
      }
      if (!isPageKey(event)) return
      if (event.key === '?') open('shortcuts')
      if (event.key !== '/') return
      event.preventDefault()
      const search = document.querySelector<HTMLElement>('[data-page-search]')
      if (search?.checkVisibility()) search.focus()
      else open('palette')
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [open])
}

/** Every place, for a phone. */
function MorePlaces({ groups, onClose }: { groups: PlaceGroup[]; onClose: () => void }) {
  return (
    <Dialog lightly title="More" onClose={onClose}>
      <nav aria-label="All pages" className="flex flex-col gap-5">
        {groups.map(({ title, places }) => (
          <section key={title} aria-label={title}>
            <h3 className="pb-1 text-sm font-semibold text-muted">{title}</h3>
            <ul className="-mx-2 grid grid-cols-2 gap-x-2">
              {places.map(({ to, label, icon: Icon }) => (
                <li key={to}>
                  <Link to={to} onClick={onClose} className="flex min-h-12 items-center gap-3 rounded-lg px-2 font-medium hover:bg-raised aria-[current=page]:text-accent">
                    <Icon aria-hidden className="size-5 text-muted" />
                    {label}
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </nav>
    </Dialog>
  )
}

const folded = (title: string) => `folded:${title}`

/** Some places under their title, which folds them away; the device remembers. */
function SideGroup({ group: { title, places } }: { group: PlaceGroup }) {
  const { pathname } = useLocation()
  const [open, setOpen] = useState(() => {
    try {
      return localStorage.getItem(folded(title)) === null
    } catch {
      return true // Storage may be blocked.
    }
  })
  const here = places.some(({ to }) => pathname === to || pathname.startsWith(`${to}/`))
  const toggle = () => {
    setOpen(!open)
    try {
      if (open) localStorage.setItem(folded(title), '1')
      else localStorage.removeItem(folded(title))
    } catch {
      // Then it is open again next time.
    }
  }
  return (
    <section>
      <button
        type="button"
        aria-expanded={open || here}
        className="flex min-h-8 w-full items-center gap-2 rounded-md px-3 text-[0.6875rem] font-semibold tracking-widest text-board-muted uppercase hover:text-board-ink focus-visible:outline-spark"
        onClick={toggle}
      >
        <span className="flex-1 text-left">{title}</span>
        <ChevronDown aria-hidden className={`size-3.5 transition ${open || here ? '' : '-rotate-90'}`} />
      </button>
      {(open || here) && (
        <ul className="flex flex-col">
          {places.map((place) => (
            <li key={place.to}>
              <SideLink place={place} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function SideLink({ place: { to, label, icon: Icon, exact = false } }: { place: Place }) {
  const { pathname } = useLocation()
  const link = useRef<HTMLAnchorElement>(null)
  // On a low screen the list is longer than its place, the more when the state of Xero is known
  // below it: where one is, stays in sight.
  useEffect(() => {
    if (link.current?.getAttribute('aria-current') === 'page') link.current.scrollIntoView({ block: 'nearest' })
  }, [pathname])
  return (
    <Link
      ref={link}
      to={to}
      activeOptions={{ includeSearch: false, exact }}
      className="relative flex min-h-9 scroll-my-32 items-center gap-3 rounded-lg px-3 font-medium text-board-muted hover:bg-white/5 hover:text-board-ink focus-visible:outline-spark aria-[current=page]:bg-white/8 aria-[current=page]:text-board-ink aria-[current=page]:before:absolute aria-[current=page]:before:-left-1 aria-[current=page]:before:h-6 aria-[current=page]:before:w-1 aria-[current=page]:before:rounded-full aria-[current=page]:before:bg-spark aria-[current=page]:[&>svg]:text-spark"
    >
      <Icon aria-hidden className="size-5" />
      {label}
    </Link>
  )
}

const themes: { theme: Theme; label: string; icon: LucideIcon }[] = [
  { theme: 'light', label: 'Light', icon: Sun },
  { theme: 'dark', label: 'Dark', icon: Moon },
  { theme: 'device', label: 'As on this device', icon: Monitor },
]

function PersonMenu({ small = false }: { small?: boolean }) {
  const user = useUser()
  const navigate = useNavigate()
  const unsent = useUnsentCount(user.id)
  const theme = useTheme()
  const leave = useMutation({
    mutationFn: async () => {
      if (unsent > 0)
        throw new Error(`${unsent} ${unsent === 1 ? 'entry is' : 'entries are'} only on this device. Sign out when ${unsent === 1 ? 'it has' : 'they have'} been sent, or delete ${unsent === 1 ? 'it' : 'them'} first.`)
      await signOut()
      await forgetSession()
    },
    onSuccess: () => void navigate({ to: '/sign-in' }),
    onError: (error) => toast(messageOf(error), 'bad'),
  })
  const initials = user.name.split(/\s+/).map((word) => word.charAt(0)).slice(0, 2).join('').toUpperCase()
  return (
    <Menu
      label="You"
      trigger={
        <button type="button" className="flex min-h-11 items-center gap-3 rounded-lg px-1.5 text-left hover:bg-white/5 focus-visible:outline-spark lg:w-full">
          <span className="flex size-9 shrink-0 items-center justify-center rounded-full bg-board-line text-sm font-semibold">
            {initials}
          </span>
          <span className="sr-only">{small ? `${user.name}, your menu` : 'Your menu'}</span>
          {!small && (
            <span className="min-w-0">
              <span className="block truncate text-sm font-medium">{user.name}</span>
              <span className="block truncate text-xs text-board-muted">{user.email}</span>
            </span>
          )}
        </button>
      }
      items={[
        { label: 'Profile and password', icon: <UserRound aria-hidden />, onSelect: () => void navigate({ to: '/profile' }) },
        ...themes
          .filter((other) => other.theme !== theme)
          .map(({ theme: other, label, icon: Icon }) => ({ label: `Theme: ${label.toLowerCase()}`, icon: <Icon aria-hidden />, onSelect: () => chooseTheme(other) })),
        { label: 'Sign out', icon: <LogOut aria-hidden />, onSelect: () => leave.mutate() },
      ]}
    />
  )
}

/** Where a person starts: with the dashboard, or with the own hours where that is not open to them. */
export function Start() {
  return <Navigate to={may(useUser(), 'can_view_dashboard') ? '/dashboard' : '/timesheets'} replace />
}
