import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Camera, Check, FileText, FileX, Loader, ScanLine, TriangleAlert, Upload } from 'lucide-react'
import { useRef, useState } from 'react'
import type { Scan } from '@/api/scans'
import { may, useUser } from '@/api/session'
import { formatDay, formatMinute } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { ProjectPicker } from '@/projects/picker'
import { ListPage, useListSearch } from '@/records/list-page'
import { fromSlices } from '@/records/rows'
import { pollMs, useStreamUp } from '@/sync/live'
import { Button } from '@/ui/button'
import { Field } from '@/ui/field'
import { Badge, Empty, Notice } from '@/ui/states'
import { rowLink } from '@/ui/table'
import { useWide } from '@/ui/wide'
import { DropPlace, SendingList } from '@/work/files'
import { isUnderWay, readingQuery, scansQuery } from './queries'
import { sender, useSending } from './sending'
import { paperWords, statusWords } from './words'

/** What the server takes, for the browser's own dialog. Phones make a JPEG of their photos by it. */
const accepted = 'image/jpeg,image/png,image/webp,image/tiff,application/pdf'

/** Receipts and suppliers' documents: everybody's for the office, one's own for everybody else. */
export function ReceiptsPage() {
  const user = useUser()
  const [search] = useListSearch()
  const streamUp = useStreamUp()
  const office = may(user, 'can_view_financials')
  const query = { search: search.search, status: search.status, document_type: search.type, open: search.open }
  const scans = useInfiniteQuery({
    ...scansQuery(query),
    placeholderData: (before) => before,
    // While the server tells what was read, nobody needs to ask.
    refetchInterval: ({ state }) => (state.data?.pages.some((page) => page.rows.some(isUnderWay)) ? pollMs(streamUp) : false),
  })
  return (
    <ListPage<Scan>
      title="Receipts"
      lead={office ? 'Receipts and suppliers’ documents: photographed, read, and made into bills and expenses.' : 'Your receipts: photograph them, and make them into expenses.'}
      noun="documents"
      banner={<Uploading />}
      filters={[
        { kind: 'search', name: 'search', label: 'Supplier, number, file, project' },
        { kind: 'choice', name: 'status', label: 'Reading', options: Object.entries(statusWords).map(([value, { label }]) => ({ value, label })) },
        { kind: 'choice', name: 'type', label: 'Kind', options: Object.entries(paperWords).map(([value, label]) => ({ value, label })) },
        { kind: 'switch', name: 'open', label: 'Only what nothing was made of yet' },
      ]}
      list={fromSlices(scans)}
      keyOf={(scan) => scan.id}
      nameOf={(scan) => scan.fields.vendor_name || scan.file_name}
      columns={[
        {
          head: 'Document',
          phone: 'title',
          cell: (scan) => (
            <span className="flex items-center gap-3">
              <Thumbnail scan={scan} />
              <span className="min-w-0">
                <Link to="/document-scan/$id" params={{ id: scan.id }} data-row-link className={`${rowLink} break-words`}>
                  {scan.supplier_name ?? (scan.fields.vendor_name || scan.file_name)}
                </Link>
                <span className="block text-sm break-words text-muted">
                  {[scan.document_type !== 'unknown' && paperWords[scan.document_type], scan.fields.document_number].filter(Boolean).join(' ') || scan.file_name}
                </span>
              </span>
            </span>
          ),
        },
        { head: 'Project', cell: (scan) => scan.project_name, className: 'text-muted' },
        { head: 'By', cell: (scan) => `${scan.user_name}, ${formatMinute(scan.created_at)}`, className: 'text-muted' },
        { head: 'Date', cell: (scan) => scan.fields.date && <span className="num whitespace-nowrap">{formatDay(scan.fields.date)}</span> },
        { head: 'State', phone: 'badge', cell: (scan) => <ScanBadge scan={scan} /> },
        { head: 'Total', phone: 'amount', align: 'right', cell: (scan) => scan.fields.total_amount && <span className="font-semibold">{formatMoney(scan.fields.total_amount)}</span> },
      ]}
      empty={
        <Empty icon={<ScanLine aria-hidden />} title="No receipts yet">
          Photograph a receipt or drop a supplier’s invoice here. Its supplier, number, date and amounts are read, you look them over, and a bill or an expense is made of it with the document attached.
        </Empty>
      }
    />
  )
}

