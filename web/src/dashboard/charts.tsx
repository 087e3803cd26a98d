import type { ReactNode } from 'react'
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'

export interface Point {
  name: string
  /** What stands in the table and beside the bar. */
  words: string
  value: number
}

interface BarsProps {
  title: string
  /** What the columns of the table are called: the name's and the value's. */
  heads: [string, string]
  points: Point[]
  tick?: (value: number) => string
  actions?: ReactNode
}

/** Bars, and the same figures as a table for those who do not see them. */
export function Bars({ title, heads, points, tick, actions }: BarsProps) {
  const words = new Map(points.map((point) => [point.name, point.words]))
  return (
    <section aria-label={title} className="card flex min-w-0 flex-col gap-3 p-4">
      <div className="flex items-center gap-3">
        <h2 className="flex-1 text-base font-semibold">{title}</h2>
        {actions}
      </div>
      {points.every((point) => point.value === 0) && <p className="text-sm text-muted">Nothing yet.</p>}
      <div aria-hidden className="h-52">
        <ResponsiveContainer width="100%" height="100%">
          <BarChart data={points} margin={{ top: 8, right: 4, bottom: 0, left: 0 }} accessibilityLayer={false}>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis dataKey="name" tickLine={false} axisLine={false} tick={{ fill: 'var(--muted)', fontSize: 12 }} />
            <YAxis width={44} tickLine={false} axisLine={false} tick={{ fill: 'var(--muted)', fontSize: 12 }} tickFormatter={tick} allowDecimals={false} />
            <Tooltip
              cursor={{ fill: 'var(--raised)' }}
              isAnimationActive={false}
              content={({ active, label }) =>
                active ? (
                  <div className="num rounded-lg border border-line bg-surface px-3 py-2 text-sm shadow-lg">
                    <p className="text-muted">{label}</p>
                    <p className="font-semibold">{words.get(String(label))}</p>
                  </div>
                ) : null
              }
            />
            <Bar dataKey="value" fill="var(--accent-fill)" radius={[6, 6, 0, 0]} isAnimationActive={false} maxBarSize={48} />
          </BarChart>
        </ResponsiveContainer>
      </div>
      <table className="sr-only">
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">{heads[0]}</th>
            <th scope="col">{heads[1]}</th>
          </tr>
        </thead>
        <tbody>
          {points.map((point) => (
            <tr key={point.name}>
              <th scope="row">{point.name}</th>
              <td>{point.words}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
