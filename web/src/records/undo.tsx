import { useMutation } from '@tanstack/react-query'
import { Undo2 } from 'lucide-react'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import { Button } from '@/ui/button'
import { toast } from '@/ui/toast'

/** Says that something was done, with a button that takes it back. `undo` answers what to say then. */
export function toastUndo(message: string, undo: () => Promise<{ message: string }>): void {
  toast(message, 'good', <UndoButton undo={undo} />)
}

function UndoButton({ undo }: { undo: () => Promise<{ message: string }> }) {
  const back = useMutation({
    mutationFn: undo,
    onSuccess: ({ message }) => toast(message),
    onError: (error) => toast(messageOf(error), 'bad'),
    // What came back may stand on any page.
    onSettled: () => queryClient.invalidateQueries(),
  })
  return (
    <Button busy={back.isPending} disabled={back.isSuccess} icon={<Undo2 aria-hidden className="size-4" />} onClick={() => back.mutate()}>
      Undo
    </Button>
  )
}
