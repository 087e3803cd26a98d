import { useMutation, useQuery } from '@tanstack/react-query'
import { Send } from 'lucide-react'
import { useRef, useState } from 'react'
import { ApiError, isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import { requestJSON } from '@/api/http'
import type { SafetyDocument } from '@/api/safety'
import type { Mail, Mailed } from '@/api/sales'
import { getMails, sendByMail } from '@/api/sales'
import type { Client } from '@/api/types'
import { formatMinute } from '@/format/calendar'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Checkbox, Field, Input, Textarea } from '@/ui/field'
import type { Tone } from '@/ui/states'
import { Badge, Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { Section } from './record-page'

const mailsKey = (kind: Mailed, id: string) => ['mails', kind, id]

interface MailDialogProps {
  kind: Mailed
  id: string
  number: string
  clientId: string | null
  onClose: () => void
}

/** Sends a document by mail, as a PDF, to the client's address unless another is typed. */
export function MailDialog({ clientId, ...props }: MailDialogProps) {
  const client = useQuery({
    queryKey: ['clients', 'address', clientId],
    queryFn: ({ signal }) => requestJSON<Client>('GET', `/api/clients/${clientId ?? ''}`, { signal }),
    enabled: clientId !== null,
  })
  if (client.isLoading)
    return (
      <Dialog title={`Send ${props.number} by mail`} onClose={props.onClose}>
        <Skeleton rows={3} />
      </Dialog>
    )
  // Who may not see clients leaves the address to the server.
  return <MailForm {...props} address={client.data?.billing_email || client.data?.email || ''} />
}

function MailForm({ kind, id, number, address, onClose }: Omit<MailDialogProps, 'clientId'> & { address: string }) {
  const [to, setTo] = useState(address)
  const [subject, setSubject] = useState('')
  const [message, setMessage] = useState('')
  const [attach, setAttach] = useState(false)
  const certificates = useQuery({
    queryKey: ['safety-documents', 'invoice', id],
    queryFn: ({ signal }) => requestJSON<SafetyDocument[]>('GET', `/api/xero/invoices/${id}/certificates`, { signal }),
    enabled: kind === 'invoices',
  }).data
  const key = useRef(newId())
  const send = useMutation({
    mutationFn: () => sendByMail(kind, id, { to: to.trim() || undefined, subject: subject.trim() || undefined, message: message.trim() || undefined, ...(attach ? { attach_certificates: true } : {}) }, key.current),
    onSuccess: () => {
      toast(`${number} is on its way to ${to.trim() || 'the client'}.`)
      onClose()
    },
    onError: (error) => {
      if (!isPassing(error)) key.current = newId()
    },
    onSettled: () => Promise.all([mailsKey(kind, id), [kind]].map((queryKey) => queryClient.invalidateQueries({ queryKey }))),
  })
  const fields = send.error instanceof ApiError ? send.error.fields : {}
  const placed = Object.keys(fields).some((name) => ['to', 'recipient', 'subject', 'message'].includes(name))
  return (
    <Dialog
      title={`Send ${number} by mail`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={send.isPending} icon={<Send aria-hidden className="size-4" />} onClick={() => send.mutate()}>
            Send
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {send.isError && !placed && (
          <p role="alert" className="font-medium text-bad">
            {messageOf(send.error)}
          </p>
        )}
        <Field label="To" error={fields.to ?? fields.recipient} hint={address ? undefined : 'Left empty, it goes to the address for invoices that the client has.'}>
          <Input type="email" autoComplete="off" data-autofocus={address === '' ? true : undefined} value={to} onChange={(event) => setTo(event.target.value)} />
        </Field>
        <Field label="Subject" error={fields.subject}>
          <Input value={subject} maxLength={200} placeholder={`${kind === 'invoices' ? 'Invoice' : 'Quote'} ${number}`} onChange={(event) => setSubject(event.target.value)} />
        </Field>
        <Field label="Message" error={fields.message} hint="Left empty, the usual words are sent. The PDF is attached.">
          <Textarea rows={7} value={message} maxLength={10000} onChange={(event) => setMessage(event.target.value)} />
        </Field>
        {certificates && certificates.length > 0 && (
          <Checkbox checked={attach} onChange={(event) => setAttach(event.target.checked)}>
            <span>
              Attach {certificates.length === 1 ? 'the certificate' : 'the certificates'} <span className="font-mono text-sm">{certificates.map((one) => one.number).join(', ')}</span>
            </span>
          </Checkbox>
        )}
      </div>
    </Dialog>
  )
}

const mailLooks: Record<Mail['status'], { words: string; tone: Tone }> = {
  queued: { words: 'Waits', tone: 'accent' },
  sending: { words: 'Being sent', tone: 'accent' },
  sent: { words: 'Sent', tone: 'good' },
  failed: { words: 'Not sent', tone: 'bad' },
}

/** How a mail stands. */
export function MailBadge({ status }: { status: Mail['status'] }) {
  return <Badge tone={mailLooks[status].tone}>{mailLooks[status].words}</Badge>
}

/** The mails about a document, newest first; nothing while there are none. */
export function MailsSection({ kind, id }: { kind: Mailed; id: string }) {
  const mails = useQuery({
    queryKey: mailsKey(kind, id),
    queryFn: ({ signal }) => getMails(kind, id, signal),
    refetchInterval: (query) => (query.state.data?.some((mail) => mail.status === 'queued' || mail.status === 'sending') ? 3000 : false),
  })
  if (mails.data?.length === 0) return null
  return (
    <Section title="Mail">
      {mails.isError ? (
        <Failure error={mails.error} onRetry={() => void mails.refetch()} />
      ) : !mails.data ? (
        <Skeleton rows={1} />
      ) : (
        <ul className="card divide-y divide-line" aria-label="Mail">
          {mails.data.map((mail) => (
            <li key={mail.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
              <div className="min-w-0 flex-1 basis-60">
                <p className="break-words">{mail.subject}</p>
                <p className="num text-sm break-words text-muted">
                  {mail.recipient} · {formatMinute(mail.sent_at ?? mail.created_at)}
                </p>
                {mail.error && mail.status !== 'sent' && <p className="text-sm break-words text-bad">{mail.error}</p>}
              </div>
              <MailBadge status={mail.status} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
