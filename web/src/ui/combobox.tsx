import { Check, ChevronDown } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { useEffect, useId, useRef, useState } from 'react'
import { useFieldProps } from './field'

export interface Choice {
  id: string
  label: string
  /** A second line, also searched. */
  detail?: string
}

interface ComboboxProps {
  choices: Choice[]
  value: string | null
  onChange: (id: string) => void
  placeholder?: string
  /** What to say when nothing matches. */
  empty?: string
  disabled?: boolean
}

/** The choices whose label or detail has every word of the query. */
export function matching(choices: Choice[], query: string): Choice[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  return choices.filter((choice) => {
    const text = `${choice.label} ${choice.detail ?? ''}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

const shown = 60

/** One choice out of many, by typing (the combobox pattern of the ARIA practices guide). */
export function Combobox({ choices, value, onChange, placeholder = 'Search…', empty = 'Nothing matches.', disabled }: ComboboxProps) {
  const field = useFieldProps()
  const listId = useId()
  const input = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLUListElement>(null)
  const [open, setOpen] = useState(false)
  const [query, setQuery] = useState('')
  const [active, setActive] = useState(0)
  const chosen = choices.find((choice) => choice.id === value)
  const found = open ? matching(choices, query).slice(0, shown) : []

  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: 'nearest' })
  }, [active, open])

  const choose = (choice: Choice) => {
    onChange(choice.id)
    setOpen(false)
    setQuery('')
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      if (!open) setOpen(true)
      else setActive((i) => Math.min(found.length - 1, Math.max(0, i + (event.key === 'ArrowDown' ? 1 : -1))))
    } else if (event.key === 'Enter' && open) {
      event.preventDefault()
      const choice = found[active]
      if (choice) choose(choice)
    } else if (event.key === 'Escape' && open) {
      event.preventDefault()
      event.stopPropagation()
      setOpen(false)
      setQuery('')
    }
  }

  return (
    <div className="relative">
      <input
        {...field}
        ref={input}
        role="combobox"
        aria-expanded={open}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={open && found[active] ? `${listId}-${active}` : undefined}
        autoComplete="off"
        className="control pr-10 text-ellipsis"
        disabled={disabled}
        placeholder={chosen ? chosen.label : placeholder}
        value={open ? query : (chosen?.label ?? '')}
        onChange={(event) => {
          setQuery(event.target.value)
          setActive(0)
          setOpen(true)
        }}
        onClick={() => setOpen(true)}
        onKeyDown={onKeyDown}
        onBlur={() => {
          setOpen(false)
          setQuery('')
        }}
      />
      <ChevronDown aria-hidden className="pointer-events-none absolute top-3.5 right-3 size-4 text-muted" />
      <ul
        ref={list}
        id={listId}
        role="listbox"
        aria-label="Choices"
        hidden={!open}
        className="absolute inset-x-0 top-full z-30 mt-1 max-h-72 overflow-y-auto rounded-xl border border-line bg-surface p-1.5 shadow-xl"
        // The list must not take the focus from the input, or the blur would close it first.
        onMouseDown={(event) => event.preventDefault()}
      >
        {found.map((choice, i) => (
          <li
            key={choice.id}
            id={`${listId}-${i}`}
            role="option"
            aria-selected={choice.id === value}
            className={`flex min-h-11 items-center gap-2 rounded-lg px-3 py-1.5 ${i === active ? 'bg-raised' : ''}`}
            onMouseMove={() => setActive(i)}
            onClick={() => choose(choice)}
          >
            <span className="min-w-0 flex-1">
              <span className="block truncate">{choice.label}</span>
              {choice.detail && <span className="block truncate text-sm text-muted">{choice.detail}</span>}
            </span>
            {choice.id === value && <Check aria-hidden className="size-4 text-accent" />}
          </li>
        ))}
        {open && found.length === 0 && (
          <li role="option" aria-selected="false" aria-disabled="true" className="px-3 py-3 text-muted">
            {empty}
          </li>
        )}
      </ul>
    </div>
  )
}
