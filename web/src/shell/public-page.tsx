import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useEffect } from 'react'
import { write } from '@/api/device'
import { getBranding, getHealth } from '@/api/people'
import { queryClient } from '@/api/query'
import { sessionQuery } from '@/api/session'
import type { User } from '@/api/types'
import { Logo } from './logo'

export const brandingQuery = { queryKey: ['branding'], queryFn: getBranding, staleTime: 5 * 60_000 }

/** Shows the firm's own picture in the tab of the browser, if it has one. */
export function useFirmIcon() {
  const icon = useQuery(brandingQuery).data?.company_favicon
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel=icon]')
    if (!icon || !link) return
    link.removeAttribute('type') // the program's own is an SVG
    link.href = icon
  }, [icon])
}

/** Lets the person in whom the server has just signed in. */
export function useEnter() {
  const navigate = useNavigate()
  return async (user: User, to = '/') => {
    await write('kept', user, 'user').catch(() => undefined)
    queryClient.setQueryData(sessionQuery.queryKey, user)
    void navigate({ to })
  }
}

/** The frame of the pages that are open to anybody, with the firm's own name and logo. */
export function PublicPage({ title, children }: { title: string; children: ReactNode }) {
  const branding = useQuery(brandingQuery)
  const company = branding.data?.company_name
  useEffect(() => {
    document.title = `${title} · ${company || 'AmpedFieldOps'}`
  }, [title, company])
  const firm = (
    <span className="flex min-h-11 items-center gap-3">
      {branding.data?.company_logo && <img src={branding.data.company_logo} alt="" className="max-h-11 max-w-40 rounded-md object-contain" />}
      {company && <span className="font-display text-lg font-semibold">{company}</span>}
    </span>
  )
  return (
    <main className="grid min-h-dvh lg:grid-cols-[1fr_1.1fr]">
      <div className="sticky top-0 hidden h-dvh flex-col justify-between overflow-hidden bg-board p-12 text-board-ink lg:flex">
        <Logo className="relative z-10" />
        <Circuit />
        <p className="relative max-w-md font-display text-4xl leading-tight font-semibold tracking-tight text-balance">Every hour on the invoice. Every invoice in Xero, once.</p>
      </div>
      <div className="flex flex-col px-6 py-12 sm:px-12">
        <div className="mx-auto my-auto flex w-full max-w-sm flex-col gap-5">
          {branding.data && (company || branding.data.company_logo) ? firm : <Logo className="lg:hidden" />}
          <h1 className="text-3xl font-semibold tracking-tight">{title}</h1>
          {children}
        </div>
        <HealthDots />
      </div>
    </main>
  )
}

/** Whether the database and Xero can be reached, in words beside their dots. */
function HealthDots() {
  const health = useQuery({ queryKey: ['health'], queryFn: getHealth, refetchInterval: 60_000 })
  if (!health.data && !health.isError) return null
  const dots = health.data
    ? [
        { name: 'Database', sound: health.data.database.healthy, words: health.data.database.healthy ? 'connected' : 'not reachable' },
        ...(health.data.xero.configured ? [{ name: 'Xero', sound: health.data.xero.connected, words: health.data.xero.connected ? 'connected' : 'not connected' }] : []),
      ]
    : [{ name: 'Server', sound: false, words: 'not reachable' }]
  return (
    <ul aria-label="State of the system" className="mx-auto mt-8 flex w-full max-w-sm flex-wrap gap-x-5 gap-y-1 text-sm text-muted">
      {dots.map(({ name, sound, words }) => (
        <li key={name} className="inline-flex items-center gap-2">
          <span aria-hidden className={`size-2.5 ${sound ? 'rounded-full bg-good' : 'rotate-45 bg-bad'}`} />
          {name} {words}
        </li>
      ))}
    </ul>
  )
}

/** A drawing of wires; it says nothing. */
function Circuit() {
  const wires = [
    'M-20 120H180l60 60h420', 'M-20 180H140l90 90h430', 'M-20 240H100l130 130h430', 'M-20 420H220l50-50', 'M-20 480H320l60-60h280', 'M400 270v110', 'M520 180v190',
  ]
  const joints: [number, number][] = [[240, 180], [230, 270], [230, 370], [400, 270], [520, 180], [520, 370], [400, 370], [380, 420]]
  return (
    <svg aria-hidden viewBox="0 0 640 600" preserveAspectRatio="xMidYMid slice" className="absolute inset-0 size-full opacity-70">
      <g fill="none" strokeWidth="2" className="stroke-board-line">
        {wires.map((d) => (
          <path key={d} d={d} />
        ))}
      </g>
      <path d="M-20 180H140l90 90h170v100h120" fill="none" strokeWidth="2.5" className="stroke-spark" />
      {joints.map(([x, y]) => (
        <circle key={`${x} ${y}`} cx={x} cy={y} r="5" strokeWidth="2.5" className="fill-board stroke-board-line" />
      ))}
      <circle cx="520" cy="370" r="6" className="fill-spark" />
    </svg>
  )
}
