import { CircleCheck, Info, TriangleAlert, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useRef, useSyncExternalStore } from 'react'
import { IconButton } from './button'

interface Toast {
  id: number
  tone: 'good' | 'bad' | 'info'
  message: string
  action?: ReactNode
}

let toasts: Toast[] = []
let nextId = 1
const listeners = new Set<() => void>()

function set(next: Toast[]) {
  toasts = next
  listeners.forEach((listener) => listener())
}

const dismiss = (id: number) => set(toasts.filter((toast) => toast.id !== id))

/** Says that something happened. It passes, so what it says must also stand on a page. */
export function toast(message: string, tone: Toast['tone'] = 'good', action?: ReactNode): void {
  const id = nextId++
  set([...toasts.slice(-2), { id, tone, message, action }])
  setTimeout(() => dismiss(id), tone === 'bad' ? 12_000 : 7_000)
}

const icons = { good: CircleCheck, bad: TriangleAlert, info: Info }
const colours = { good: 'text-good', bad: 'text-bad', info: 'text-accent' }

/** Where toasts appear; once in the app. */
export function Toaster() {
  const current = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => toasts,
  )
  const region = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // A modal dialog covers the page; shown anew as a popover, the toasts are above it.
    if (region.current?.matches(':popover-open')) region.current.hidePopover()
    if (current.length > 0) region.current?.showPopover()
  }, [current])
  return (
    <>
      <p aria-live="polite" className="sr-only">
        {current.at(-1)?.message}
      </p>
      <div
        ref={region}
        popover="manual"
        role="region"
        aria-label="Messages"
        className="pointer-events-none fixed inset-auto inset-x-3 m-0 w-auto overflow-visible border-0 bg-transparent p-1 text-ink open:flex bottom-[calc(4.75rem+env(safe-area-inset-bottom))] flex-col items-center gap-2 sm:items-end lg:bottom-5 lg:right-5"
      >
        {current.map(({ id, tone, message, action }) => {
          const Icon = icons[tone]
          return (
            <div key={id} className="card pointer-events-auto flex max-w-md animate-[slide-in-up_.18s_ease-out] items-center gap-3 py-1 pr-1 pl-4 shadow-xl">
              <Icon aria-hidden className={`size-5 shrink-0 ${colours[tone]}`} />
              <p className="min-w-0 flex-1 py-2">{message}</p>
              {action}
              <IconButton label="Dismiss" onClick={() => dismiss(id)}>
                <X aria-hidden className="size-4" />
              </IconButton>
            </div>
          )
        })}
      </div>
    </>
  )
}
