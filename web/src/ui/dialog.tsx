import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useId, useRef } from 'react'
import { Button, IconButton } from './button'

interface DialogProps {
  title: ReactNode
  onClose: () => void
  children: ReactNode
  footer?: ReactNode
  /** A side panel leaves the page in view beside it; on a phone both fill the screen from below. */
  side?: boolean
  wide?: boolean
  /** A tap beside it closes it. */
  lightly?: boolean
}

/**
 * A modal dialog. The browser's own dialog element keeps the keyboard inside, closes on Escape
 * and gives the focus back, and needs no style element that a strict policy would refuse.
 * Show it by rendering it.
 */
export function Dialog({ title, onClose, children, footer, side = false, wide = false, lightly = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useEffect(() => {
    const dialog = ref.current
    if (!dialog) return
    if (!dialog.open) dialog.showModal()
    // The browser would choose the close button. A field that wants the focus says so.
    const first = dialog.querySelector<HTMLElement>('[data-autofocus]') ?? dialog
    first.focus()
    return () => dialog.close()
  }, [])

  const place = side
    ? 'ml-auto mr-0 my-0 h-dvh w-full sm:w-[34rem] sm:rounded-l-2xl sm:animate-[slide-in-side_.18s_ease-out]'
    : `mx-auto mb-0 mt-auto sm:my-auto w-full max-h-[94dvh] sm:max-h-[88dvh] rounded-t-2xl sm:rounded-2xl ${wide ? 'sm:w-[min(56rem,94vw)]' : 'sm:w-[min(34rem,94vw)]'}`
  return (
    <dialog
      ref={ref}
      tabIndex={-1}
      aria-labelledby={titleId}
      className={`max-sm:animate-[slide-in-up_.18s_ease-out] border border-line bg-surface p-0 text-ink shadow-2xl outline-none overscroll-contain open:flex open:flex-col ${place}`}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onMouseDown={(event) => {
        // Not where something may have been typed: a slip of the finger must not lose it.
        if (lightly && event.target === event.currentTarget) onClose()
      }}
    >
      <header className="flex items-center gap-2 border-b border-line py-2 pr-2 pl-5">
        <h2 id={titleId} className="min-w-0 flex-1 text-lg font-semibold">
          {title}
        </h2>
        <IconButton label="Close" onClick={onClose}>
          <X aria-hidden />
        </IconButton>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain p-5">{children}</div>
      {footer && (
        <footer className="flex flex-wrap justify-end gap-3 border-t border-line px-5 py-3 pb-[max(.75rem,env(safe-area-inset-bottom))]">{footer}</footer>
      )}
    </dialog>
  )
}

interface ConfirmProps {
  title: string
  children: ReactNode
  /** What the button does, as a verb: "Void invoice". */
  action: string
  danger?: boolean
  busy: boolean
  /** It cannot be done, or is not known yet to be possible. */
  disabled?: boolean
  error?: string | undefined
  onConfirm: () => void
  onClose: () => void
}

export function Confirm({ title, children, action, danger = true, busy, disabled = false, error, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog
      lightly
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant={danger ? 'danger' : 'primary'} busy={busy} disabled={disabled} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {children}
        {error && (
          <p role="alert" className="font-medium text-bad">
            {error}
          </p>
        )}
      </div>
    </Dialog>
  )
}
