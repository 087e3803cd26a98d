import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { Button } from './button'
import { Field, Input } from './field'

/** Text that is shown this once, with a button that copies it. */
export function CopyText({ label, text, hint }: { label: string; text: string; hint?: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
    } catch {
      // Without https the browser has no clipboard: the text is selected, to be copied by hand.
      const input = document.querySelector<HTMLInputElement>('[data-copy-text]')
      input?.select()
    }
  }
  return (
    <div className="flex items-end gap-2">
      <Field label={label} hint={hint} className="min-w-0 flex-1">
        <Input data-copy-text readOnly value={text} className="font-mono text-sm" onFocus={(event) => event.target.select()} />
      </Field>
      <Button className={hint ? 'mb-[1.65rem]' : ''} icon={copied ? <Check aria-hidden className="size-4 text-good" /> : <Copy aria-hidden className="size-4" />} onClick={() => void copy()}>
        {copied ? 'Copied' : 'Copy'}
      </Button>
    </div>
  )
}
