// Sets the theme before the first paint: the one a person chose, or else the device's.
;(() => {
  const device = matchMedia('(prefers-color-scheme: dark)')
  const apply = () => {
    let chosen = null
    try {
      chosen = localStorage.getItem('theme')
    } catch {
      // Storage may be blocked; then the device decides.
    }
    document.documentElement.dataset.theme =
      chosen === 'dark' || chosen === 'light' ? chosen : device.matches ? 'dark' : 'light'
  }
  apply()
  device.addEventListener('change', apply)
  addEventListener('themechange', apply)
})()
