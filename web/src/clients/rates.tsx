import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { activityTypesQuery } from '@/activities/queries'
import { ApiError, messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import { getClientRates, setClientRates } from '@/api/work'
import { formatMoney, formatQuantity, parseTenThousandths } from '@/format/money'
import { Section } from '@/records/record-page'
import { Button } from '@/ui/button'
import { Field } from '@/ui/field'
import { QuantityInput } from '@/ui/money-input'
import { Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'

/** What an hour of each kind of work costs this client; empty is what everybody pays. */
export function ClientRates({ id }: { id: string }) {
  const types = useQuery(activityTypesQuery)
  const rates = useQuery({ queryKey: ['clients', 'rates', id], queryFn: () => getClientRates(id), refetchOnWindowFocus: false })
  return (
    <Section title="Own rates">
      {types.isError || rates.isError ? (
        <Failure error={types.error ?? rates.error} onRetry={() => void Promise.all([types.refetch(), rates.refetch()])} />
      ) : !types.data || !rates.data ? (
        <Skeleton rows={3} height="h-12" />
      ) : (
        <Editor
          id={id}
          // What was saved, or changed by somebody else, is what is edited from then on.
          key={JSON.stringify(rates.data.rates)}
          rows={types.data
            .filter((type) => type.is_active || rates.data.rates.some((rate) => rate.activity_type_id === type.id))
            .map((type) => ({ id: type.id, name: type.name, standard: type.hourly_rate, own: rates.data.rates.find((rate) => rate.activity_type_id === type.id)?.hourly_rate ?? null }))}
        />
      )}
    </Section>
  )
}

interface Row {
  id: string
  name: string
  standard: string
  own: string | null
}

function Editor({ id, rows }: { id: string; rows: Row[] }) {
  const [typed, setTyped] = useState(() => Object.fromEntries(rows.map((row) => [row.id, row.own === null ? '' : formatQuantity(row.own)])))
  const faultOf = (row: Row) => {
    const text = typed[row.id]?.trim() ?? ''
    return text !== '' && (parseTenThousandths(text) ?? -1) < 0 ? 'Enter a rate such as 95 or 95.50' : undefined
  }
  const sent = rows.filter((row) => typed[row.id]?.trim()).map((row) => ({ activity_type_id: row.id, hourly_rate: typed[row.id]?.trim() ?? '' }))
  const save = useMutation({
    mutationFn: () => setClientRates(id, sent),
    onSuccess: (answer) => {
      queryClient.setQueryData(['clients', 'rates', id], answer)
      toast('Rates saved. Hours already entered keep theirs.')
    },
  })
  const fields = save.error instanceof ApiError ? save.error.fields : {}
  const changed = rows.some((row) => (typed[row.id]?.trim() ?? '') !== (row.own === null ? '' : formatQuantity(row.own)))
  return (
    <form
      className="card overflow-hidden"
      onSubmit={(event) => {
        event.preventDefault()
        if (rows.every((row) => !faultOf(row))) save.mutate()
      }}
    >
      <ul className="divide-y divide-line">
        {rows.map((row) => {
          const at = sent.findIndex((rate) => rate.activity_type_id === row.id)
          return (
            <li key={row.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2">
              <p className="min-w-0 flex-1 basis-40">
                <span className="font-medium">{row.name}</span>
                <span className="num block text-sm text-muted">Everybody pays {formatMoney(row.standard)} / h</span>
              </p>
              <Field label={`Rate for ${row.name}`} labelHidden className="w-36" error={faultOf(row) ?? fields[`rates[${at}].hourly_rate`]}>
                <QuantityInput value={typed[row.id] ?? ''} placeholder={formatQuantity(row.standard)} onChange={(value) => setTyped({ ...typed, [row.id]: value })} />
              </Field>
            </li>
          )
        })}
      </ul>
      <div className="flex flex-wrap items-center justify-end gap-3 border-t border-line p-3">
        {save.isError && (
          <p role="alert" className="flex-1 font-medium text-bad">
            {messageOf(save.error)}
          </p>
        )}
        <Button type="submit" variant="primary" busy={save.isPending} disabled={!changed}>
          Save rates
        </Button>
      </div>
    </form>
  )
}
