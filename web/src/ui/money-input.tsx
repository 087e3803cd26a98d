import type { ComponentProps } from 'react'
import { centsToText, parseCents, parseTenThousandths } from '@/format/money'
import { Input } from './field'

interface AmountProps extends Omit<ComponentProps<'input'>, 'value' | 'onChange' | 'type'> {
  value: string
  onChange: (value: string) => void
}

/** An amount of money as decimal text. What was typed as "1,234.5" becomes "1234.50" when the field is left. */
export function MoneyInput({ value, onChange, className = '', ...rest }: AmountProps) {
  return (
    <Input
      {...rest}
      inputMode="decimal"
      autoComplete="off"
      className={`num text-right ${className}`}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      onBlur={() => {
        const cents = parseCents(value)
        if (cents !== null) onChange(centsToText(cents))
      }}
    />
  )
}

/** A quantity or a price each, with up to four decimals. */
export function QuantityInput({ value, onChange, className = '', ...rest }: AmountProps) {
  return (
    <Input {...rest} inputMode="decimal" autoComplete="off" className={`num text-right ${className}`} value={value} onChange={(event) => onChange(event.target.value)} />
  )
}

/** What is wrong with an amount as it was typed; undefined while nothing is. */
export function amountFault(text: string, required: boolean): string | undefined {
  if (text.trim() === '') return required ? 'Missing' : undefined
  return parseTenThousandths(text) === null ? 'Not a number' : undefined
}
