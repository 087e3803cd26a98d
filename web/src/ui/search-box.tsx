import { Search } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Field, Input } from './field'
import { useSettled } from './now'

/** A search that answers while one types, when typing rests. */
export function SearchBox({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value)
  const settled = useSettled(text, 250)
  useEffect(() => {
    if (settled.trim() !== value) onChange(settled.trim())
    // Only what was typed moves the search; following `value` here would undo the next letter.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [settled])
  return (
    <Field label={label} labelHidden className="relative min-w-52 flex-1">
      <Search aria-hidden className="pointer-events-none absolute bottom-3.5 left-3 size-4 text-muted" />
      <Input type="search" data-page-search className="pl-9" placeholder={label} value={text} onChange={(event) => setText(event.target.value)} />
    </Field>
  )
}
