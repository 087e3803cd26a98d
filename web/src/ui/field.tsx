import { ChevronDown, Minus, Plus } from 'lucide-react'
import type { ComponentProps, ReactNode } from 'react'
import { createContext, use, useId } from 'react'

interface FieldIds {
  id: string
  described: string | undefined
  invalid: boolean
}
const FieldContext = createContext<FieldIds | null>(null)

interface FieldProps {
  label: ReactNode
  hint?: ReactNode
  error?: string
  className?: string
  /** For a group of controls, which has a legend rather than a label. */
  group?: boolean
  /** The label is for screen readers only: what is around the control tells everybody else. */
  labelHidden?: boolean
  children: ReactNode
}

/** A control with its label, hint and fault, tied together for assistive technology. */
export function Field({ label, hint, error, className = '', group = false, labelHidden = false, children }: FieldProps) {
  const id = useId()
  const described = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(' ') || undefined
  const labelClass = labelHidden ? 'sr-only' : 'text-sm font-medium'
  const inner = (
    <>
      {children}
      {error && (
        <p id={`${id}-error`} className="text-sm font-medium text-bad">
          {error}
        </p>
      )}
      {hint && (
        <p id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </p>
      )}
    </>
  )
  return (
    <FieldContext value={{ id, described, invalid: Boolean(error) }}>
      {group ? (
        <div role="group" aria-labelledby={`${id}-label`} className={`flex flex-col gap-1.5 ${className}`}>
          <span id={`${id}-label`} className={labelClass}>
            {label}
          </span>
          {inner}
        </div>
      ) : (
        <div className={`flex flex-col gap-1.5 ${className}`}>
          <label htmlFor={id} id={`${id}-label`} className={labelClass}>
            {label}
          </label>
          {inner}
        </div>
      )}
    </FieldContext>
  )
}

/** The attributes that tie a control to the Field around it. */
export function useFieldProps(): { id?: string; 'aria-describedby'?: string; 'aria-invalid'?: true } {
  const field = use(FieldContext)
  if (!field) return {}
  return { id: field.id, 'aria-describedby': field.described, 'aria-invalid': field.invalid || undefined }
}

export function Input({ className = '', ...rest }: ComponentProps<'input'>) {
  return <input {...useFieldProps()} {...rest} className={`control ${className}`} />
}

export function Textarea({ className = '', ...rest }: ComponentProps<'textarea'>) {
  return <textarea rows={3} {...useFieldProps()} {...rest} className={`control ${className}`} />
}

export function Select({ className = '', ...rest }: ComponentProps<'select'>) {
  return (
    <span className={`relative block ${className}`}>
      <select {...useFieldProps()} {...rest} className="control appearance-none truncate pr-10" />
      <ChevronDown aria-hidden className="pointer-events-none absolute top-3.5 right-3 size-4 text-muted" />
    </span>
  )
}

interface CheckboxProps extends Omit<ComponentProps<'input'>, 'type'> {
  children?: ReactNode
}

export function Checkbox({ children, className = '', ...rest }: CheckboxProps) {
  return (
    <label className={`inline-flex min-h-11 min-w-11 cursor-pointer items-center gap-3 ${className}`}>
      <input type="checkbox" {...rest} className="check" />
      {children}
    </label>
  )
}

interface StepperProps {
  /** A number as text, or '' while nothing was entered. */
  value: string
  onChange: (value: string) => void
  step: number
  min: number
  max: number
  unit: string
}

/** A number with a button for less and one for more; large enough for a thumb in a glove. */
export function Stepper({ value, onChange, step, min, max, unit }: StepperProps) {
  const field = useFieldProps()
  const move = (by: number) => {
    const from = Number(value) || 0
    // To the next multiple of the step, so that 1.1 goes to 1.25 and not to 1.35.
    const to = by > 0 ? (Math.floor(from / step + 1e-9) + 1) * step : (Math.ceil(from / step - 1e-9) - 1) * step
    onChange(String(Math.min(max, Math.max(min, Number(to.toFixed(4))))))
  }
  const button = 'flex size-12 shrink-0 items-center justify-center rounded-[0.625rem] border border-edge bg-surface hover:bg-raised active:scale-95 disabled:opacity-45'
  return (
    <div className="flex items-center gap-2">
      <button type="button" className={button} aria-label={`Less ${unit}`} disabled={Number(value) <= min} onClick={() => move(-1)}>
        <Minus aria-hidden />
      </button>
      <input
        {...field}
        className="control num max-w-28 text-center text-xl font-semibold"
        inputMode="decimal"
        autoComplete="off"
        value={value}
        onChange={(event) => onChange(event.target.value.replace(',', '.'))}
      />
      <button type="button" className={button} aria-label={`More ${unit}`} disabled={Number(value) >= max} onClick={() => move(1)}>
        <Plus aria-hidden />
      </button>
    </div>
  )
}
