import type { FileFolder } from '@/api/files'
import type { PhotoFolder } from './queries'

/** A project or a cost centre with what people keep there. */
export interface Folder {
  id: string
  kind: 'project' | 'center'
  code: string
  name: string
  files: number
  photos: number
}

export interface FolderGroup {
  /** The client; of cost centres and of work for nobody there is none. */
  title: string
  folders: Folder[]
}

/** What has files or photos, by client: what had a file last comes first. */
export function folderGroups(files: FileFolder[], photos: PhotoFolder[]): FolderGroup[] {
  const groups = new Map<string, Folder[]>()
  const put = (title: string, folder: Folder) => groups.set(title, [...(groups.get(title) ?? []), folder])
  const photosOf = new Map(photos.map((folder) => [folder.project_id, folder]))
  for (const folder of files) {
    if (folder.project_id !== null) {
      const taken = photosOf.get(folder.project_id)
      photosOf.delete(folder.project_id)
      put(folder.client_name || 'No client', {
        id: folder.project_id, kind: 'project', code: folder.project_code, name: folder.project_name, files: folder.files, photos: taken?.total_images ?? 0,
      })
    } else if (folder.cost_center_id !== null) {
      put('Cost centres', { id: folder.cost_center_id, kind: 'center', code: folder.cost_center_code, name: folder.cost_center_name, files: folder.files, photos: 0 })
    }
  }
  for (const folder of photosOf.values()) {
    put(folder.client_name || 'No client', { id: folder.project_id, kind: 'project', code: folder.project_code, name: folder.project_name, files: 0, photos: folder.total_images })
  }
  return [...groups].map(([title, folders]) => ({ title, folders }))
}
