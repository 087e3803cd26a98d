import { useMutation, useQuery } from '@tanstack/react-query'
import { FileText, FileX, Paperclip, Upload, X } from 'lucide-react'
import { useRef, useState } from 'react'
import { messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import type { Attachable, AttachedFile } from '@/api/scans'
import { attachAgain, attachUpload, detach, getAttachments } from '@/api/scans'
import { sendFile } from '@/api/uploads'
import { inBytes } from '@/format/bytes'
import { formatMinute } from '@/format/calendar'
import { Button, IconButton } from '@/ui/button'
import { Progress } from '@/ui/progress'
import { Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { toastUndo } from './undo'

const accepted = 'image/jpeg,image/png,image/webp,image/tiff,application/pdf'

interface AttachmentsProps {
  kind: Attachable
  id: string
  mayChange: boolean
}

/** The files of a bill or an expense: to open, to add to, to take off. */
export function Attachments({ kind, id, mayChange }: AttachmentsProps) {
  const key = ['attachments', kind, id]
  const files = useQuery({ queryKey: key, queryFn: ({ signal }) => getAttachments(kind, id, signal) })
  const chooser = useRef<HTMLInputElement>(null)
  const [progress, setProgress] = useState<number | null>(null)
  const show = (now: AttachedFile[]) => {
    queryClient.setQueryData(key, now)
    void queryClient.invalidateQueries({ queryKey: [`${kind}s`] })
  }
  const add = useMutation({
    mutationFn: async (chosen: File[]) => {
      let now: AttachedFile[] = []
      for (const [i, file] of chosen.entries()) {
        const upload = await sendFile(file, { name: file.name, purpose: 'scan', onProgress: (bytes) => setProgress((i + bytes / Math.max(1, file.size)) / chosen.length) })
        now = await attachUpload(kind, id, upload, newId())
        show(now)
      }
      return now
    },
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: () => setProgress(null),
  })
  const remove = useMutation({
    mutationFn: (file: AttachedFile) => detach(kind, id, file.id),
    onSuccess: (now, file) => {
      show(now)
      toastUndo(`${file.file_name} is taken off.`, async () => {
        show(await attachAgain(kind, id, file.id))
        return { message: `${file.file_name} is back.` }
      })
    },
    onError: (error) => toast(messageOf(error), 'bad'),
  })
  if (files.isPending) return <Skeleton rows={1} />
  if (files.isError) return <Failure error={files.error} onRetry={() => void files.refetch()} />
  return (
    <div className="flex flex-col gap-3">
      {files.data.length > 0 ? (
        <ul className="card divide-y divide-line">
          {files.data.map((file) => (
            <li key={file.id} className="flex min-h-16 items-center gap-3 py-2 pr-2 pl-3">
              <span className="grid size-12 shrink-0 place-items-center overflow-hidden rounded-lg border border-line bg-raised text-muted">
                {file.missing ? <FileX aria-hidden /> : file.preview_url !== '' ? <img src={file.preview_url} alt="" loading="lazy" className="size-full object-cover" /> : <FileText aria-hidden />}
              </span>
              <span className="min-w-0 flex-1">
                <a href={file.url} target="_blank" rel="noreferrer" className="font-medium break-words text-accent hover:underline">
                  {file.file_name}
                </a>
                <span className="num block text-sm text-muted">{[inBytes(file.size), formatMinute(file.attached_at), file.attached_by_name].filter(Boolean).join(' · ')}</span>
              </span>
              {mayChange && (
                <IconButton label={`Take off ${file.file_name}`} disabled={remove.isPending} onClick={() => remove.mutate(file)}>
                  <X aria-hidden className="size-4" />
                </IconButton>
              )}
            </li>
          ))}
        </ul>
      ) : (
        <p className="flex items-center gap-2 text-muted">
          <Paperclip aria-hidden className="size-4" />
          No files yet.
        </p>
      )}
      {progress !== null && <Progress label="Sending" value={progress} />}
      {mayChange && (
        <div>
          <input
            ref={chooser}
            type="file"
            multiple
            accept={accepted}
            aria-label="Files to attach"
            className="sr-only"
            tabIndex={-1}
            onChange={(event) => {
              const chosen = Array.from(event.target.files ?? [])
              event.target.value = ''
              if (chosen.length > 0) add.mutate(chosen)
            }}
          />
          <Button busy={add.isPending} icon={<Upload aria-hidden className="size-4" />} onClick={() => chooser.current?.click()}>
            Attach files
          </Button>
        </div>
      )}
    </div>
  )
}
