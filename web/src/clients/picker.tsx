import { useQuery } from '@tanstack/react-query'
import { Combobox } from '@/ui/combobox'
import { allClientsQuery } from './queries'

interface ClientPickerProps {
  kind: 'customer' | 'supplier'
  value: string | null
  onChange: (id: string) => void
}

/** One client or supplier, by typing. */
export function ClientPicker({ kind, value, onChange }: ClientPickerProps) {
  const { data, isPending, isError } = useQuery(allClientsQuery(kind))
  return (
    <Combobox
      choices={(data ?? []).map((client) => ({ id: client.id, label: client.name, detail: client.contact_name ?? undefined }))}
      value={value}
      onChange={onChange}
      placeholder={isPending ? 'Loading…' : `Search ${kind}s`}
      empty={isError ? 'The list could not be read.' : `No ${kind} matches.`}
    />
  )
}
