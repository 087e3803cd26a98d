import type { ComponentProps } from 'react'
import type { Day } from '@/format/calendar'
import { Input } from './field'

interface DateInputProps extends Omit<ComponentProps<'input'>, 'value' | 'onChange' | 'type'> {
  /** Empty while no day is chosen. */
  value: Day
  onChange: (day: Day) => void
}

/** A calendar day, chosen with the device's own calendar. */
export function DateInput({ value, onChange, ...rest }: DateInputProps) {
  return <Input {...rest} type="date" value={value} onChange={(event) => onChange(event.target.value)} />
}
