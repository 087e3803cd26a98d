import { EllipsisVertical } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'
import { usePortalHost } from './portal-host'

export interface MenuItem {
  label: string
  icon?: ReactNode
  danger?: boolean
  /** Why it cannot be done now; it is shown, and cannot be chosen. */
  refused?: string
  onSelect?: () => void
  /** Opens in a new tab instead of calling onSelect. */
  href?: string
}

/** The actions of a row behind one button. */
export function Menu({ label, items, trigger }: { label: string; items: MenuItem[]; trigger?: ReactNode }) {
  const { ref, host } = usePortalHost()
  const row = 'flex min-h-11 items-center gap-3 rounded-lg px-3 outline-none data-highlighted:bg-raised [&>svg]:size-4'
  return (
    // Not modal: the modal kind locks scrolling with a style element that the policy refuses.
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild ref={ref}>
        {trigger ?? (
          <button
            type="button"
            aria-label={label}
            title={label}
            className="inline-flex size-11 shrink-0 items-center justify-center rounded-[0.625rem] text-muted hover:bg-raised hover:text-ink"
          >
            <EllipsisVertical aria-hidden className="size-5" />
          </button>
        )}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={host}>
        <DropdownMenu.Content align="end" sideOffset={4} className="z-40 min-w-52 rounded-xl border border-line bg-surface p-1.5 shadow-xl">
          {items.map((item) =>
            item.href ? (
              <DropdownMenu.Item key={item.label} asChild className={row}>
                <a href={item.href} target="_blank" rel="noreferrer">
                  {item.icon}
                  {item.label}
                </a>
              </DropdownMenu.Item>
            ) : (
              <DropdownMenu.Item key={item.label} disabled={item.refused !== undefined} className={`${row} data-disabled:text-muted ${item.danger ? 'text-bad' : ''}`} onSelect={() => item.onSelect?.()}>
                {item.icon}
                <span className="min-w-0">
                  {item.label}
                  {item.refused && <span className="block max-w-60 text-sm">{item.refused}</span>}
                </span>
              </DropdownMenu.Item>
            ),
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
