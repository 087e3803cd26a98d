import { Link } from '@tanstack/react-router'
import { TriangleAlert } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'
import { messageOf } from '@/api/errors'
import { Button, buttonClass } from '@/ui/button'
import { Page } from '@/ui/page'
import { Notice } from '@/ui/states'
import type { LineDraft } from './line-draft'
import { DraftTotals, LineEditor } from './line-editor'
import { BackLink } from './record-page'

interface DocumentFormProps extends Omit<ComponentProps<typeof LineEditor>, 'lines'> {
  title: string
  back: { to: ComponentProps<typeof Link>['to']; label: string }
  lines: LineDraft[]
  /** What went wrong, and how to call it: "The quote was not saved". */
  error: Error | null
  failed: string
  /** Who and when: above the lines. */
  head: ReactNode
  /** Texts, beside the totals. */
  texts?: ReactNode
  /** What saving is called. */
  action: string
  busy: boolean
  onSave: () => void
}

/** The page on which a document with lines is written. */
export function DocumentForm({ title, back, error, failed, head, texts, action, busy, onSave, ...editor }: DocumentFormProps) {
  return (
    <Page title={title} back={<BackLink to={back.to}>{back.label}</BackLink>}>
      {error && (
        <Notice tone="bad" icon={<TriangleAlert aria-hidden />} title={failed}>
          {messageOf(error)}
        </Notice>
      )}
      <section aria-label="Document" className="card grid gap-4 p-4 sm:grid-cols-2 lg:grid-cols-4">
        {head}
      </section>
      <LineEditor {...editor} />
      <section aria-label="Total" className="card grid items-end gap-4 p-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="flex flex-col gap-4">{texts}</div>
        <div className="flex flex-col gap-3">
          <DraftTotals side={editor.side} lines={editor.lines} currency={editor.currency} strict={editor.strict} />
          <div className="flex justify-end gap-3">
            <Link to={back.to} className={buttonClass('secondary')}>
              Cancel
            </Link>
            <Button variant="primary" busy={busy} onClick={onSave}>
              {action}
            </Button>
          </div>
        </div>
      </section>
    </Page>
  )
}
