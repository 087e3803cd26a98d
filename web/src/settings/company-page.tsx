import { useQuery } from '@tanstack/react-query'
import { Link, Navigate, useSearch } from '@tanstack/react-router'
import { may, useUser } from '@/api/session'
import { getSettingsSchema } from '@/api/settings'
import { settingsQuery } from '@/sync/queries'
import { Failure, Skeleton } from '@/ui/states'
import { partOf } from './parts'
import { SchemaForm } from './schema-form'
import { SettingsFrame } from './tabs'
import { TestMail } from './test-mail'

/** The firm's settings, part by part, as the server says what there are. */
export function CompanySettingsPage() {
  const user = useUser()
  const { part = 'company', xero_connected, xero_error, xero_error_msg } = useSearch({ from: '/settings' })
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
          <SchemaForm key={part} words={words} settings={settings.data} />
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
