import { useCallback, useState } from 'react'

/**
 * Where something that opens beside an element belongs: inside the dialog that the element is in,
 * for a modal dialog covers the rest of the page; undefined for the page itself. Give `ref` to the
 * element.
 */
export function usePortalHost(): { ref: (element: HTMLElement | null) => void; host: HTMLElement | undefined } {
  const [host, setHost] = useState<HTMLElement | undefined>()
  const ref = useCallback((element: HTMLElement | null) => {
    if (element) setHost(element.closest('dialog') ?? undefined)
  }, [])
  return { ref, host }
}
