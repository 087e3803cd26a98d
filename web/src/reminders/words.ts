/** "7, 14 or 30 days" */
export function readDays(days: readonly number[]): string {
  if (days.length === 1 && days[0] === 1) return '1 day'
  return `${new Intl.ListFormat('en', { type: 'disjunction' }).format(days.map(String))} days`
}

/** For what a reminder was sent: "By hand", "7 days overdue". */
export function typeWords(type: string): string {
  const days = /^days_(\d+)$/.exec(type)?.[1]
  if (days) return `${days} ${days === '1' ? 'day' : 'days'} overdue`
  return type === 'manual' ? 'By hand' : type
}
