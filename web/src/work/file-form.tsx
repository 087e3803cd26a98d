import { useMutation, useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import type { ComponentType } from 'react'
import { z } from 'zod'
import type { ProjectFile } from '@/api/files'
import { updateFile } from '@/api/files'
import { queryClient } from '@/api/query'
import type { CostCenter } from '@/api/types'
import { IconButton } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input, Select } from '@/ui/field'
import { useZodForm } from '@/ui/form'
import { RecordForm } from '@/ui/record-form'
import { Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { fileQuery } from './file-queries'

const schema = z.object({
  file_name: z.string().trim().min(1, 'Enter a name').max(200),
  tags: z.string(),
  project_id: z.string(),
  cost_center_id: z.string(),
})

/** Where a file can go. */
export interface Places {
  ProjectPicker: ComponentType<{ value: string | null; onChange: (id: string) => void }>
  centers: CostCenter[]
}

/** Renames a file, tags it, or moves it. */
export function FileForm({ id, places, onClose }: { id: string; places: Places; onClose: () => void }) {
  const read = useQuery({ ...fileQuery(id), staleTime: 0 })
  if (read.data && !read.isFetching) return <Form file={read.data.row} places={places} etag={read.data.etag} onClose={onClose} />
  return (
    <Dialog side title="File" onClose={onClose}>
      {read.error ? <Failure error={read.error} onRetry={() => void read.refetch()} /> : <Skeleton />}
    </Dialog>
  )
}

function Form({ file, places: { ProjectPicker, centers }, etag, onClose }: { file: ProjectFile; places: Places; etag: string | null; onClose: () => void }) {
  const form = useZodForm(schema, { file_name: file.file_name, tags: file.tags.join(', '), project_id: file.project_id ?? '', cost_center_id: file.cost_center_id ?? '' })
  const { errors } = form.formState
  const project = form.watch('project_id')
  const save = useMutation({
    mutationFn: ({ file_name, tags, project_id, cost_center_id }: z.infer<typeof schema>) =>
      updateFile(file.id, { file_name, tags: tags.split(','), project_id: project_id || null, cost_center_id: cost_center_id || null }, etag),
    onSuccess: (saved) => {
      toast(`${saved.file_name} saved.`)
      onClose()
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['files'] }),
  })
  return (
    <RecordForm title={file.file_name} form={form} save={save} onClose={onClose}>
      <Field label="Name" error={errors.file_name?.message}>
        <Input data-autofocus {...form.register('file_name')} />
      </Field>
      <Field label="Tags" hint="With commas between, such as: switchboard, as built" error={errors.tags?.message}>
        <Input {...form.register('tags')} />
      </Field>
      <Field label="Project" error={errors.project_id?.message}>
        <span className="flex gap-1">
          <span className="min-w-0 flex-1">
            <ProjectPicker value={project || null} onChange={(to) => form.setValue('project_id', to, { shouldDirty: true })} />
          </span>
          {project && (
            <IconButton label="No project" onClick={() => form.setValue('project_id', '', { shouldDirty: true })}>
              <X aria-hidden className="size-4" />
            </IconButton>
          )}
        </span>
      </Field>
      <Field label="Cost centre" hint={project ? undefined : 'Without a project the file belongs to the cost centre alone.'} error={errors.cost_center_id?.message}>
        <Select {...form.register('cost_center_id')}>
          <option value="">None</option>
          {centers
            .filter((center) => center.is_active || center.id === file.cost_center_id)
            .map((center) => (
              <option key={center.id} value={center.id}>
                {center.code} {center.name}
              </option>
            ))}
        </Select>
      </Field>
    </RecordForm>
  )
}
