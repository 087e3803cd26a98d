import type { ReactNode } from 'react'
import { useEffect } from 'react'

interface PageProps {
  title: string
  /** One line under the title. */
  lead?: ReactNode
  actions?: ReactNode
  /** Above the title: the way back. */
  back?: ReactNode
  children: ReactNode
}

/** A page with its heading; also names the browser tab. */
export function Page({ title, lead, actions, back, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · AmpedFieldOps`
  }, [title])
  return (
    <div className="mx-auto flex w-full max-w-6xl flex-col gap-5 px-4 py-5 sm:px-6 lg:px-8 lg:py-8">
      <header className="flex flex-wrap items-end gap-x-4 gap-y-3">
        <div className="min-w-0 flex-1 basis-56">
          {back}
          <h1 className="text-2xl font-semibold tracking-tight lg:text-[1.75rem]">{title}</h1>
          {lead && <div className="mt-1 text-muted">{lead}</div>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-3">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

/** A label with its value, in the details of something. */
export function Detail({ label, className = '', children }: { label: string; className?: string; children: ReactNode }) {
  return (
    <div className={`min-w-0 ${className}`}>
      <dt className="text-sm text-muted">{label}</dt>
      <dd className="num font-medium break-words">{children}</dd>
    </div>
  )
}
