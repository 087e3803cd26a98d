import { useMutation } from '@tanstack/react-query'
import { FileUp, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { ApiError, messageOf } from '@/api/errors'
import type { StatementAnswer } from '@/api/purchases'
import { importStatement } from '@/api/purchases'
import { queryClient } from '@/api/query'
import { formatDay } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Notice } from '@/ui/states'
import { toast } from '@/ui/toast'

/** Takes a bank's statement: first it is read and shown, then imported. */
export function ImportStatement({ onClose }: { onClose: () => void }) {
  const [file, setFile] = useState<File | null>(null)
  const [account, setAccount] = useState('')
  const [seen, setSeen] = useState<StatementAnswer | null>(null)
  const read = useMutation({ mutationFn: (chosen: File) => importStatement(chosen, account.trim(), true), onSuccess: setSeen })
  const take = useMutation({
    mutationFn: (chosen: File) => importStatement(chosen, account.trim(), false),
    onSuccess: ({ imported, already_imported }) => {
      toast(`${imported} imported${already_imported > 0 ? `, ${already_imported} were here already` : ''}.`)
      void queryClient.invalidateQueries({ queryKey: ['bank'] })
      onClose()
    },
  })
  const error = take.error ?? read.error
  const faults = seen?.errors ?? (error instanceof ApiError ? Object.entries(error.fields).map(([field, message]) => ({ field, message })) : [])
  const ready = file && seen && seen.errors.length === 0 && seen.imported > 0
  return (
    <Dialog
      title="Import a bank statement"
      wide
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          {ready ? (
            <Button variant="primary" busy={take.isPending} icon={<FileUp aria-hidden className="size-4" />} onClick={() => take.mutate(file)}>
              Import {seen.imported}
            </Button>
          ) : (
            <Button variant="primary" busy={read.isPending} disabled={!file} onClick={() => file && read.mutate(file)}>
              Read it
            </Button>
          )}
        </>
      }
    >
      <div className="flex flex-col gap-5">
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Statement" hint="A CSV file with the columns date, amount, description and reference; money out is negative.">
            <Input
              type="file"
              accept=".csv,text/csv"
              className="py-2.5 file:mr-3 file:rounded-md file:border-0 file:bg-raised file:px-3 file:py-1 file:text-ink"
              onChange={(event) => {
                const chosen = event.target.files?.[0] ?? null
                setFile(chosen)
                setSeen(null)
                take.reset()
                if (chosen) read.mutate(chosen)
                else read.reset()
              }}
            />
          </Field>
          <Field label="Account" hint="Which of your accounts it is of.">
            <Input
              value={account}
              maxLength={255}
              placeholder="Business cheque account"
              onChange={(event) => {
                setAccount(event.target.value)
                // What is a repetition depends on the account.
                setSeen(null)
              }}
            />
          </Field>
        </div>
        {(error !== null || faults.length > 0) && (
          <Notice tone="bad" icon={<TriangleAlert aria-hidden />} title={error ? messageOf(error) : (seen?.message ?? 'The statement cannot be read')}>
            {faults.length > 0 && (
              <ul className="max-h-48 list-inside list-disc overflow-y-auto">
                {faults.map(({ field, message }) => (
                  <li key={`${field} ${message}`}>
                    {field}: {message}
                  </li>
                ))}
              </ul>
            )}
          </Notice>
        )}
        {seen && seen.errors.length === 0 && (
          <section aria-label="What would be imported" className="flex flex-col gap-2">
            <p role="status" className="font-medium">
              {seen.rows} {seen.rows === 1 ? 'row' : 'rows'}: {seen.imported} new
              {seen.already_imported > 0 && `, ${seen.already_imported} imported before`}
            </p>
            <ul className="max-h-80 divide-y divide-line overflow-y-auto rounded-card border border-line" tabIndex={0} aria-label="The first rows">
              {seen.transactions.map((row, i) => (
                <li key={i} className="flex items-center gap-3 px-3 py-2">
                  <span className="num w-24 shrink-0 text-sm text-muted">{formatDay(row.date)}</span>
                  <span className="min-w-0 flex-1 truncate">{[row.description, row.reference].filter(Boolean).join(' · ')}</span>
                  <span className={`num font-semibold ${row.type === 'RECEIVE' ? 'text-good' : ''}`}>
                    {row.type === 'RECEIVE' ? '+' : '−'}
                    {formatMoney(row.amount)}
                  </span>
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
    </Dialog>
  )
}
