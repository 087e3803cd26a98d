/** The bolt, with the name beside it. */
export function Logo({ className = '' }: { className?: string }) {
  return (
    <span className={`flex items-center gap-2.5 font-display text-lg font-semibold tracking-tight ${className}`}>
      <svg aria-hidden viewBox="0 0 64 64" className="size-8 shrink-0">
        <rect width="64" height="64" rx="16" className="fill-spark" />
        <path d="M36 10 17 36h12l-4 18 22-28H34z" className="fill-board" />
      </svg>
      AmpedFieldOps
    </span>
  )
}
