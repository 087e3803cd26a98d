import { describe, expect, it } from 'vitest'
import { centsToText, formatMoney, formatQuantity, lineCents, parseCents, parseTenThousandths, parseUnits, sumHours, sumMoney } from './money'

describe('reading decimal text', () => {
  it.each([
    ['1150.00', 115000],
    ['1150', 115000],
    ['.5', 50],
    ['5.', 500],
    ['-0.01', -1],
    ['$1,234.50', 123450],
    ['1.500', 150],
    [7.5, 750],
    ['-0', 0],
  ])('reads %s as %i cents', (text, cents) => {
    expect(parseCents(text)).toBe(cents)
  })

  it.each(['', '.', '-', 'abc', '1.2.3', '1e3', '12.345', '90071992547410.00', null, undefined])('refuses %s', (text) => {
    expect(parseCents(text)).toBeNull()
  })

  it('keeps four digits of a unit price', () => {
    expect(parseTenThousandths('0.0001')).toBe(1)
    expect(parseTenThousandths('0.00001')).toBeNull()
  })

  it('reads back what it writes', () => {
    for (const cents of [0, 1, -1, 99, 100, 101, -12345, 9_007_199_254_740_991]) expect(parseUnits(centsToText(cents), 2)).toBe(cents)
  })
})

describe('the amount of a line', () => {
  it.each([
    ['7.5', '95', 71250],
    // Half a cent goes away from zero.
    ['0.5', '0.01', 1],
    ['-0.5', '0.01', -1],
    ['0.4999', '0.01', 0],
    ['3', '33.3333', 10000],
    // 1.005 has no exact binary fraction; rounded as one it would be 1.00.
    ['1', '1.005', 101],
    ['100000', '99999.9999', 999999999000],
  ])('%s at %s is %i cents', (quantity, price, cents) => {
    expect(lineCents(parseTenThousandths(quantity) ?? NaN, parseTenThousandths(price) ?? NaN)).toBe(cents)
  })
})

describe('sums', () => {
  it('adds exactly', () => {
    expect(sumMoney(['0.10', '0.20', '0.30'])).toBe('0.60')
    expect(sumMoney([])).toBe('0.00')
    expect(sumHours(['7.50', '0.25', '0.25'])).toBe('8')
  })
  it('takes nothing unreadable for zero', () => {
    expect(() => sumMoney(['1.00', 'x'])).toThrow('"x" is not an amount of money.')
  })
})

describe('showing', () => {
  it('groups thousands and keeps cents', () => {
    expect(formatMoney('1150.00')).toBe('$1,150.00')
    expect(formatMoney('-0.50')).toBe('-$0.50')
    expect(formatMoney('12345678901234.56')).toBe('$12,345,678,901,234.56')
    expect(formatMoney('10.00', 'GBP')).toBe('£10.00')
    expect(formatMoney(null)).toBe('–')
  })
  it('drops needless zeros of quantities', () => {
    expect(formatQuantity('7.50')).toBe('7.5')
    expect(formatQuantity('10.0000')).toBe('10')
    expect(formatQuantity(0.25)).toBe('0.25')
    expect(formatQuantity('much')).toBe('–')
  })
})
