import { FileSpreadsheet } from 'lucide-react'
import { withQuery } from '@/api/http'
import { may, useUser } from '@/api/session'
import type { SliceQuery } from '@/api/slices'
import { buttonClass } from '@/ui/button'

/** All rows of a list as a file, for those who may export; the same address as the list, with the same filters. */
export function CsvButton({ path, query = {} }: { path: string; query?: SliceQuery }) {
  if (!may(useUser(), 'can_export_data')) return null
  return (
    <a className={buttonClass('secondary')} href={withQuery(path, { ...query, format: 'csv' })} download title="All rows that the filters choose, as a CSV file">
      <FileSpreadsheet aria-hidden className="size-4" />
      CSV
    </a>
  )
}
