import { useMutation } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { CircleCheck, Download, FileSpreadsheet, TriangleAlert, Upload } from 'lucide-react'
import type { DragEvent } from 'react'
import { useRef, useState } from 'react'
import { ApiError, isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import type { ImportAnswer, ImportFault, ImportKind } from '@/api/imports'
import { importFile, importTemplate } from '@/api/imports'
import { queryClient } from '@/api/query'
import type { Permission } from '@/api/session'
import { may, useUser } from '@/api/session'
import { capital, counted } from '@/records/kinds'
import { Button, buttonClass } from '@/ui/button'
import { Page } from '@/ui/page'
import { Progress } from '@/ui/progress'
import { Empty, Notice } from '@/ui/states'
import { Table } from '@/ui/table'
import { toast } from '@/ui/toast'

const kinds: { kind: ImportKind; words: [string, string]; detail: string; needs: Permission }[] = [
  { kind: 'clients', words: ['client', 'clients'], detail: 'Customers and suppliers with their addresses and terms.', needs: 'can_manage_clients' },
  { kind: 'projects', words: ['project', 'projects'], detail: 'Jobs with their client, budget and cost centres.', needs: 'can_edit_projects' },
  { kind: 'timesheets', words: ['timesheet entry', 'timesheet entries'], detail: 'Hours that people have worked.', needs: 'can_view_all_timesheets' },
]

const pages = { clients: '/clients', projects: '/projects', timesheets: '/timesheets' } as const

/** Takes records from a CSV file: first a rehearsal that says what is wrong with which row, then all rows at once. */
export function ImportPage() {
  const user = useUser()
  const search = useSearch({ from: '/import' })
  const navigate = useNavigate({ from: '/import' })
  const open = kinds.filter(({ needs }) => may(user, needs))
  const chosen = open.find(({ kind }) => kind === search.kind) ?? open[0]
  return (
    <Page title="Import" lead="Take many records at once from a CSV file, as spreadsheets save it.">
      {chosen ? (
        <>
          <fieldset className="grid gap-3 sm:grid-cols-3">
            <legend className="mb-2 font-semibold">1. What is in the file?</legend>
            {open.map(({ kind, words, detail }) => (
              <label key={kind} className="card flex cursor-pointer items-start gap-3 p-4 has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-3 has-focus-visible:outline-accent">
                <input type="radio" name="kind" value={kind} checked={kind === chosen.kind} className="mt-0.5 size-5 shrink-0 accent-(--accent-fill)" onChange={() => void navigate({ search: { kind }, replace: true })} />
                <span>
                  <span className="block font-medium">{capital(words[1])}</span>
                  <span className="block text-sm text-muted">{detail}</span>
                </span>
              </label>
            ))}
          </fieldset>
          <FromFile key={chosen.kind} kind={chosen.kind} words={chosen.words} />
        </>
      ) : (
        <Empty title="You may not import anything">Ask an administrator for the permission to manage clients or projects.</Empty>
      )}
    </Page>
  )
}

function FromFile({ kind, words }: { kind: ImportKind; words: [string, string] }) {
  const [file, setFile] = useState<File | null>(null)
  const [over, setOver] = useState(false)
  const idempotencyKey = useRef(newId())
  const rehearsal = useMutation({ mutationFn: (chosen: File) => importFile(kind, chosen, true) })
  const taking = useMutation({
    mutationFn: (chosen: File) => importFile(kind, chosen, false, idempotencyKey.current),
    onSuccess: (answer) => {
      toast(`${counted(answer.created, words)} imported.`)
      void queryClient.invalidateQueries()
    },
    onError: (error) => {
      // A refused import took nothing; the next one is another.
      if (!isPassing(error)) idempotencyKey.current = newId()
    },
  })
  const choose = (chosen: File | undefined) => {
    if (!chosen) return
    setFile(chosen)
    taking.reset()
    idempotencyKey.current = newId()
    rehearsal.mutate(chosen)
  }
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    choose(event.dataTransfer.files[0])
  }
  const faults = taking.isError ? rowFaults(taking.error) : (rehearsal.data?.errors ?? [])
  const busy = rehearsal.isPending || taking.isPending

  if (taking.isSuccess)
    return (
      <Notice
        tone="good"
        icon={<CircleCheck aria-hidden />}
        title={`${counted(taking.data.created, words)} imported from ${file?.name ?? 'the file'}`}
        action={
          <>
            <Button onClick={() => { setFile(null); taking.reset(); rehearsal.reset() }}>Import another file</Button>
            <Link to={pages[kind]} className={buttonClass('primary')}>
              See {words[1]}
            </Link>
          </>
        }
      />
    )
  return (
    <>
      <section aria-labelledby="template" className="flex flex-col gap-2">
        <h2 id="template" className="font-semibold">2. Put it into the columns of the template</h2>
        <p className="text-muted">The first line names the columns. What you do not need can be left empty or left out.</p>
        <a href={importTemplate(kind)} download className={buttonClass('secondary', 'self-start')}>
          <Download aria-hidden className="size-4" />
          Template for {words[1]}
        </a>
      </section>
      <section aria-labelledby="file" className="flex flex-col gap-3">
        <h2 id="file" className="font-semibold">3. Choose the file</h2>
        <label
          className={`flex cursor-pointer flex-col items-center gap-2 rounded-card border-2 border-dashed px-6 py-8 text-center has-focus-visible:outline-3 has-focus-visible:outline-accent ${over ? 'border-accent bg-accent-soft' : 'border-edge bg-surface'}`}
          onDragOver={(event) => {
            event.preventDefault()
            setOver(true)
          }}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          {file ? <FileSpreadsheet aria-hidden className="size-8 text-accent" /> : <Upload aria-hidden className="size-8 text-muted" />}
          <span className="font-medium break-all">{file ? file.name : 'Choose a CSV file, or drop it here'}</span>
          <span className="text-sm text-muted">{file ? 'Choose another file' : 'At most 5 MB and 5,000 rows. Nothing is imported yet: the file is checked first.'}</span>
          <input
            type="file"
            accept=".csv,text/csv"
            className="sr-only"
            aria-label="CSV file"
            disabled={busy}
            onChange={(event) => {
              choose(event.target.files?.[0])
              // So that the same file, mended, can be chosen again.
              event.target.value = ''
            }}
          />
        </label>
      </section>
      {busy && <Progress label={taking.isPending ? `Importing ${words[1]}…` : 'Checking each row…'} />}
      {(rehearsal.isError || taking.isError) && !busy && (
        <Notice tone="bad" icon={<TriangleAlert aria-hidden />} title={messageOf(taking.error ?? rehearsal.error)}>
          {fieldFaults(rehearsal.error)}
        </Notice>
      )}
      {rehearsal.data && !busy && !taking.isError && <Rehearsed answer={rehearsal.data} words={words} onImport={() => file && taking.mutate(file)} />}
      {faults.length > 0 && !busy && <Faults faults={faults} />}
    </>
  )
}

