import { useQuery } from '@tanstack/react-query'
import { Link, Navigate, useSearch } from '@tanstack/react-router'
import { may, useUser } from '@/api/session'
import { getSettingsSchema } from '@/api/settings'
import { settingsQuery } from '@/sync/queries'
import { Failure, Notice, Skeleton } from '@/ui/states'
import { FileSettings } from './files'
import { partOf } from './parts'
import { SchemaForm } from './schema-form'
import { SettingsFrame } from './tabs'
import { TestMail } from './test-mail'

/** The firm's settings, part by part, as the server says what there are. */
export function CompanySettingsPage() {
  const user = useUser()
  const { part: asked, xero_connected, xero_error, xero_error_msg, google_drive_connected, google_drive_error } = useSearch({ from: '/settings' })
  const part = asked ?? (google_drive_connected || google_drive_error ? 'files' : 'company')
  const mayChange = may(user, 'can_manage_settings')
  const settings = useQuery({ ...settingsQuery, enabled: mayChange })
  const schema = useQuery({ queryKey: ['settings-schema'], queryFn: getSettingsSchema, enabled: mayChange, staleTime: Infinity })
  if (xero_connected || xero_error) return <Navigate to="/settings/xero" search={{ connected: xero_connected, error: xero_error && (xero_error_msg ?? xero_error) }} replace />
  if (!mayChange) return <Navigate to="/settings/xero" replace />
  const failed = settings.isLoadingError ? settings : schema.isLoadingError ? schema : null
  const words = schema.data?.filter((one) => partOf(one) === part) ?? []
  return (
    <SettingsFrame>
      {failed ? (
        <Failure error={failed.error} onRetry={() => void failed.refetch()} />
      ) : !settings.data || !schema.data ? (
        <Skeleton />
      ) : (
        <>
          {google_drive_connected && <Notice tone="good" title="Google Drive is connected. Test it, and save to keep new files there." />}
          {google_drive_error && <Notice tone="bad" title={`Google Drive was not connected: ${google_drive_error}`} />}
          {part === 'files' ? <FileSettings /> : <SchemaForm key={part} words={words} settings={settings.data} />}
          {part === 'mail' && (
            <>
              <TestMail />
              <p className="text-muted">
                When clients are reminded of overdue invoices, and with which words, is set{' '}
                <Link to="/financials/reminders" className="font-medium text-accent underline">
                  where reminders are sent
                </Link>
                .
              </p>
            </>
          )}
        </>
      )}
    </SettingsFrame>
  )
}
