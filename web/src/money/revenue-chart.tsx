import { Bar, BarChart, CartesianGrid, LabelList, ResponsiveContainer, XAxis, YAxis } from 'recharts'
import { formatMoney, parseCents } from '@/format/money'

const monthFormat = new Intl.DateTimeFormat('en-NZ', { month: 'short', timeZone: 'UTC' })
const shortFormat = (currency: string) => new Intl.NumberFormat('en-NZ', { style: 'currency', currency, currencyDisplay: 'narrowSymbol', notation: 'compact', maximumFractionDigits: 1 })

interface RevenueChartProps {
  months: { month: string; total: string }[]
  currency: string
}

/** What was invoiced in each month. The figures also stand in a list for those who do not see the plot. */
export function RevenueChart({ months, currency }: RevenueChartProps) {
  const short = shortFormat(currency)
  // Whole units of the currency are exact enough for a bar's height; what is written comes from the text.
  const data = months.map(({ month, total }) => ({ name: monthFormat.format(new Date(`${month}-01T00:00:00Z`)), value: (parseCents(total) ?? 0) / 100 }))
  return (
    <>
      <div aria-hidden className="h-64 min-w-0">
        <ResponsiveContainer width="100%" height="100%">
          <BarChart data={data} margin={{ top: 20, right: 4, bottom: 0, left: 0 }} accessibilityLayer={false}>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis dataKey="name" tickLine={false} axisLine={{ stroke: 'var(--line)' }} tick={{ fill: 'var(--muted)', fontSize: 13 }} />
            <YAxis width={52} tickLine={false} axisLine={false} tick={{ fill: 'var(--muted)', fontSize: 13 }} tickFormatter={(value: number) => short.format(value)} />
            <Bar dataKey="value" fill="var(--accent-fill)" radius={[6, 6, 0, 0]} maxBarSize={56} isAnimationActive={false}>
              <LabelList dataKey="value" position="top" fill="var(--ink)" fontSize={13} formatter={(value) => (Number(value) === 0 ? '' : short.format(Number(value)))} />
            </Bar>
          </BarChart>
        </ResponsiveContainer>
      </div>
      <ul className="sr-only">
        {months.map(({ month, total }, i) => (
          <li key={month}>
            {data[i]?.name} {month.slice(0, 4)}: {formatMoney(total, currency)}
          </li>
        ))}
      </ul>
    </>
  )
}
