import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Clock, CornerDownLeft, History, Keyboard, Search } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { useEffect, useId, useRef, useState } from 'react'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import { clearSearches, getRecentSearches, saveSearch, searchAll } from '@/api/search'
import { may, useUser } from '@/api/session'
import { Dialog } from '@/ui/dialog'
import { useSettled } from '@/ui/now'
import { Spinner } from '@/ui/states'
import type { Hit, HitGroup } from './found'
import { hitsOf } from './found'
import { placesFor } from './places'

const recentKey = ['recent-searches']

/** Goes anywhere and finds anything, by typing. */
export function Palette({ onClose, onShortcuts }: { onClose: () => void; onShortcuts: () => void }) {
  const user = useUser()
  const navigate = useNavigate()
  const listId = useId()
  const list = useRef<HTMLDivElement>(null)
  const [text, setText] = useState('')
  const [active, setActive] = useState(0)
  const query = useSettled(text.trim(), 200)
  const found = useQuery({
    queryKey: ['search', query],
    queryFn: ({ signal }) => searchAll(query, signal),
    enabled: query.length >= 2,
    placeholderData: (before) => (query.length >= 2 ? before : undefined),
  })
  const recent = useQuery({ queryKey: recentKey, queryFn: getRecentSearches })
  const forget = useMutation({ mutationFn: clearSearches, onSettled: () => queryClient.invalidateQueries({ queryKey: recentKey }) })

  const words = text.trim().toLowerCase()
  const places: Hit[] = [
    ...(may(user, 'can_create_timesheets') ? [{ key: 'enter-time', label: 'Enter time', detail: 'New timesheet entry', icon: Clock, target: { to: '/timesheets', search: { new: true } } }] : []),
    ...placesFor(user).flatMap((group) => group.places.map((place) => ({ key: place.to, label: place.label, detail: group.title, icon: place.icon, target: { to: place.to } }))),
  ].filter(({ label }) => label.toLowerCase().includes(words))
  const groups: HitGroup[] = [
    ...(words.length >= 2 && found.data ? hitsOf(found.data) : []),
    ...(places.length > 0 ? [{ title: words === '' ? 'Go to' : 'Pages', hits: words === '' ? places : places.slice(0, 6) }] : []),
  ]
  const hits = groups.flatMap((group) => group.hits)
  const at = Math.min(active, hits.length - 1)

  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' })
  }, [at])

  const go = (hit: Hit) => {
    onClose()
    // What led somewhere is worth remembering; whether that succeeds is not worth a word.
    if (words.length >= 2 && hit.key !== hit.target.to) void saveSearch(text.trim()).then(() => queryClient.invalidateQueries({ queryKey: recentKey })).catch(() => undefined)
    void navigate(hit.target as never)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      const by = event.key === 'ArrowDown' ? 1 : -1
      if (hits.length > 0) setActive((at + by + hits.length) % hits.length)
    } else if (event.key === 'Enter') {
      event.preventDefault()
      const hit = hits[at]
      if (hit) go(hit)
    }
  }

  return (
    <Dialog lightly wide title="Search" onClose={onClose}>
      <div className="flex flex-col gap-4">
        <div className="relative">
          <Search aria-hidden className="pointer-events-none absolute top-3.5 left-3 size-4 text-muted" />
          <input
            data-autofocus
            type="search"
            role="combobox"
            aria-label="Search clients, projects, documents and pages"
            aria-expanded
            aria-controls={listId}
            aria-autocomplete="list"
            aria-activedescendant={hits[at] ? `${listId}-${at}` : undefined}
            autoComplete="off"
            enterKeyHint="go"
            className="control pl-9"
            placeholder="Client, project, number, page…"
            value={text}
            onChange={(event) => {
              setText(event.target.value)
              setActive(0)
            }}
            onKeyDown={onKeyDown}
          />
          {found.isFetching && <Spinner className="absolute top-3.5 right-10 size-4 text-muted" />}
        </div>
        {words === '' && (recent.data?.length ?? 0) > 0 && (
          <section aria-label="Recent searches">
            <div className="flex items-center">
              <h3 className="flex-1 text-sm font-semibold text-muted">Recent searches</h3>
              <button type="button" className="min-h-9 rounded-lg px-2 text-sm font-medium text-muted hover:text-ink" onClick={() => forget.mutate()}>
                Forget them
              </button>
            </div>
            <ul className="flex flex-wrap gap-2">
              {recent.data?.map((search) => (
                <li key={`${search.type} ${search.query}`}>
                  <button type="button" className="inline-flex min-h-9 items-center gap-2 rounded-full border border-line bg-raised px-3 text-sm hover:border-edge" onClick={() => setText(search.query)}>
                    <History aria-hidden className="size-3.5 text-muted" />
                    {search.query}
                  </button>
                </li>
              ))}
            </ul>
          </section>
        )}
        {found.isError && words.length >= 2 && <p role="alert" className="font-medium text-bad">{messageOf(found.error)}</p>}
        <div ref={list} id={listId} role="listbox" aria-label="What was found" className="flex flex-col gap-3">
          {groups.map((group, g) => {
            const before = groups.slice(0, g).reduce((sum, one) => sum + one.hits.length, 0)
            return (
              <div key={group.title} role="group" aria-label={group.title}>
                <p aria-hidden className="pb-1 text-sm font-semibold text-muted">{group.title}</p>
                {group.hits.map((hit, i) => (
                  <Option key={hit.key} id={`${listId}-${before + i}`} hit={hit} selected={before + i === at} onPoint={() => setActive(before + i)} onChoose={() => go(hit)} />
                ))}
              </div>
            )
          })}
        </div>
        <p role="status" className={hits.length === 0 ? 'text-muted' : 'sr-only'}>
          {hits.length > 0 ? `${hits.length} found` : found.isFetching || query !== text.trim() ? 'Searching…' : `Nothing matches “${text.trim()}”.`}
        </p>
        <button type="button" className="hidden min-h-9 items-center gap-2 self-start text-sm text-muted hover:text-ink lg:inline-flex" onClick={onShortcuts}>
          <Keyboard aria-hidden className="size-4" />
          All keys
        </button>
      </div>
    </Dialog>
  )
}

function Option({ id, hit: { label, detail, icon: Icon }, selected, onPoint, onChoose }: { id: string; hit: Hit; selected: boolean; onPoint: () => void; onChoose: () => void }) {
  return (
    <div id={id} role="option" aria-selected={selected} className={`flex min-h-12 cursor-pointer items-center gap-3 rounded-lg px-3 py-1.5 ${selected ? 'bg-raised' : ''}`} onMouseMove={onPoint} onClick={onChoose}>
      <Icon aria-hidden className="size-5 shrink-0 text-muted" />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{label}</span>
        {detail && <span className="block truncate text-sm text-muted">{detail}</span>}
      </span>
      {selected && <CornerDownLeft aria-hidden className="size-4 text-muted" />}
    </div>
  )
}
