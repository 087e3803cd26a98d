import { useSyncExternalStore } from 'react'

const query = '(min-width: 64rem)'

/** Whether there is room for a table; on a phone rows are cards. */
export function useWide(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query)
      media.addEventListener('change', listener)
      return () => media.removeEventListener('change', listener)
    },
    () => matchMedia(query).matches,
  )
}
