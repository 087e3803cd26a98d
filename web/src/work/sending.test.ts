import { expect, it, vi } from 'vitest'
import { ApiError, NoAnswerError } from '@/api/errors'
import type { Sending } from '@/api/uploads'
import { makeSender } from './sending'

const file = (name: string, size = 10) => new File([new Uint8Array(size)], name)
const settled = () => new Promise((resolve) => setTimeout(resolve))

it('goes on with the same upload after the connection broke, and keeps the file once under one key', async () => {
  const kept: string[][] = []
  const arrived = vi.fn()
  let tries = 0
  const sender = makeSender({
    send: async (_, sending: Sending) => {
      tries++
      if (tries === 1) {
        await sending.onBegin?.('upload-1')
        sending.onProgress?.(8)
        throw new NoAnswerError(false)
      }
      expect(sending.begun).toBe('upload-1')
      return 'upload-1'
    },
    keep: (upload, of, key) => {
      kept.push([upload, of.project ?? '', key])
      return kept.length === 1 ? Promise.reject(new NoAnswerError(true)) : Promise.resolve()
    },
    giveUp: () => Promise.resolve(),
    arrived,
  })
  sender.add([file('plan.pdf')], { project: 'p1' })
  await settled()
  expect(sender.snapshot()).toMatchObject([{ state: 'failed', bytes: 8, passing: true }])
  sender.retryPassing()
  await settled()
  sender.retryPassing()
  await settled()
  expect(sender.snapshot()).toEqual([])
  expect(tries).toBe(2)
  expect(kept).toHaveLength(2)
  expect(kept[0]).toEqual(kept[1])
  expect(arrived).toHaveBeenCalledExactlyOnceWith(1)
})

it('says why a file is refused, and does not try it again by itself', async () => {
  const send = vi.fn(() => Promise.reject(new ApiError(400, { error: 'Only images, PDF files …' })))
  const sender = makeSender({ send, keep: () => Promise.resolve(), giveUp: () => Promise.resolve(), arrived: () => undefined })
  sender.add([file('page.jpg'), file('huge.pdf', 0)], {})
  await settled()
  sender.retryPassing()
  await settled()
  expect(sender.snapshot().map(({ state, fault }) => [state, fault])).toEqual([
    ['failed', 'Only images, PDF files …'],
    ['failed', 'The file is empty.'],
  ])
  expect(send).toHaveBeenCalledTimes(1)
})

it('sends two at a time, and gives up what is taken off', async () => {
  const ends: (() => void)[] = []
  const giveUp = vi.fn(() => Promise.resolve())
  const sender = makeSender({
    send: async (_, sending) => {
      await sending.onBegin?.(`upload of ${sending.name}`)
      await new Promise<void>((resolve) => ends.push(resolve))
      return `upload of ${sending.name}`
    },
    keep: () => Promise.resolve(),
    giveUp,
    arrived: () => undefined,
  })
  sender.add([file('a'), file('b'), file('c')], {})
  await settled()
  expect(sender.snapshot().map(({ state }) => state)).toEqual(['sending', 'sending', 'waiting'])
  sender.drop(sender.snapshot()[1]?.id ?? '')
  expect(giveUp).toHaveBeenCalledExactlyOnceWith('upload of b')
  ends[0]?.()
  await settled()
  expect(sender.snapshot().map(({ file, state }) => [file.name, state])).toEqual([['c', 'sending']])
})
