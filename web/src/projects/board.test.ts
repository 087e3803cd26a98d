import { describe, expect, it } from 'vitest'
import type { Board, BoardCard } from '@/api/work'
import { moved } from './board'

const card = (id: string, status: string) => ({ id, status }) as BoardCard
const board: Board = {
  columns: [
    { status: 'quoted', count: 30, cards: [card('a', 'quoted'), card('b', 'quoted')] },
    { status: 'in-progress', count: 1, cards: [card('c', 'in-progress')] },
  ],
}

describe('moving a project on the board', () => {
  it('takes it out of one column and puts it first in the other, with the counts', () => {
    const after = moved(board, card('a', 'quoted'), 'in-progress')
    expect(after.columns.map((column) => [column.count, column.cards.map((one) => `${one.id} ${one.status}`)])).toEqual([
      [29, ['b quoted']],
      [2, ['a in-progress', 'c in-progress']],
    ])
  })
  it('does nothing in its own column', () => expect(moved(board, card('a', 'quoted'), 'quoted')).toBe(board))
  it('counts on when the other column is not shown', () => {
    expect(moved(board, card('a', 'quoted'), 'paid').columns.map((column) => column.count)).toEqual([29, 1])
  })
})