function Rehearsed({ answer, words, onImport }: { answer: ImportAnswer; words: [string, string]; onImport: () => void }) {
  const wrong = new Set(answer.errors.map((fault) => fault.row)).size
  if (wrong > 0)
    return (
      <Notice tone="warn" icon={<TriangleAlert aria-hidden />} title={`${wrong} of ${counted(answer.rows, ['row', 'rows'])} ${wrong === 1 ? 'is' : 'are'} not right`}>
        Nothing was imported. Mend the {wrong === 1 ? 'row' : 'rows'} below in the file, and choose it again.
      </Notice>
    )
  if (answer.created === 0)
    return (
      <Notice tone="warn" icon={<TriangleAlert aria-hidden />} title="There is no row in this file">
        Below the line with the names of the columns, each line is one of the {words[1]}.
      </Notice>
    )
  return (
    <Notice
      tone="good"
      icon={<CircleCheck aria-hidden />}
      title={`Every row is right: ${counted(answer.created, words)} can be imported`}
      action={
        <Button variant="primary" icon={<Upload aria-hidden className="size-4" />} onClick={onImport}>
          Import {counted(answer.created, words)}
        </Button>
      }
    />
  )
}

const shown = 200

function Faults({ faults }: { faults: ImportFault[] }) {
  return (
    <section aria-labelledby="faults" className="flex flex-col gap-3">
      <h2 id="faults" className="text-lg font-semibold">What to mend</h2>
      <Table
        label="What to mend"
        rows={faults.slice(0, shown).map((fault, i) => ({ ...fault, key: String(i) }))}
        keyOf={(fault) => fault.key}
        nameOf={(fault) => `row ${fault.row}`}
        columns={[
          { head: 'Row', phone: 'title', className: 'w-24', cell: (fault) => <span className="num">Row {fault.row}</span> },
          { head: 'Column', className: 'w-48', cell: (fault) => <span className="font-mono text-sm">{fault.field || '–'}</span> },
          { head: 'What is wrong', cell: (fault) => fault.message },
        ]}
      />
      {faults.length > shown && <p className="text-muted">and {faults.length - shown} more</p>}
    </section>
  )
}



/** The rows that made the server refuse an import. */
function rowFaults(error: Error): ImportFault[] {
  return error instanceof ApiError && Array.isArray(error.body.row_errors) ? (error.body.row_errors as ImportFault[]) : []
}

/** What is wrong with the columns, when no row was looked at. */
function fieldFaults(error: Error | null) {
  const faults = error instanceof ApiError ? Object.values(error.fields) : []
  if (faults.length === 0) return null
  return (
    <ul className="list-inside list-disc">
      {faults.map((fault) => (
        <li key={fault}>{fault}</li>
      ))}
    </ul>
  )
}
