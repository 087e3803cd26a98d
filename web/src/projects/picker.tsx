import { useQuery } from '@tanstack/react-query'
import { Combobox } from '@/ui/combobox'
import { allProjectsQuery } from './queries'

interface ProjectPickerProps {
  value: string | null
  onChange: (id: string) => void
  /** Only the projects of this client. */
  clientId?: string
  placeholder?: string
}

/** One project, by typing its name, code or client. */
export function ProjectPicker({ value, onChange, clientId, placeholder = 'Search projects' }: ProjectPickerProps) {
  const { data, isPending, isError } = useQuery(allProjectsQuery)
  const projects = (data ?? []).filter((project) => !clientId || project.client_id === clientId)
  return (
    <Combobox
      choices={projects.map((project) => ({
        id: project.id,
        label: project.name,
        detail: [project.code, project.client_name].filter(Boolean).join(' · '),
      }))}
      value={value}
      onChange={onChange}
      placeholder={isPending ? 'Loading…' : placeholder}
      empty={isError ? 'The projects could not be read.' : 'No project matches.'}
    />
  )
}
