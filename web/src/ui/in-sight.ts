/** A ref for what is chosen in a row that scrolls sideways: it is brought into sight. */
export function inSight(element: HTMLElement | null) {
  const row = element?.parentElement
  if (!element || !row || row.scrollWidth <= row.clientWidth) return
  const hidden = element.offsetLeft + element.offsetWidth - row.offsetLeft - row.clientWidth
  if (hidden > row.scrollLeft) row.scrollLeft = hidden + 24
}
