import { Download, ExternalLink } from 'lucide-react'
import type { ProjectFile } from '@/api/files'
import { downloadPath } from '@/api/files'
import type { TimesheetPhoto } from '@/api/types'
import { inBytes } from '@/format/bytes'
import { buttonClass } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { PhotoViewer } from './photo-viewer'

const asPhoto = (file: ProjectFile): TimesheetPhoto => ({
  id: '', url: file.file_path, preview_url: file.preview_url || file.file_path, caption: file.file_name, file_name: file.file_name, content_type: file.mime_type, stored_in: file.stored_in, missing: file.missing,
})

/** A file to look at: a picture with the others of its list, a PDF in a frame, and anything else to be saved. */
export function FileViewer({ file, files, onClose }: { file: ProjectFile; files: ProjectFile[]; onClose: () => void }) {
  if (file.file_type === 'image') {
    const pictures = files.filter(({ file_type }) => file_type === 'image')
    return <PhotoViewer title={file.project_name || file.cost_center_name} photos={pictures.map(asPhoto)} start={pictures.indexOf(file)} onClose={onClose} />
  }
  // Phones show a PDF on a page of its own only.
  const framed = file.mime_type === 'application/pdf' && !file.missing && navigator.pdfViewerEnabled
  return (
    <Dialog
      wide={framed}
      lightly
      title={file.file_name}
      onClose={onClose}
      footer={
        !file.missing && (
          <>
            {file.mime_type === 'application/pdf' && (
              <a href={file.file_path} target="_blank" rel="noreferrer" className={buttonClass(framed ? 'secondary' : 'primary')}>
                <ExternalLink aria-hidden className="size-4" />
                Open
              </a>
            )}
            <a href={downloadPath(file.id)} download={file.file_name} className={buttonClass(file.mime_type === 'application/pdf' ? 'secondary' : 'primary')}>
              <Download aria-hidden className="size-4" />
              Download
            </a>
          </>
        )
      }
    >
      {file.missing ? (
        <p>The bytes of this file were not found where they are kept. An administrator can bring them back from a backup.</p>
      ) : framed ? (
        <iframe src={file.file_path} title={file.file_name} className="h-[68dvh] w-full rounded-lg border border-line bg-board" />
      ) : (
        <p className="num text-muted">{[file.mime_type === 'application/pdf' ? 'PDF' : 'Document', inBytes(Number(file.file_size)), file.uploaded_by_name].filter(Boolean).join(' · ')}</p>
      )}
    </Dialog>
  )
}
