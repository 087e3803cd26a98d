import { Search, SlidersHorizontal } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { Button } from './button'
import { Checkbox, Field, Input, Select } from './field'
import { useSettled } from './now'

/** What a list can be narrowed by; `name` is its place in the URL. */
export type Filter =
  | { kind: 'search'; name: string; label: string }
  | { kind: 'choice'; name: string; label: string; options: { value: string; label: string }[]; /** What no choice means; "All" unless told. */ all?: string }
  | { kind: 'date'; name: string; label: string }
  | { kind: 'switch'; name: string; label: string }
  | { kind: 'custom'; name: string; label: string; control: (value: string | undefined, onChange: (value: string | undefined) => void) => ReactNode }

export type FilterValues = Record<string, string | number | boolean | undefined>

interface FilterBarProps {
  filters: Filter[]
  values: FilterValues
  onChange: (change: FilterValues) => void
}

/** The filters of a list. On a phone only the search is in view; a button shows the rest. */
export function FilterBar({ filters, values, onChange }: FilterBarProps) {
  const rest = filters.filter((filter) => filter.kind !== 'search')
  const narrowed = rest.filter((filter) => values[filter.name] !== undefined).length
  const [open, setOpen] = useState(narrowed > 0)
  if (filters.length === 0) return null
  const hidden = open ? '' : 'max-lg:hidden'
  return (
    <div role="search" className="flex flex-wrap items-end gap-3">
      <div className="flex min-w-0 flex-1 basis-full gap-2 lg:basis-64">
        {filters.map((filter) => filter.kind === 'search' && <SearchFilter key={filter.name} filter={filter} value={text(values[filter.name])} onChange={onChange} />)}
        {rest.length > 0 && (
          // On a phone the list matters more than its filters.
          <Button className="lg:hidden" aria-expanded={open} icon={<SlidersHorizontal aria-hidden className="size-4" />} onClick={() => setOpen(!open)}>
            Filter{narrowed > 0 && ` (${narrowed})`}
          </Button>
        )}
      </div>
      {rest.map((filter) => {
        const value = text(values[filter.name])
        const set = (to: string | undefined) => onChange({ [filter.name]: to || undefined })
        switch (filter.kind) {
          case 'choice':
            return (
              <Field key={filter.name} label={filter.label} className={`min-w-36 flex-1 lg:flex-none lg:basis-44 ${hidden}`}>
                <Select value={value ?? ''} onChange={(event) => set(event.target.value)}>
                  <option value="">{filter.all ?? 'All'}</option>
                  {filter.options.map((option) => (
                    <option key={option.value} value={option.value}>
                      {option.label}
                    </option>
                  ))}
                </Select>
              </Field>
            )
          case 'date':
            return (
              <Field key={filter.name} label={filter.label} className={`min-w-36 flex-1 lg:flex-none lg:basis-40 ${hidden}`}>
                <Input type="date" value={value ?? ''} onChange={(event) => set(event.target.value)} />
              </Field>
            )
          case 'switch':
            return (
              <Checkbox key={filter.name} className={hidden} checked={values[filter.name] === true} onChange={(event) => onChange({ [filter.name]: event.target.checked || undefined })}>
                {filter.label}
              </Checkbox>
            )
          case 'custom':
            return (
              <Field key={filter.name} label={filter.label} className={`min-w-44 flex-1 lg:flex-none lg:basis-56 ${hidden}`}>
                {filter.control(value, set)}
              </Field>
            )
          default:
            return null
        }
      })}
    </div>
  )
}

const text = (value: FilterValues[string]) => (value === undefined ? undefined : String(value))

function SearchFilter({ filter, value = '', onChange }: { filter: Filter; value: string | undefined; onChange: FilterBarProps['onChange'] }) {
  const [typed, setTyped] = useState(value)
  const settled = useSettled(typed, 250)
  useEffect(() => {
    if (settled.trim() !== value) onChange({ [filter.name]: settled.trim() || undefined })
    // Only what was typed moves the URL; following the URL here would undo the next letter.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [settled])
  // What empties the filter from outside, such as "Clear the filters", empties the box.
  const [before, setBefore] = useState(value)
  if (value !== before) {
    setBefore(value)
    if (value === '' && typed.trim() === before) setTyped('')
  }
  return (
    <Field label={filter.label} labelHidden className="relative min-w-0 flex-1">
      <Search aria-hidden className="pointer-events-none absolute bottom-3.5 left-3 size-4 text-muted" />
      <Input type="search" data-page-search className="pl-9" placeholder={filter.label} value={typed} onChange={(event) => setTyped(event.target.value)} />
    </Field>
  )
}
