import { useMutation, useQuery } from '@tanstack/react-query'
import { Check, Link2, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { ApiError, messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import { disconnectDrive, getDriveConsent, getStorage, putSettings, putStorage, testStorage } from '@/api/settings'
import type { Storage, StorageInput, StorageUse } from '@/api/settings'
import { inBytes } from '@/format/bytes'
import { Button } from '@/ui/button'
import { Field, Input, Select } from '@/ui/field'
import { Progress } from '@/ui/progress'
import { Failure, Notice, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { placeWords } from './parts'

const storageKey = ['storage']

/** Where photos and other files are kept, what lies there, and whether it works. */
export function FileSettings() {
  const storage = useQuery({ queryKey: storageKey, queryFn: getStorage })
  if (storage.isLoadingError) return <Failure error={storage.error} onRetry={() => void storage.refetch()} />
  if (!storage.data) return <Skeleton />
  return (
    <>
      <Uses uses={storage.data.uses} />
      <StorageForm key={storage.dataUpdatedAt} storage={storage.data} />
    </>
  )
}

function Uses({ uses }: { uses: StorageUse[] }) {
  return (
    <section aria-labelledby="what-lies-where" className="card flex flex-col gap-4 p-5">
      <h2 id="what-lies-where" className="text-lg font-semibold">
        What lies where
      </h2>
      {uses.length === 0 && <p className="text-muted">No file is kept yet.</p>}
      <ul className="flex flex-col gap-3 empty:hidden">
        {uses.map((use) => (
          <li key={use.place} className="flex flex-col gap-2">
            <p className="flex flex-wrap justify-between gap-x-4">
              <span className="font-medium">{placeWords[use.place]}</span>
              <span className="num text-muted">
                {use.files} {use.files === 1 ? 'file' : 'files'}, {inBytes(use.bytes)}
              </span>
            </p>
            {use.moving > 0 && (
              <Notice
                tone="warn"
                icon={<TriangleAlert aria-hidden />}
                title={`${use.moving} ${use.moving === 1 ? 'file waits' : 'files wait'} here for the place that did not take ${use.moving === 1 ? 'it' : 'them'}`}
              >
                {use.problem ?? 'They go there by themselves.'}
              </Notice>
            )}
            {use.missing > 0 && (
              <Notice tone="bad" icon={<TriangleAlert aria-hidden />} title={`The bytes of ${use.missing} ${use.missing === 1 ? 'file are' : 'files are'} missing`}>
                Bring them back from a backup. “ampedfieldops files orphans” lists them.
              </Notice>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function StorageForm({ storage }: { storage: Storage }) {
  const [input, setInput] = useState<StorageInput>({
    driver: storage.driver,
    basePath: storage.basePath,
    s3Bucket: storage.s3Bucket,
    s3Region: storage.s3Region,
    s3AccessKeyId: storage.s3AccessKeyId,
    s3SecretAccessKey: storage.s3SecretAccessKey,
    s3Endpoint: storage.s3Endpoint,
    s3LinkBase: storage.s3LinkBase,
    googleDriveFolderId: storage.googleDriveFolderId,
    googleDriveClientId: storage.googleDriveClientId,
    googleDriveClientSecret: '',
  })
  const set = (change: Partial<StorageInput>) => setInput({ ...input, ...change })
  const test = useMutation({ mutationFn: () => testStorage(input) })
  const save = useMutation({
    mutationFn: () => putStorage(input),
    onSuccess: () => {
      toast('New files are kept there from now on.')
      void queryClient.invalidateQueries({ queryKey: storageKey })
    },
  })
  const failed = save.error ?? test.error
  const faults: Readonly<Record<string, string>> = failed instanceof ApiError ? failed.fields : {}
  const busy = test.isPending || save.isPending
  const text = (key: keyof StorageInput, label: string, hint?: ReactNode, secret = false) => (
    <Field label={label} hint={hint} error={faults[key]}>
      <Input
        type={secret ? 'password' : 'text'}
        autoComplete={secret ? 'new-password' : 'off'}
        value={input[key]}
        onFocus={(event) => {
          if (secret) event.target.select()
        }}
        onChange={(event) => set({ [key]: event.target.value })}
      />
    </Field>
  )
  return (
    <form
      noValidate
      className="card flex flex-col gap-4 p-5"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <h2 className="text-lg font-semibold">Where new files are kept</h2>
      {storage.from_environment && <p className="text-muted">The program’s environment decides until something is saved here.</p>}
      <Field label="Place" hint="What lies elsewhere stays there until it is moved with “ampedfieldops files migrate”." error={faults.driver}>
        <Select value={input.driver} onChange={(event) => set({ driver: event.target.value as Storage['driver'] })}>
          {(['local', 's3', 'google-drive'] as const).map((place) => (
            <option key={place} value={place}>
              {placeWords[place]}
            </option>
          ))}
        </Select>
      </Field>
      {input.driver === 's3' && (
        <div className="grid items-start gap-4 sm:grid-cols-2">
          {text('s3Bucket', 'Bucket')}
          {text('s3Region', 'Region', 'Such as ap-southeast-2')}
          {text('s3AccessKeyId', 'Access key id', 'Kept encrypted', true)}
          {text('s3SecretAccessKey', 'Secret access key', 'Kept encrypted', true)}
          {text('s3Endpoint', 'Endpoint', 'Only of a store other than Amazon’s')}
          {text('basePath', 'Beginning of keys', 'Empty is uploads/')}
          {text('s3LinkBase', 'Address of a CDN', 'That passes signed links on to the bucket; empty has this program give files out')}
        </div>
      )}
      {input.driver === 'google-drive' && (
        <>
          <div className="grid items-start gap-4 sm:grid-cols-2">
            {text(
              'googleDriveClientId',
              'Client id',
              <>
                Of an OAuth client in Google’s console, with the redirect address <span className="break-all">{storage.googleDriveRedirectUri}</span>
              </>,
            )}
            {text('googleDriveClientSecret', 'Client secret', storage.googleDriveClientSecretSet ? 'Set. Enter a new one to replace it.' : 'Not set', true)}
            {text('googleDriveFolderId', 'Folder', 'The id in its address; empty has one made')}
          </div>
          <Drive connected={storage.googleDriveConnected} input={input} />
        </>
      )}
      <div className="flex flex-wrap gap-3">
        <Button type="submit" variant="primary" busy={save.isPending} disabled={busy}>
          Save
        </Button>
        <Button busy={test.isPending} disabled={busy} onClick={() => test.mutate()}>
          Test connection
        </Button>
      </div>
      {busy && <Progress label="Keeping a small file there, reading it back, removing it…" />}
      {test.data && !busy && (
        <Notice tone={test.data.success ? 'good' : 'bad'} icon={test.data.success ? <Check aria-hidden /> : <TriangleAlert aria-hidden />} title={test.data.message} />
      )}
      {failed && Object.keys(faults).length === 0 && !busy && <Notice tone="bad" icon={<TriangleAlert aria-hidden />} title={messageOf(failed)} />}
    </form>
  )
}

/** The client must be known before anybody can consent, and a Drive can be tried only after that. */
function Drive({ connected, input }: { connected: boolean; input: StorageInput }) {
  const connect = useMutation({
    mutationFn: async () => {
      await putSettings([
        { key: 'google_drive_client_id', value: input.googleDriveClientId.trim() },
        { key: 'storage_google_drive_folder_id', value: input.googleDriveFolderId.trim() },
        ...(input.googleDriveClientSecret ? [{ key: 'google_drive_client_secret', value: input.googleDriveClientSecret.trim() }] : []),
      ])
      return getDriveConsent()
    },
    onSuccess: ({ url }) => {
      location.assign(url)
    },
  })
  const disconnect = useMutation({ mutationFn: disconnectDrive, onSuccess: () => queryClient.invalidateQueries({ queryKey: storageKey }) })
  return (
    <div className="flex flex-col gap-3">
      <p className="text-sm text-muted">{connected ? 'A Google Drive is connected.' : 'No Google Drive is connected yet.'}</p>
      <div className="flex flex-wrap gap-3">
        <Button busy={connect.isPending} icon={<Link2 aria-hidden className="size-4" />} onClick={() => connect.mutate()}>
          {connected ? 'Connect again' : 'Connect Google Drive'}
        </Button>
        {connected && (
          <Button variant="ghost" busy={disconnect.isPending} onClick={() => disconnect.mutate()}>
            Disconnect
          </Button>
        )}
      </div>
      {(connect.error ?? disconnect.error) && <Notice tone="bad" icon={<TriangleAlert aria-hidden />} title={messageOf(connect.error ?? disconnect.error)} />}
    </div>
  )
}
