import { useQuery } from '@tanstack/react-query'
import { Cable, ClipboardCheck, FileText, Truck, Users, Wrench, Zap } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { createElement } from 'react'
import { Spinner } from '@/ui/states'
import { activityTypesQuery } from './queries'

/** The icons an activity type can have, by the name that is stored. */
export const activityIcons: Record<string, LucideIcon> = {
  zap: Zap, wrench: Wrench, cable: Cable, 'clipboard-check': ClipboardCheck, 'file-text': FileText, truck: Truck, users: Users,
}

/** The colours an activity type can have, by the name that is stored. */
export const activityColours: Record<string, string> = {
  electric: '#0aa5c9', voltage: '#2f9e44', warning: '#d4920a', orange: '#d9651d', red: '#d0393f', purple: '#8458c9', grey: '#71818c',
}

/** The colour of a stored name. Records of earlier versions hold CSS classes that have the name in them. */
export function colourOf(stored: string | null): string {
  const text = stored?.toLowerCase() ?? ''
  if (/^#[0-9a-f]{6}$/.test(text)) return text
  const name = Object.keys(activityColours).find((colour) => text.includes(colour))
  return activityColours[name ?? 'electric'] ?? '#0aa5c9'
}

export function ActivityMark({ icon, color }: { icon: string; color: string | null }) {
  return (
    <span aria-hidden className="flex size-8 shrink-0 items-center justify-center rounded-lg text-white" style={{ backgroundColor: colourOf(color) }}>
      {createElement(activityIcons[icon.toLowerCase()] ?? Zap, { className: 'size-4' })}
    </span>
  )
}

/** One activity type by a tap. */
export function ActivityPicker({ value, onChange }: { value: string | null; onChange: (id: string) => void }) {
  const { data, isPending, isError } = useQuery(activityTypesQuery)
  if (isPending) return <Spinner className="size-5" />
  if (isError) return <p className="text-bad">The activities could not be read.</p>
  return (
    <div className="grid grid-cols-2 gap-2 sm:grid-cols-3">
      {data
        .filter((type) => type.is_active || type.id === value)
        .map((type) => (
          <button
            key={type.id}
            type="button"
            aria-pressed={type.id === value}
            onClick={() => onChange(type.id)}
            className={`flex min-h-12 items-center gap-2 rounded-[0.625rem] border px-2.5 py-1.5 text-left text-sm font-medium ${
              type.id === value ? 'border-accent bg-accent-soft ring-2 ring-accent' : 'border-edge hover:bg-raised'
            }`}
          >
            <ActivityMark icon={type.icon} color={type.color} />
            <span className="min-w-0 break-words">{type.name}</span>
          </button>
        ))}
    </div>
  )
}
