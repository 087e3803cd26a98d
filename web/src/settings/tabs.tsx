import { Link, useLocation, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { may, useUser } from '@/api/session'
import { inSight } from '@/ui/in-sight'
import { Page } from '@/ui/page'
import { parts, partWords } from './parts'

const tab =
  'inline-flex min-h-11 shrink-0 items-center border-b-[3px] border-transparent px-1 font-medium text-muted hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-ink'

/** The frame of the settings, with a tab for each part the person may change. */
export function SettingsFrame({ children }: { children: ReactNode }) {
  return (
    <Page title="Settings">
      <SettingsTabs />
      {children}
    </Page>
  )
}

/** One tab for each part of the settings. */
export function SettingsTabs() {
  const user = useUser()
  const { pathname } = useLocation()
  const { part: current = 'company' } = useSearch({ strict: false })
  return (
    <nav aria-label="Parts of the settings" className="-mt-2 flex gap-6 overflow-x-auto border-b border-line">
      {may(user, 'can_manage_settings') &&
        parts.map((part) => (
          <Link key={part} ref={pathname === '/settings' && current === part ? inSight : undefined} to="/settings" search={{ part }} className={tab} aria-current={pathname === '/settings' && current === part ? 'page' : undefined} activeProps={{ 'aria-current': undefined }}>
            {partWords[part]}
          </Link>
        ))}
      {may(user, 'can_sync_xero') && (
        <Link ref={pathname === '/settings/xero' ? inSight : undefined} to="/settings/xero" className={tab} activeOptions={{ includeSearch: false }}>
          Xero
        </Link>
      )}
      {may(user, 'can_sync_xero') && (
        <Link ref={pathname === '/settings/queue' ? inSight : undefined} to="/settings/queue" className={tab} activeOptions={{ includeSearch: false }}>
          Queue
        </Link>
      )}
    </nav>
  )
}
