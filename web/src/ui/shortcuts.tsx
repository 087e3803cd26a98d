import { Dialog } from './dialog'

const shortcuts: { keys: string[]; does: string }[] = [
  { keys: ['Ctrl', 'K'], does: 'Search everything, or go to a page (⌘ K on a Mac)' },
  { keys: ['/'], does: 'Search the list in view; where there is none, search everything' },
  { keys: ['j'], does: 'Next row of a list' },
  { keys: ['k'], does: 'Previous row of a list' },
  { keys: ['Enter'], does: 'Open the row' },
  { keys: ['r'], does: 'Send the chosen document to Xero again, when it failed' },
  { keys: ['Esc'], does: 'Close what is open' },
  { keys: ['?'], does: 'Show these keys' },
]

function Keys({ keys }: { keys: string[] }) {
  return (
    <span className="inline-flex gap-1">
      {keys.map((key) => (
        <kbd key={key} className="inline-flex min-w-7 justify-center rounded-md border border-edge bg-raised px-1.5 py-0.5 font-mono text-sm">
          {key}
        </kbd>
      ))}
    </span>
  )
}

/** The keys that do something everywhere. */
export function ShortcutList() {
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] items-center gap-x-5 gap-y-2.5">
      {shortcuts.map(({ keys, does }) => (
        <div key={keys.join('+')} className="contents">
          <dt>
            <Keys keys={keys} />
          </dt>
          <dd>{does}</dd>
        </div>
      ))}
    </dl>
  )
}

export function Shortcuts({ onClose }: { onClose: () => void }) {
  return (
    <Dialog lightly title="Keys" onClose={onClose}>
      <ShortcutList />
    </Dialog>
  )
}
