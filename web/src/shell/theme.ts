import { useSyncExternalStore } from 'react'

export type Theme = 'light' | 'dark' | 'device'

const key = 'theme'

/** Chooses the theme; public/theme.js applies it, also before the app is loaded. */
export function chooseTheme(theme: Theme): void {
  try {
    if (theme === 'device') localStorage.removeItem(key)
    else localStorage.setItem(key, theme)
  } catch {
    // Storage may be blocked; then the device decides.
  }
  dispatchEvent(new Event('themechange'))
}

function chosen(): Theme {
  try {
    const stored = localStorage.getItem(key)
    return stored === 'light' || stored === 'dark' ? stored : 'device'
  } catch {
    return 'device'
  }
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    addEventListener('themechange', listener)
    return () => removeEventListener('themechange', listener)
  }, chosen)
}
