import { describe, expect, it } from 'vitest'
import { draftTotals, emptyLine, taxCents, toPurchaseLines, toSaleLines } from './line-draft'

const line = (quantity: string, unit_price: string, account_code = '') => ({ ...emptyLine(), description: 'Cable', quantity, unit_price, account_code })
const gst = () => 15_0000

describe('tax', () => {
  it.each([
    [10000, 15_0000, 1500],
    // Half a cent goes away from zero.
    [10, 15_0000, 2],
    [-10, 15_0000, -2],
    [3, 15_0000, 0],
    [33333, 12_5000, 4167],
    [10000, 0, 0],
  ])('of %i cents at %i is %i', (amount, rate, tax) => expect(taxCents(amount, rate)).toBe(tax))
})

describe('totals', () => {
  it('adds the tax line by line, as the server does', () => {
    // Together 0.30 would bear 0.05 tax (0.045); line by line it is three times 0.02.
    expect(draftTotals([line('1', '0.10'), line('1', '0.10'), line('1', '0.10')], gst)).toEqual({ subtotal: 30, tax: 6 })
  })
  it('takes the rate of each account', () => {
    expect(draftTotals([line('2', '50'), line('1', '100', '260')], (code) => (code === '260' ? 0 : 15_0000))).toEqual({ subtotal: 20000, tax: 1500 })
  })
  it('knows no tax while a rate is not known, but a sum before tax', () => {
    expect(draftTotals([line('1', '10')], () => null)).toEqual({ subtotal: 1000, tax: null })
  })
  it.each([
    ['without lines', []],
    ['without a description', [{ ...line('1', '1'), description: ' ' }]],
    ['without a price', [line('1', '')]],
    ['with a quantity of zero', [line('0', '5')]],
    ['with something that is no number', [line('1', 'ten')]],
  ])('are not known %s', (_, lines) => expect(draftTotals(lines, gst)).toBeNull())
})

it('sends what was typed, and nothing for what was left empty', () => {
  const draft = { ...line('2', '3.5'), description: ' Cable ', cost_center_id: 'c1' }
  expect(toSaleLines([draft])).toEqual([{ description: 'Cable', quantity: '2', unit_price: '3.5', account_code: undefined, item_id: undefined }])
  expect(toPurchaseLines([draft])).toEqual([{ description: 'Cable', quantity: '2', unit_amount: '3.5', account_code: undefined, cost_center_id: 'c1', item_id: undefined }])
})
