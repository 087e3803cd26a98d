import { expect, it } from 'vitest'
import type { FileFolder } from '@/api/files'
import { folderGroups } from './folders'

const folder = (id: string, client: string, files: number): FileFolder => ({
  project_id: id, project_code: id.toUpperCase(), project_name: `Project ${id}`, client_id: null, client_name: client, cost_center_id: null, cost_center_code: '', cost_center_name: '', files, newest: '2026-11-01T00:00:00Z',
})

it('shows what has files or photos once, by client', () => {
  const groups = folderGroups(
    [folder('a', 'Harbour Café', 3), { ...folder('x', '', 1), project_id: null, cost_center_id: 'k', cost_center_code: 'CC-1', cost_center_name: 'Kitchen' }, folder('b', 'Marae', 1), folder('c', 'Harbour Café', 2)],
    [
      { project_id: 'c', project_code: 'C', project_name: 'Project c', client_name: 'Harbour Café', total_images: 7 },
      { project_id: 'd', project_code: 'D', project_name: 'Project d', client_name: '', total_images: 2 },
    ],
  )
  expect(groups.map(({ title, folders }) => [title, folders.map(({ id, files, photos }) => `${id} ${files} ${photos}`)])).toEqual([
    ['Harbour Café', ['a 3 0', 'c 2 7']],
    ['Cost centres', ['k 1 0']],
    ['Marae', ['b 1 0']],
    ['No client', ['d 0 2']],
  ])
})
