import { useMutation, useQuery } from '@tanstack/react-query'
import { Link2, RotateCcw } from 'lucide-react'
import { retryClientSync } from '@/api/client'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import type { Client } from '@/api/types'
import { Attempts } from '@/sync/attempts'
import { WhoActs } from '@/sync/error-details'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { clientSyncQuery } from './queries'

/** Why a client is not in Xero as a contact, and the ways out: take the contact that bears the name, or send it again. */
export function ContactRefused({ client, onClose }: { client: Client; onClose: () => void }) {
  const user = useUser()
  const state = useQuery(clientSyncQuery(client.id))
  const retry = useMutation({
    mutationFn: (link: boolean) => retryClientSync(client.id, link ? { link } : {}),
    onSuccess: (_state, link) => {
      toast(link ? `${client.name} is that contact now.` : `${client.name} is being sent again.`, link ? 'good' : 'info')
      onClose()
    },
    onError: (error) => toast(`${client.name}: ${messageOf(error)}`, 'bad'),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['clients'] }),
  })
  return (
    <Dialog
      title={`${client.name}: what Xero said`}
      wide
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          {may(user, 'can_create_invoices') && (
            <>
              {state.data?.wait_reason === 'conflict' && (
                <Button busy={retry.isPending} icon={<Link2 aria-hidden className="size-4" />} onClick={() => retry.mutate(true)}>
                  It is the same: link them
                </Button>
              )}
              <Button variant="primary" busy={retry.isPending} icon={<RotateCcw aria-hidden className="size-4" />} onClick={() => retry.mutate(false)}>
                Retry
              </Button>
            </>
          )}
        </>
      }
    >
      {state.isPending ? (
        <Skeleton rows={2} />
      ) : state.isError ? (
        <Failure error={state.error} onRetry={() => void state.refetch()} />
      ) : (
        <div className="flex flex-col gap-5">
          <div className="rounded-card bg-bad-soft p-4">
            <p className="text-lg font-semibold text-bad">{state.data.error_message ?? 'Xero gave no reason.'}</p>
            <WhoActs who={state.data.who_must_act} />
            <p className="mt-1">Invoices and orders of this client wait until this is mended.</p>
          </div>
          <section className="flex flex-col gap-3">
            <h3 className="font-semibold">Calls to Xero, newest first</h3>
            <Attempts entity="client" id={client.id} />
          </section>
        </div>
      )}
    </Dialog>
  )
}
