import { useSyncExternalStore } from 'react'
import { queryClient } from '@/api/query'
import { createScan } from '@/api/scans'
import { giveUpUpload, sendFile } from '@/api/uploads'
import { toast } from '@/ui/toast'
import type { FileOnItsWay } from '@/work/sending'
import { makeSender } from '@/work/sending'

export const sender = makeSender({
  purpose: 'scan',
  megabytes: 10,
  send: sendFile,
  keep: async (upload, of, key) => {
    await createScan(upload, of.project ?? null, key)
    void queryClient.invalidateQueries({ queryKey: ['scans'] })
  },
  giveUp: giveUpUpload,
  arrived: (files) => toast(files === 1 ? 'The document is kept and will be read.' : `${files} documents are kept and will be read.`),
})

if (typeof window !== 'undefined') addEventListener('online', sender.retryPassing)

/** The documents on their way to the server. */
export const useSending = (): FileOnItsWay[] => useSyncExternalStore(sender.subscribe, sender.snapshot)
