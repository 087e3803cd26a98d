import { Ban, CheckCheck, CircleCheck, CircleDashed, CircleX, Clock, FileCheck2, Hourglass, Lock, Send, Trash2 } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { Tone } from '@/ui/states'
import { Badge } from '@/ui/states'
import { capital } from './kinds'

interface Look {
  words: string
  tone: Tone
  icon: LucideIcon
}

/** How each status of a document, a project, a client and an hour looks; the help page explains them. */
export const statusLooks: Record<string, Look> = {
  DRAFT: { words: 'Draft', tone: 'neutral', icon: CircleDashed },
  SUBMITTED: { words: 'Submitted', tone: 'accent', icon: Hourglass },
  AUTHORISED: { words: 'Authorised', tone: 'accent', icon: FileCheck2 },
  PARTIALLY_PAID: { words: 'Partly paid', tone: 'warn', icon: Clock },
  PAID: { words: 'Paid', tone: 'good', icon: CircleCheck },
  OVERDUE: { words: 'Overdue', tone: 'bad', icon: Clock },
  VOIDED: { words: 'Voided', tone: 'neutral', icon: Ban },
  DELETED: { words: 'Deleted', tone: 'neutral', icon: Trash2 },
  BILLED: { words: 'Billed', tone: 'good', icon: FileCheck2 },
  SENT: { words: 'Sent', tone: 'accent', icon: Send },
  ACCEPTED: { words: 'Accepted', tone: 'good', icon: CircleCheck },
  DECLINED: { words: 'Declined', tone: 'bad', icon: CircleX },
  EXPIRED: { words: 'Expired', tone: 'warn', icon: Clock },
  INVOICED: { words: 'Invoiced', tone: 'good', icon: CheckCheck },
  RECEIVED: { words: 'Received', tone: 'accent', icon: FileCheck2 },
  APPROVED: { words: 'Approved', tone: 'good', icon: CircleCheck },
  APPLIED: { words: 'Applied', tone: 'good', icon: CheckCheck },
  quoted: { words: 'Quoted', tone: 'neutral', icon: CircleDashed },
  'in-progress': { words: 'In progress', tone: 'accent', icon: Clock },
  completed: { words: 'Completed', tone: 'good', icon: CircleCheck },
  invoiced: { words: 'Invoiced', tone: 'good', icon: CheckCheck },
  paid: { words: 'Paid', tone: 'good', icon: CircleCheck },
  active: { words: 'Active', tone: 'good', icon: CircleCheck },
  inactive: { words: 'Inactive', tone: 'neutral', icon: Ban },
  unbilled: { words: 'Unbilled', tone: 'neutral', icon: CircleDashed },
  billed: { words: 'Billed', tone: 'accent', icon: Lock },
}

/** The status of a record, in words, with a colour and a sign. */
export function StatusBadge({ status }: { status: string }) {
  const look = statusLooks[status]
  if (!look) return <Badge>{capital(status.toLowerCase().replaceAll(/[_-]/g, ' '))}</Badge>
  const Icon = look.icon
  return (
    <Badge tone={look.tone} icon={<Icon aria-hidden className="size-3.5" />}>
      {look.words}
    </Badge>
  )
}
