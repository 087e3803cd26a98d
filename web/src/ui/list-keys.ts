import type { RefObject } from 'react'
import { useEffect } from 'react'

/** Whether a key was meant for the page and not for something that is being typed or chosen. */
export function isPageKey(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false
  return !(event.target as HTMLElement).closest('input, select, textarea, dialog, [contenteditable], [role=menu], [role=listbox]')
}

/** j and k go to the next and the previous row of a list; Enter opens it, as it opens any link. */
export function useListKeys(list: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.key !== 'j' && event.key !== 'k') || !isPageKey(event)) return
      const links = [...(list.current?.querySelectorAll<HTMLElement>('[data-row-link]') ?? [])]
      const at = links.findIndex((link) => link === document.activeElement)
      links[Math.min(links.length - 1, Math.max(0, at + (event.key === 'j' ? 1 : -1)))]?.focus()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [list])
}
