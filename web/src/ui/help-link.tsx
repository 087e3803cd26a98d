import { Link } from '@tanstack/react-router'
import { CircleQuestionMark } from 'lucide-react'

/** Leads to the place of the help page that explains what stands beside it. */
export function HelpLink({ topic, about }: { topic: string; about: string }) {
  return (
    <Link to="/help" hash={topic} aria-label={`What does "${about}" mean?`} title={`What does "${about}" mean?`} className="inline-flex size-8 items-center justify-center rounded-full text-muted hover:text-accent">
      <CircleQuestionMark aria-hidden className="size-4" />
    </Link>
  )
}
