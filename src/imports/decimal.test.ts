import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { shiftDecimal } from './decimal.ts'

test('the point moves, and nothing else', () => {
  for (const [text, places, moved] of [
    ['1.5e-07', 6, '0.15'],
    ['0.000003', 6, '3'],
    ['3', 6, '3000000'],
    ['.5', 0, '0.5'],
    ['50.00', 0, '50'],
    ['70', -2, '0.7'],
    ['0', 6, '0'],
    ['0.00', 6, '0'],
    ['1E+3', 0, '1000'],
    ['12345678901234567890.123456789', 6, '12345678901234567890123456.789'],
  ] as const) {
    expect(shiftDecimal(text, places)).toBe(moved)
  }
  for (const text of ['', '.', 'e5', '1e', '-1', 'NaN', '1_000', '0x10'])
    expect(shiftDecimal(text, 6)).toBeUndefined()
})

test('moving there and back is the same number', () => {
  fc.assert(
    fc.property(
      fc.bigInt(0n, 10n ** 20n),
      fc.integer({ min: 0, max: 25 }),
      fc.integer({ min: -12, max: 12 }),
      (digits, exponent, places) => {
        const text = `${digits}e-${exponent}`
        const there = shiftDecimal(text, places)
        expect(shiftDecimal(there ?? '', -places)).toBe(shiftDecimal(text, 0))
      },
    ),
  )
})
