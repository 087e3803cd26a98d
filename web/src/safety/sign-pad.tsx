import { Eraser } from 'lucide-react'
import type { PointerEvent } from 'react'
import { useEffect, useRef } from 'react'
import type { Strokes } from '@/api/safety'
import { Button } from '@/ui/button'

const width = 600
const height = 200

export const noStrokes: Strokes = { width, height, lines: [] }

interface SignPadProps {
  value: Strokes
  onChange: (strokes: Strokes) => void
  label: string
  error?: string
}

/** A box to sign in with a finger, a pen or a mouse. */
export function SignPad({ value, onChange, label, error }: SignPadProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const drawing = useRef<number[] | null>(null)
  useEffect(() => {
    if (canvas.current && !drawing.current) draw(canvas.current, value.lines)
  }, [value])
  const at = (event: PointerEvent<HTMLCanvasElement>): [number, number] => {
    const box = event.currentTarget.getBoundingClientRect()
    const place = (from: number, size: number, units: number) => Math.min(units, Math.max(0, Math.round((from / size) * units)))
    return [place(event.clientX - box.left, box.width, width), place(event.clientY - box.top, box.height, height)]
  }
  const begin = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.button !== 0) return
    event.preventDefault()
    event.currentTarget.setPointerCapture(event.pointerId)
    drawing.current = at(event)
  }
  const go = (event: PointerEvent<HTMLCanvasElement>) => {
    const line = drawing.current
    if (!line) return
    const [x, y] = at(event)
    // Points closer than this tell nothing, and a signature has thousands of them.
    if (Math.abs(x - (line.at(-2) ?? 0)) + Math.abs(y - (line.at(-1) ?? 0)) < 3) return
    line.push(x, y)
    draw(event.currentTarget, [...value.lines, line])
  }
  const end = () => {
    const line = drawing.current
    drawing.current = null
    if (line) onChange({ ...value, lines: [...value.lines, line] })
  }
  return (
    <div className="flex flex-col gap-2">
      <div className={`relative rounded-card border bg-white ${error ? 'border-bad' : 'border-edge'}`}>
        <canvas
          ref={canvas}
          role="img"
          aria-label={value.lines.length > 0 ? `${label}: signed` : `${label}: sign here`}
          width={width * 2}
          height={height * 2}
          className="block aspect-[3/1] w-full cursor-crosshair touch-none rounded-card"
          onPointerDown={begin}
          onPointerMove={go}
          onPointerUp={end}
          onPointerCancel={end}
        />
        <span aria-hidden className="pointer-events-none absolute inset-x-6 bottom-[22%] border-b border-dashed border-[#80919d]" />
        {value.lines.length === 0 && (
          <span aria-hidden className="pointer-events-none absolute inset-x-0 top-1/3 text-center text-[#56646e]">
            Sign here
          </span>
        )}
      </div>
      {error && <p className="text-sm font-medium text-bad">{error}</p>}
      {value.lines.length > 0 && (
        <Button variant="ghost" className="self-start" icon={<Eraser aria-hidden className="size-4" />} onClick={() => onChange(noStrokes)}>
          Sign again
        </Button>
      )}
    </div>
  )
}

function draw(canvas: HTMLCanvasElement, lines: number[][]) {
  const context = canvas.getContext('2d')
  if (!context) return
  context.clearRect(0, 0, canvas.width, canvas.height)
  context.lineWidth = 5
  context.lineCap = 'round'
  context.lineJoin = 'round'
  context.strokeStyle = '#141e46'
  for (const line of lines) {
    context.beginPath()
    for (let n = 0; n + 1 < line.length; n += 2) context.lineTo((line[n] ?? 0) * 2, (line[n + 1] ?? 0) * 2)
    if (line.length < 4) context.lineTo((line[0] ?? 0) * 2 + 1, (line[1] ?? 0) * 2)
    context.stroke()
  }
}

/** A signature as it was drawn. */
export function Drawing({ strokes, label }: { strokes: Strokes; label: string }) {
  return (
    <svg role="img" aria-label={label} viewBox={`0 0 ${strokes.width} ${strokes.height}`} className="h-20 w-full rounded-card bg-white">
      {strokes.lines.map((line, n) => (
        <polyline
          key={n}
          fill="none"
          stroke="#141e46"
          strokeWidth={Math.max(2, strokes.width / 200)}
          strokeLinecap="round"
          strokeLinejoin="round"
          points={(line.length < 4 ? [...line, (line[0] ?? 0) + 1, line[1] ?? 0] : line).join(' ')}
        />
      ))}
    </svg>
  )
}
