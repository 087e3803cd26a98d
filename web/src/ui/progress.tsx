/** Something that takes long is under way: how far it is (0 to 1), or only that it goes on. */
export function Progress({ label, value }: { label: string; value?: number }) {
  return (
    <div className="flex flex-col gap-1.5" role="status">
      <span className="num text-sm text-muted">
        {label}
        {value !== undefined && ` ${Math.round(value * 100)} %`}
      </span>
      <div role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={value === undefined ? undefined : Math.round(value * 100)} className="h-2 overflow-hidden rounded-full bg-raised">
        {value === undefined ? (
          <div className="h-full w-1/3 animate-[go-along_1.4s_ease-in-out_infinite] rounded-full bg-accent-fill" />
        ) : (
          <div className="h-full rounded-full bg-accent-fill transition-[width]" style={{ width: `${value * 100}%` }} />
        )}
      </div>
    </div>
  )
}
