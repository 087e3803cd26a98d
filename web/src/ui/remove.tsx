import { useMutation } from '@tanstack/react-query'
import { Confirm } from './dialog'
import { toast } from './toast'

interface RemoveProps {
  /** What it is and its name: "the client Harbour Café". */
  what: string
  remove: () => Promise<unknown>
  onRemoved: () => void
  onClose: () => void
}

/** Asks once more, deletes a record, and says why when it cannot be deleted. */
export function Remove({ what, remove, onRemoved, onClose }: RemoveProps) {
  const mutation = useMutation({
    mutationFn: remove,
    onSuccess: () => {
      toast(`Deleted ${what}.`)
      onRemoved()
      onClose()
    },
  })
  return (
    <Confirm title={`Delete ${what}?`} action="Delete" busy={mutation.isPending} error={mutation.error?.message} onConfirm={() => mutation.mutate()} onClose={onClose}>
      <p>It can no longer be chosen. What already uses it keeps it.</p>
    </Confirm>
  )
}
