import type { UseMutationResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useEffect } from 'react'
import type { FieldValues, UseFormReturn } from 'react-hook-form'
import { Button } from './button'
import { Dialog } from './dialog'
import { showFaults } from './form'

interface RecordFormProps<Values extends FieldValues> {
  title: string
  form: UseFormReturn<Values>
  save: UseMutationResult<unknown, Error, Values>
  onClose: () => void
  children: ReactNode
}

/** A dialog with a form for one record; the server's faults stand beside the fields they are about. */
export function RecordForm<Values extends FieldValues>({ title, form, save, onClose, children }: RecordFormProps<Values>) {
  const { error } = save
  useEffect(() => {
    if (error) showFaults(form, error.message, 'fields' in error ? (error.fields as Record<string, string>) : {})
  }, [error, form])
  const submit = form.handleSubmit((values) => save.mutate(values))
  const rootFault = form.formState.errors.root?.message
  return (
    <Dialog
      side
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={save.isPending} onClick={() => void submit()}>
            Save
          </Button>
        </>
      }
    >
      <form noValidate className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
        {rootFault && (
          <p role="alert" className="rounded-card bg-bad-soft px-4 py-3 font-medium text-bad">
            {rootFault}
          </p>
        )}
        {children}
        {/* So that Enter in a field saves, as the button in the footer does. */}
        <button type="submit" hidden />
      </form>
    </Dialog>
  )
}
