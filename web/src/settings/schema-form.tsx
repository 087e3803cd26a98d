import { useMutation, useQuery } from '@tanstack/react-query'
import { ImageUp, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { ApiError, messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import type { SettingWords } from '@/api/settings'
import { putSettings, uploadPicture } from '@/api/settings'
import type { Settings } from '@/api/types'
import { accountsQuery, settingsQuery, xeroStatusKey } from '@/sync/queries'
import { Button } from '@/ui/button'
import { Checkbox, Field, Input, Select, Textarea } from '@/ui/field'
import { toast } from '@/ui/toast'
import { choiceWords } from './parts'

export const settingsChanged = () => {
  for (const queryKey of [settingsQuery.queryKey, xeroStatusKey, ['branding']]) void queryClient.invalidateQueries({ queryKey })
}

const stored = (settings: Settings, { key, default: standard }: SettingWords): string => {
  const value = settings[key]
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : standard
}

/** The fields of some settings; what was changed is saved together, all or nothing. */
export function SchemaForm({ words, settings, children }: { words: SettingWords[]; settings: Settings; children?: ReactNode }) {
  const [changed, setChanged] = useState<Record<string, string>>({})
  const save = useMutation({
    mutationFn: () => putSettings(Object.entries(changed).map(([key, value]) => ({ key, value }))),
    onSuccess: () => {
      toast('Settings saved.')
      setChanged({})
    },
    onSettled: settingsChanged,
  })
  const faults = save.error instanceof ApiError ? save.error.fields : {}
  const groups = Map.groupBy(words, (one) => one.group)
  return (
    <form
      noValidate
      className="flex flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      {save.error && Object.keys(faults).length === 0 && (
        <p role="alert" className="rounded-card bg-bad-soft px-4 py-3 font-medium text-bad">
          {messageOf(save.error)}
        </p>
      )}
      {[...groups].map(([group, members]) => (
        <section key={group} aria-label={group} className="card grid items-start gap-4 p-5 sm:grid-cols-2">
          <h2 className="text-lg font-semibold sm:col-span-2">{group === 'Xero' ? 'Documents in Xero' : group}</h2>
          {members.map((one) => (
            <Setting
              key={one.key}
              words={one}
              settings={settings}
              value={changed[one.key] ?? stored(settings, one)}
              fault={faults[one.key]}
              onChange={(value) => setChanged(value === stored(settings, one) && one.type !== 'secret' ? Object.fromEntries(Object.entries(changed).filter(([key]) => key !== one.key)) : { ...changed, [one.key]: value })}
            />
          ))}
        </section>
      ))}
      <div className="flex flex-wrap gap-3">
        <Button type="submit" variant="primary" busy={save.isPending} disabled={Object.keys(changed).length === 0}>
          Save settings
        </Button>
        {children}
      </div>
    </form>
  )
}

interface SettingProps {
  words: SettingWords
  settings: Settings
  value: string
  fault: string | undefined
  onChange: (value: string) => void
}

