import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { Spinner } from './states'

export type ButtonVariant = 'primary' | 'secondary' | 'ghost' | 'danger'

const variants: Record<ButtonVariant, string> = {
  primary: 'bg-accent-fill text-on-accent hover:brightness-110',
  secondary: 'border border-edge bg-surface text-ink hover:bg-raised',
  ghost: 'text-ink hover:bg-raised',
  danger: 'bg-bad-fill text-white hover:brightness-110',
}

/** The classes of a button, for a link that looks like one. */
export function buttonClass(variant: ButtonVariant = 'secondary', extra = ''): string {
  return `inline-flex min-h-11 items-center justify-center gap-2 rounded-[0.625rem] px-4 font-medium whitespace-nowrap transition active:scale-[.98] disabled:opacity-55 aria-disabled:opacity-55 ${variants[variant]} ${extra}`
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  variant?: ButtonVariant
  /** Something this button started is under way; it cannot be pressed again. */
  busy?: boolean
  icon?: ReactNode
}

export function Button({ variant, busy = false, icon, className, children, disabled, type = 'button', ...rest }: ButtonProps) {
  return (
    <button {...rest} type={type} disabled={disabled || busy} aria-busy={busy || undefined} className={buttonClass(variant, className)}>
      {busy ? <Spinner /> : icon}
      {children}
    </button>
  )
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** What it does, for those who do not see the icon. */
  label: string
  children: ReactNode
}

export function IconButton({ label, className = '', children, ...rest }: IconButtonProps) {
  return (
    <button
      {...rest}
      type="button"
      aria-label={label}
      title={label}
      className={`inline-flex size-11 shrink-0 items-center justify-center rounded-[0.625rem] text-muted hover:bg-raised hover:text-ink disabled:opacity-45 ${className}`}
    >
      {children}
    </button>
  )
}
