import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { Check, FileDown, FilePlus2, Pencil, PenLine, Trash2, Undo2, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { ApiError, messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import type { SafetyDetail, SafetyRevision, SafetyType, Signature } from '@/api/safety'
import { approveSafety, generateSafetyPDF, reopenSafety, revisionPDF, safetyPath, safetyPDF, signSafety, unsignSafety } from '@/api/safety'
import type { Versioned } from '@/api/versions'
import { formatDay, formatMinute } from '@/format/calendar'
import { DeleteRecord } from '@/records/delete'
import { capital } from '@/records/kinds'
import type { Fact } from '@/records/record-page'
import { Facts, RecordPage, RecordState, Section } from '@/records/record-page'
import { Button, buttonClass, IconButton } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input, Textarea } from '@/ui/field'
import type { MenuItem } from '@/ui/menu'
import { Badge, Failure, Notice, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { textLink } from '@/work/link'
import { SafetyBadge, safetyTypes } from '@/work/safety'
import type { Form } from './forms'
import { readForm } from './forms'
import { revisionsQuery, safetyQuery } from './queries'
import { Drawing, noStrokes, SignPad } from './sign-pad'

const list = { to: '/safety-documents', label: 'Safety documents' } as const

export function SafetyDocumentPage() {
  const { id } = useParams({ from: '/safety-documents/$id' })
  const document = useQuery(safetyQuery(id))
  return document.data ? <View versioned={document.data} /> : <RecordState title="Safety document" back={list} error={document.error} onRetry={() => void document.refetch()} />
}

/** What stands elsewhere changes with a document, too: the project's files, and why work is unbilled. */
const reread = () => Promise.all(['safety-documents', 'unbilled', 'files', 'projects'].map((noun) => queryClient.invalidateQueries({ queryKey: [noun] })))

function View({ versioned: { row, etag } }: { versioned: Versioned<SafetyDetail> }) {
  const navigate = useNavigate()
  const [dialog, setDialog] = useState<'reopen' | 'crew' | 'delete' | null>(null)
  const settled = { onError: (error: Error) => toast(messageOf(error), 'bad'), onSettled: reread }
  const approve = useMutation({ mutationFn: () => approveSafety(row.id, etag), onSuccess: (d) => toast(`${d.number ?? d.title} is approved.`), ...settled })
  const generate = useMutation({ mutationFn: () => generateSafetyPDF(row.id), onSuccess: () => toast('The PDF is made.'), ...settled })
  const unsign = useMutation({ mutationFn: (signature: string) => unsignSafety(row.id, signature, etag), ...settled })
  const edit = () => void navigate({ to: '/safety-documents/$id/edit', params: { id: row.id } })
  const menu: MenuItem[] = []
  if (row.may.edit || row.file_path === null) menu.push({ label: row.status === 'draft' ? 'Make a PDF of the draft' : 'Make the PDF', icon: <FilePlus2 aria-hidden />, onSelect: () => generate.mutate() })
  if (row.may.reopen) menu.push({ label: 'Reopen as a new revision', icon: <Undo2 aria-hidden />, onSelect: () => setDialog('reopen') })
  if (row.may.delete) menu.push({ label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDialog('delete') })
  return (
    <RecordPage
      kind="safety_document"
      id={row.id}
      title={row.number ?? row.title}
      lead={
        <>
          {safetyTypes[row.document_type].words}
          {row.number && `: ${row.title}`}
        </>
      }
      back={list}
      badges={
        <>
          <SafetyBadge status={row.status} />
          {row.revision > 1 && <Badge>Revision {row.revision}</Badge>}
        </>
      }
      menu={menu}
      actions={
        <>
          {row.file_path && (
            <a href={safetyPDF(row.id)} target="_blank" rel="noreferrer" className={buttonClass(row.may.edit || row.may.approve ? 'secondary' : 'primary')}>
              <FileDown aria-hidden className="size-4" />
              PDF
            </a>
          )}
          {row.may.edit && (
            <Button variant="primary" icon={<Pencil aria-hidden className="size-4" />} onClick={edit}>
              {row.signatures.length > 0 ? 'Edit or complete' : 'Fill in and sign'}
            </Button>
          )}
          {row.may.approve && (
            <Button variant="primary" busy={approve.isPending} icon={<Check aria-hidden className="size-4" />} onClick={() => approve.mutate()}>
              Approve
            </Button>
          )}
        </>
      }
      facts={[
        {
          label: 'Project',
          value: (
            <Link to="/projects/$id" params={{ id: row.project_id }} className={textLink}>
              {row.project_name}
            </Link>
          ),
        },
        { label: 'Client', value: row.client_name },
        { label: 'Begun by', value: row.created_by_name && `${row.created_by_name}, ${formatMinute(row.created_at)}` },
        { label: 'Completed by', value: row.completed_at && `${row.completed_by_name}, ${formatMinute(row.completed_at)}` },
        { label: 'Approved by', value: row.approved_at && `${row.approved_by_name}, ${formatMinute(row.approved_at)}` },
      ]}
    >
      {row.status === 'completed' && !row.may.approve && (
        <Notice tone="accent" title="It waits for approval">
          Somebody else who may change projects looks at it and approves it.
        </Notice>
      )}
      <Content type={row.document_type} form={readForm(row.document_type, row.data)} />
      <Section
        title="Signatures"
        actions={
          row.may.edit &&
          row.document_type === 'jsa' && (
            <Button icon={<PenLine aria-hidden className="size-4" />} onClick={() => setDialog('crew')}>
              Sign as one of the crew
            </Button>
          )
        }
      >
        {row.signatures.length === 0 ? (
          <p className="rounded-card border border-dashed border-edge px-4 py-3 text-muted">Not signed yet.</p>
        ) : (
          <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
            {row.signatures.map((signature) => (
              <SignatureCard key={signature.id} signature={signature} onRemove={row.may.edit ? () => unsign.mutate(signature.id) : undefined} />
            ))}
          </ul>
        )}
      </Section>
      <Timeline id={row.id} />
      {dialog === 'reopen' && <Reopen row={row} etag={etag} onClose={() => setDialog(null)} />}
      {dialog === 'crew' && <SignCrew row={row} etag={etag} onClose={() => setDialog(null)} />}
      {dialog === 'delete' && (
        <DeleteRecord
          kind="safety_document"
          id={row.id}
          name={row.number ?? row.title}
          path={safetyPath(row.id)}
          onClose={() => setDialog(null)}
          onDeleted={() => void navigate({ to: '/safety-documents' })}
        />
      )}
    </RecordPage>
  )
}

function SignatureCard({ signature, onRemove }: { signature: Signature; onRemove?: () => void }) {
  return (
    <li className="card flex flex-col gap-2 p-3">
      <Drawing strokes={signature.strokes} label={`Signature of ${signature.name}`} />
      <div className="flex items-start gap-2">
        <p className="min-w-0 flex-1 text-sm break-words">
          <span className="block font-medium">{signature.name}</span>
          <span className="text-muted">
            {signature.role === 'crew' ? 'Crew' : 'Signed'} {formatMinute(signature.signed_at)}
            {signature.signed_by_name && ` on the device of ${signature.signed_by_name}`}
          </span>
        </p>
        {onRemove && (
          <IconButton label={`Remove the signature of ${signature.name}`} onClick={onRemove}>
            <X aria-hidden className="size-5" />
          </IconButton>
        )}
      </div>
    </li>
  )
}

const eventWords: Record<SafetyRevision['event'], string> = { completed: 'Completed', approved: 'Approved', reopened: 'Reopened', taken_over: 'Taken over' }

/** What was issued, approved and reopened. */
function Timeline({ id }: { id: string }) {
  const steps = useQuery(revisionsQuery(id))
  if (steps.data?.length === 0) return null
  return (
    <Section title="Revisions">
      {steps.isError ? (
        <Failure error={steps.error} onRetry={() => void steps.refetch()} />
      ) : !steps.data ? (
        <Skeleton rows={1} />
      ) : (
        <ol className="card divide-y divide-line" aria-label="Revisions, newest first">
          {steps.data.map((step) => (
            <li key={step.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
              <div className="min-w-0 flex-1 basis-60">
                <p>
                  <span className="font-medium">{eventWords[step.event]}</span> by {step.user_name}
                  {step.reason && <span className="text-muted">: {step.reason}</span>}
                </p>
                <p className="num text-sm text-muted">
                  Revision {step.revision} · {formatMinute(step.created_at)}
                </p>
              </div>
              {step.file_path && (
                <a href={revisionPDF(id, step.id)} target="_blank" rel="noreferrer" className={textLink} aria-label={`PDF of revision ${step.revision}, ${eventWords[step.event].toLowerCase()}`}>
                  <FileDown aria-hidden className="size-4" />
                  PDF
                </a>
              )}
            </li>
          ))}
        </ol>
      )}
    </Section>
  )
}

function Reopen({ row, etag, onClose }: { row: SafetyDetail; etag: string | null; onClose: () => void }) {
  const [reason, setReason] = useState('')
  const navigate = useNavigate()
  const reopen = useMutation({
    mutationFn: () => reopenSafety(row.id, reason.trim(), etag),
    onSuccess: (d) => {
      toast(`${d.number ?? d.title} is a draft again, as revision ${d.revision}.`)
      onClose()
      void navigate({ to: '/safety-documents/$id/edit', params: { id: row.id } })
    },
    onSettled: reread,
  })
  return (
    <Dialog
      title={`Reopen ${row.number ?? row.title}`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={reopen.isPending} onClick={() => reopen.mutate()}>
            Reopen
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <p>It becomes a draft, revision {row.revision + 1}. What was issued stays, and it is signed and approved anew.</p>
        <Field label="Why" error={reopen.error ? messageOf(reopen.error) : undefined}>
          <Textarea data-autofocus value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
        </Field>
      </div>
    </Dialog>
  )
}

function SignCrew({ row, etag, onClose }: { row: SafetyDetail; etag: string | null; onClose: () => void }) {
  const [name, setName] = useState('')
  const [strokes, setStrokes] = useState(noStrokes)
  const sign = useMutation({
    mutationFn: () => signSafety(row.id, { name: name.trim(), role: 'crew', strokes }, etag),
    onSuccess: () => {
      toast(`${name.trim()} has signed.`)
      onClose()
    },
    onSettled: reread,
  })
  const fields = sign.error instanceof ApiError ? sign.error.fields : {}
  return (
    <Dialog
      title="Sign as one of the crew"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={sign.isPending} onClick={() => sign.mutate()}>
            Sign
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {sign.error && Object.keys(fields).length === 0 && <p className="font-medium text-bad">{messageOf(sign.error)}</p>}
        <Field label="Name" error={fields['signature.name']}>
          <Input data-autofocus value={name} maxLength={200} autoComplete="off" onChange={(event) => setName(event.target.value)} />
        </Field>
        <SignPad label="Signature" value={strokes} onChange={setStrokes} error={fields['signature.strokes']} />
      </div>
    </Dialog>
  )
}

/** What the form says, to read. */
function Content({ type, form }: { type: SafetyType; form: Form }) {
  const t = (name: string) => form.texts[name] ?? ''
  const lines = (name: string) => t(name) && <span className="whitespace-pre-line">{t(name)}</span>
  const wide = (label: string, value: ReactNode): Fact => ({ label, value, wide: true })
  if (type === 'jsa')
    return (
      <>
        <Section title="The job">
          <Facts
            facts={[
              wide('What is done', lines('job_description')),
              { label: 'Where', value: t('location') },
              { label: 'Date', value: formatDay(t('date')) },
              { label: 'Prepared by', value: t('prepared_by_name') },
              wide('Protective equipment', lines('ppe')),
              wide('In an emergency', lines('emergency_plan')),
              wide('Notes', lines('notes')),
            ]}
          />
        </Section>
        <Rows title="Hazards">
          {form.hazards.map((row, n) => (
            <Row key={n} title={row.description} badge={row.risk_level && <Badge tone={riskTone(row.risk_level)}>{capital(row.risk_level)}</Badge>}>
              {row.control_measures}
              {row.residual_risk && ` · risk left: ${row.residual_risk}`}
              {row.responsible && ` · ${row.responsible}`}
            </Row>
          ))}
        </Rows>
      </>
    )
  const certifier = [
    { label: 'Certified by', value: t('inspector_name') },
    { label: 'Registration or licence', value: t('inspector_license') },
    { label: 'Contact', value: t('contact') },
    { label: 'Inspected', value: formatDay(t('inspection_date')) },
    { label: 'Issued', value: formatDay(t('issue_date')) },
  ]
  if (type === 'electrical_safety_certificate')
    return (
      <>
        <Section title="The installation">
          <Facts
            facts={[
              wide('Description', lines('description')),
              { label: 'Location', value: t('location') },
              { label: 'Connected', value: formatDay(t('connection_date')) },
              { label: 'Certificate of compliance', value: t('coc_reference') },
              { label: 'Safe to use', value: form.ticks.safe_to_use ? 'Yes' : null },
              ...certifier,
              { label: 'Valid until', value: formatDay(t('expiry_date')) },
            ]}
          />
        </Section>
        <Rows title="Safety checks">
          {form.checks.map((row, n) => (
            <Row key={n} title={row.check} badge={<Badge tone={row.status === 'passed' ? 'good' : row.status === 'failed' ? 'bad' : 'neutral'}>{row.status === 'pending' ? 'Not yet' : capital(row.status)}</Badge>}>
              {row.notes}
            </Row>
          ))}
        </Rows>
      </>
    )
  return (
    <>
      <Section title="The work">
        <Facts
          facts={[
            wide('Description', lines('description')),
            { label: 'Location', value: t('location') },
            { label: 'Category', value: t('risk_category') && capital(t('risk_category')) + (t('special_work') ? `: ${t('special_work')}` : '') },
            { label: 'Type of work', value: lines('work_type') },
            { label: 'Done', value: [t('installation_date'), t('installation_date_to')].filter(Boolean).map(formatDay).join(' to ') },
            { label: 'In accordance with', value: t('compliance_method') && `AS/NZS 3000 ${capital(t('compliance_method').replace('_', ' '))}` },
            { label: 'Certified design', value: t('certified_design') },
            { label: 'Standards', value: lines('compliance_standards') },
            { label: 'Supplier declarations', value: lines('supplier_declarations') },
            { label: 'Safe to connect', value: form.ticks.safe_to_connect ? 'Yes' : null },
            ...certifier,
          ]}
        />
      </Section>
      <Rows title="Test results">
        {form.tests.map((row, n) => (
          <Row key={n} title={[row.test, row.circuit].filter(Boolean).join(', ')} badge={row.outcome && <Badge tone={row.outcome === 'pass' ? 'good' : row.outcome === 'fail' ? 'bad' : 'neutral'}>{capital(row.outcome)}</Badge>}>
            {row.result}
          </Row>
        ))}
      </Rows>
    </>
  )
}

const riskTone = (risk: string) => (risk === 'low' ? 'good' : risk === 'medium' ? 'warn' : 'bad')

function Rows({ title, children }: { title: string; children: ReactNode[] }) {
  if (children.length === 0) return null
  return (
    <Section title={title}>
      <ul className="card divide-y divide-line" aria-label={title}>
        {children}
      </ul>
    </Section>
  )
}

function Row({ title, badge, children }: { title: string; badge?: ReactNode; children: ReactNode }) {
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-1 px-4 py-2.5">
      <div className="min-w-0 flex-1 basis-48">
        <p className="font-medium break-words">{title}</p>
        <p className="text-sm break-words text-muted">{children}</p>
      </div>
      {badge}
    </li>
  )
}