function Thumbnail({ scan }: { scan: Scan }) {
  return (
    <span className="grid size-12 shrink-0 place-items-center overflow-hidden rounded-lg border border-line bg-raised text-muted">
      {scan.missing ? <FileX aria-hidden /> : scan.preview_url !== '' ? <img src={scan.preview_url} alt="" loading="lazy" className="size-full object-cover" /> : <FileText aria-hidden />}
    </span>
  )
}

/** How a scan stands: what became of it or, of none yet, its reading. */
function ScanBadge({ scan }: { scan: Scan }) {
  if (scan.filed_kind)
    return (
      <Badge tone="good" icon={<Check aria-hidden className="size-3.5" />}>
        {scan.filed_kind === 'bill' ? `Bill ${scan.filed_number ?? ''}` : 'Expense'}
      </Badge>
    )
  const { label, tone } = statusWords[scan.status]
  const icon = scan.status === 'failed' ? <TriangleAlert aria-hidden className="size-3.5" /> : isUnderWay(scan) ? <Loader aria-hidden className="size-3.5" /> : undefined
  return (
    <Badge tone={tone} icon={icon}>
      {label}
    </Badge>
  )
}

/** Where documents are photographed, chosen or dropped, and how far those are that are being sent. */
function Uploading() {
  const user = useUser()
  const reading = useQuery(readingQuery)
  const sending = useSending()
  const wide = useWide()
  const [project, setProject] = useState<string | null>(null)
  const camera = useRef<HTMLInputElement>(null)
  const chooser = useRef<HTMLInputElement>(null)
  const mayUpload = may(user, 'can_edit_projects') || may(user, 'can_create_invoices') || may(user, 'can_create_timesheets')
  const add = (chosen: FileList | null) => {
    if (chosen && chosen.length > 0) sender.add(Array.from(chosen), { project: project ?? undefined })
  }
  const input = (ref: typeof camera, label: string, extra: object) => (
    <input
      ref={ref}
      type="file"
      {...extra}
      aria-label={label}
      className="sr-only"
      tabIndex={-1}
      onChange={(event) => {
        add(event.target.files)
        event.target.value = '' // the same file can be chosen again
      }}
    />
  )
  return (
    <>
      {reading.data && reading.data.message !== '' && (
        <Notice tone="warn" icon={<TriangleAlert aria-hidden />} title="Texts are not read here">
          {reading.data.message}
        </Notice>
      )}
      {mayUpload && (
        <DropPlace onFiles={add}>
          <div className="card flex flex-col gap-4 p-4 sm:flex-row sm:flex-wrap sm:items-end">
            {input(camera, 'Photo of a receipt', { accept: 'image/jpeg', capture: 'environment' })}
            {input(chooser, 'Documents to upload', { accept: accepted, multiple: true })}
            <Field label="For the project" hint="Leave it empty for general costs" className="sm:min-w-64 sm:flex-1">
              <ProjectPicker placeholder="None" value={project} onChange={setProject} />
            </Field>
            <div className="flex flex-wrap gap-3 sm:self-center">
              <Button variant="primary" className="flex-1 sm:hidden" icon={<Camera aria-hidden className="size-4" />} onClick={() => camera.current?.click()}>
                Take a photo
              </Button>
              <Button variant={wide ? 'primary' : 'secondary'} className="flex-1 sm:flex-none" icon={<Upload aria-hidden className="size-4" />} onClick={() => chooser.current?.click()}>
                Choose files
              </Button>
            </div>
            <p className="text-sm text-muted sm:w-full">JPEG, PNG, WebP, TIFF or PDF, at most 10 MB each. <span className="max-sm:hidden">Drop them here, several at once.</span></p>
          </div>
          <SendingList sending={sending} sender={sender} />
        </DropPlace>
      )}
    </>
  )
}