function Setting({ words, settings, value, fault, onChange }: SettingProps) {
  const { key, label, description, type, choices } = words
  // The server's sentence goes on from the label: "must be a whole number".
  const error = fault && `This ${fault}`
  switch (type) {
    case 'picture':
      return <Picture words={words} url={value} />
    case 'boolean':
      return (
        <Checkbox checked={value === 'true'} onChange={(event) => onChange(String(event.target.checked))}>
          <span>
            <span className="block font-medium">{label}</span>
            <span className="block text-sm text-muted">{description}</span>
          </span>
        </Checkbox>
      )
    case 'choice':
      return (
        <Field label={label} hint={description || undefined} error={error}>
          <Select value={value} onChange={(event) => onChange(event.target.value)}>
            {choices?.map((choice) => (
              <option key={choice} value={choice}>
                {choiceWords(choice)}
              </option>
            ))}
          </Select>
        </Field>
      )
    case 'account':
      return <AccountSetting words={words} value={value} error={error} onChange={onChange} />
    case 'secret':
      return <Secret words={words} isSet={String(settings[`${key}_set`]) === 'true'} value={value} error={error} onChange={onChange} />
    case 'multiline':
    case 'json':
      return (
        <Field label={label} hint={description} error={error} className="sm:col-span-2">
          <Textarea value={value} className={type === 'json' ? 'font-mono text-sm' : ''} onChange={(event) => onChange(event.target.value)} />
        </Field>
      )
    case 'timezone':
      return (
        <Field label={label} hint={description} error={error}>
          <Input list="zones" value={value} onChange={(event) => onChange(event.target.value)} />
          <datalist id="zones">
            {Intl.supportedValuesOf('timeZone').map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </Field>
      )
    default:
      return (
        <Field label={label} hint={description} error={error}>
          <Input type={type === 'email' ? 'email' : 'text'} inputMode={type === 'number' ? 'decimal' : undefined} className={type === 'number' ? 'num' : ''} value={value} onChange={(event) => onChange(event.target.value)} />
        </Field>
      )
  }
}

function AccountSetting({ words: { key, label, description }, value, error, onChange }: Omit<SettingProps, 'settings' | 'fault'> & { error: string | undefined }) {
  const { data } = useQuery(accountsQuery)
  const classes = key.includes('purchase') ? ['EXPENSE', 'ASSET'] : ['REVENUE']
  const accounts = (data ?? []).filter((account) => account.status === 'ACTIVE' && classes.includes(account.class))
  return (
    <Field label={label} hint={description} error={error}>
      <Select value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">Choose…</option>
        {accounts.map((account) => (
          <option key={account.code} value={account.code}>
            {account.code} {account.name}
          </option>
        ))}
        {/* So that a setting is not lost while the accounts are being read, or when its account is gone. */}
        {value && !accounts.some((account) => account.code === value) && <option value={value}>{value}</option>}
      </Select>
    </Field>
  )
}

/** Can be written and not read: the page only says whether it is set. */
function Secret({ words: { label, description }, isSet, value, error, onChange }: { words: SettingWords; isSet: boolean; value: string; error: string | undefined; onChange: (value: string) => void }) {
  return (
    <Field label={label} hint={`${isSet ? 'Set. Enter a new one to replace it.' : 'Not set.'} ${description}.`} error={error}>
      <Input type="password" autoComplete="new-password" placeholder={isSet ? '••••••••' : ''} value={value} onChange={(event) => onChange(event.target.value)} />
    </Field>
  )
}

function Picture({ words: { key, label, description }, url }: { words: SettingWords; url: string }) {
  const which = key === 'company_favicon' ? 'favicon' : 'logo'
  const upload = useMutation({
    mutationFn: (file: File) => uploadPicture(which, file),
    onSuccess: () => toast(`${label} saved.`),
    onSettled: settingsChanged,
  })
  const remove = useMutation({
    mutationFn: () => putSettings([{ key, value: '' }]),
    onSuccess: () => toast(`${label} removed.`),
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: settingsChanged,
  })
  return (
    <Field group label={label} hint={description} error={upload.error ? messageOf(upload.error) : undefined}>
      <div className="flex flex-wrap items-center gap-3">
        {url && <img src={url} alt={`The ${label.toLowerCase()} now`} className="h-14 max-w-44 rounded-lg border border-line bg-white object-contain p-1" />}
        <label className="inline-flex min-h-11 cursor-pointer items-center gap-2 rounded-[0.625rem] border border-edge bg-surface px-4 font-medium hover:bg-raised has-focus-visible:outline-3 has-focus-visible:outline-accent">
          <ImageUp aria-hidden className="size-4" />
          {upload.isPending ? 'Uploading…' : url ? 'Replace' : 'Choose a picture'}
          <input
            type="file"
            accept={which === 'favicon' ? '.ico,image/png,image/jpeg,image/webp' : 'image/png,image/jpeg,image/webp'}
            className="sr-only"
            disabled={upload.isPending}
            onChange={(event) => {
              const file = event.target.files?.[0]
              if (file) upload.mutate(file)
              event.target.value = ''
            }}
          />
        </label>
        {url && (
          <Button busy={remove.isPending} icon={<Trash2 aria-hidden className="size-4" />} onClick={() => remove.mutate()}>
            Remove
          </Button>
        )}
      </div>
    </Field>
  )
}
