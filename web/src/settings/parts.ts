import type { SettingWords } from '@/api/settings'

export const parts = ['company', 'documents', 'work', 'mail', 'files'] as const
export type Part = (typeof parts)[number]

export const partWords: Record<Part, string> = { company: 'Company', documents: 'Documents', work: 'Time', mail: 'Mail', files: 'Files' }

/**
 * In which part of the settings a setting stands; what belongs to none stands with the company.
 * The schedule of reminders stands nowhere here: it is set where reminders are sent. Neither does
 * where files are kept: that is tried before it is saved, on a form of its own.
 */
export function partOf({ key, group }: Pick<SettingWords, 'key' | 'group'>): Part | null {
  if (key === 'payment_reminder_schedule') return null
  switch (group) {
    case 'Files':
      return null
    case 'Documents':
    case 'Xero':
      return 'documents'
    case 'Work':
      return 'work'
    case 'Mail':
      return 'mail'
    default:
      return 'company'
  }
}

/** What a choice is called on the page. */
export function choiceWords(choice: string): string {
  const words: Record<string, string> = { DRAFT: 'Drafts, to be approved in Xero', AUTHORISED: 'Authorised', off: 'Off', required: 'Required before work is invoiced' }
  return words[choice] ?? choice
}

/** The places that files can lie in. */
export const placeWords = { local: 'This machine’s folder', s3: 'S3', 'google-drive': 'Google Drive' } as const
