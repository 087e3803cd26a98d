/** The schedule of reminders as it is typed. */
export interface TypedSchedule {
  enabled: boolean
  /** "7, 14, 30" */
  days: string
  template: string
}

/** Reads the setting; what cannot be read is the schedule of a firm that has chosen none. */
export function readSchedule(value: string): TypedSchedule {
  const standard: TypedSchedule = { enabled: false, days: '7, 14, 30', template: '' }
  try {
    const kept = JSON.parse(value) as { enabled?: unknown; days_after_due?: unknown; email_template?: unknown }
    return {
      enabled: kept.enabled === true,
      days: Array.isArray(kept.days_after_due) ? kept.days_after_due.join(', ') : standard.days,
      template: typeof kept.email_template === 'string' ? kept.email_template : '',
    }
  } catch {
    return standard
  }
}

/** The setting that says what was typed; null while the days are not right. */
export function writeSchedule({ enabled, days, template }: TypedSchedule): string | null {
  const numbers = days.split(/[\s,;]+/).filter(Boolean).map(Number)
  const right = numbers.length >= 1 && numbers.length <= 10 && numbers.every((n) => Number.isInteger(n) && n >= 1 && n <= 365)
  if (!right) return null
  return JSON.stringify({ enabled, days_after_due: [...new Set(numbers)].sort((a, b) => a - b), email_template: template.trim() })
}
