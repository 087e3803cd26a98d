import type { Board, BoardCard } from '@/api/work'

/** The board with a card in another column, as it will be once the server has it there. */
export function moved(board: Board, card: BoardCard, status: string): Board {
  if (card.status === status) return board
  return {
    columns: board.columns.map((column) => {
      if (column.status === card.status) return { ...column, count: Math.max(0, column.count - 1), cards: column.cards.filter((other) => other.id !== card.id) }
      // What was changed last stands first.
      if (column.status === status) return { ...column, count: column.count + 1, cards: [{ ...card, status }, ...column.cards.filter((other) => other.id !== card.id)] }
      return column
    }),
  }
}
