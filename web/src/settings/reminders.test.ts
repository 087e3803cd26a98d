import { expect, it } from 'vitest'
import { readSchedule, writeSchedule } from './reminders'

it('reads back what it writes', () => {
  const text = writeSchedule({ enabled: true, days: '30, 7;7 14', template: ' Please pay. ' })
  expect(text).toBe('{"enabled":true,"days_after_due":[7,14,30],"email_template":"Please pay."}')
  expect(readSchedule(text ?? '')).toEqual({ enabled: true, days: '7, 14, 30', template: 'Please pay.' })
})

it('reminds nobody by itself before the firm says so', () => {
  expect(readSchedule('').enabled).toBe(false)
  expect(readSchedule('not JSON').days).toBe('7, 14, 30')
})

it.each(['', 'soon', '0', '366', '1.5', '1,2,3,4,5,6,7,8,9,10,11'])('does not take "%s" for days', (days) => expect(writeSchedule({ enabled: false, days, template: '' })).toBeNull())
