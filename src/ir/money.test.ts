import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { GatewayError } from '../errors.ts'
import { formatUsd, parseUsd } from './money.ts'

const largest = 2n ** 63n - 1n

describe('parseUsd', () => {
  test('reads decimal strings exactly', () => {
    expect(parseUsd('0')).toBe(0n)
    expect(parseUsd('12')).toBe(12_000_000_000n)
    expect(parseUsd('0.075')).toBe(75_000_000n)
    expect(parseUsd('0.123456789')).toBe(123_456_789n)
    expect(parseUsd('007.50')).toBe(7_500_000_000n)
  })

  test('reads a number by its shortest decimal, so that 0.1 + 0.2 style errors never enter', () => {
    expect(parseUsd(0.1)).toBe(100_000_000n)
    expect(parseUsd(1.1)).toBe(1_100_000_000n)
    expect(parseUsd(0.075)).toBe(75_000_000n)
    expect(parseUsd(100)).toBe(100_000_000_000n)
    expect(parseUsd(-0)).toBe(0n)
  })

  test('reads numbers that JavaScript spells with an exponent', () => {
    expect(parseUsd(1e-7)).toBe(100n)
    expect(parseUsd(2.5e-8)).toBe(25n)
    expect(parseUsd(1.5e-9)).toBe(2n)
    expect(parseUsd(1e-12)).toBe(0n)
    expect(parseUsd(5e-324)).toBe(0n)
  })

  test('rounds half up beyond nano-dollars', () => {
    expect(parseUsd('0.0000000004')).toBe(0n)
    expect(parseUsd('0.00000000049999')).toBe(0n)
    expect(parseUsd('0.0000000005')).toBe(1n)
    expect(parseUsd('0.9999999995')).toBe(1_000_000_000n)
    expect(parseUsd(0.08333333333333334)).toBe(83_333_333n)
  })

  test('refuses what is not an amount', () => {
    const junk = [
      '',
      ' ',
      '1 ',
      ' 1',
      '+1',
      '-1',
      '-0',
      '.5',
      '5.',
      '1,5',
      '1_000',
      '$1',
      '1e3',
      '0x10',
      'NaN',
      '١',
      '1.2.3',
      '1\n',
    ]
    for (const text of junk) expect(() => parseUsd(text)).toThrow(GatewayError)
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1, -1e-12, 1e21, Number.MAX_VALUE])
      expect(() => parseUsd(value)).toThrow(GatewayError)
  })

  test('refuses what does not fit 64 bits, and texts too long to be an amount', () => {
    expect(parseUsd('9223372036.854775807')).toBe(largest)
    expect(() => parseUsd('9223372036.854775808')).toThrow(GatewayError)
    expect(() => parseUsd('0'.repeat(10_000))).toThrow(GatewayError)
  })

  test('says what was wrong without repeating a long text', () => {
    const attempt = () => parseUsd(`x${'9'.repeat(500)}`)
    expect(attempt).toThrow(/is not an amount of US dollars/)
    try {
      attempt()
    } catch (error) {
      expect(error instanceof GatewayError && error.message.length).toBeLessThan(150)
    }
  })
})

describe('formatUsd', () => {
  test('writes at least two and at most nine fraction digits', () => {
    expect(formatUsd(0n)).toBe('0.00')
    expect(formatUsd(1n)).toBe('0.000000001')
    expect(formatUsd(123_456_789n)).toBe('0.123456789')
    expect(formatUsd(12_500_000_000n)).toBe('12.50')
    expect(formatUsd(100_000_000_000n)).toBe('100.00')
    expect(formatUsd(1_230_000n)).toBe('0.00123')
    expect(formatUsd(-250_000_000n)).toBe('-0.25')
  })
})

describe('parse and format', () => {
  test('give every amount back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: largest }), (nano) => parseUsd(formatUsd(nano)) === nano),
      { numRuns: 2000 },
    )
  })

  test('give every decimal of up to nine fraction digits back, but for zeros that say nothing', () => {
    const decimal = fc.tuple(fc.nat(), fc.stringMatching(/^\d{2,9}$/))
    fc.assert(
      fc.property(decimal, ([whole, fraction]) => {
        const canonical = `${whole}.${fraction.slice(0, 2)}${fraction.slice(2).replace(/0+$/, '')}`
        expect(formatUsd(parseUsd(`${whole}.${fraction}`))).toBe(canonical)
      }),
      { numRuns: 2000 },
    )
  })

  test('agree with rounding done on integers', () => {
    fc.assert(
      fc.property(fc.nat(), fc.stringMatching(/^\d{1,20}$/), (whole, fraction) => {
        const scale = 10n ** BigInt(fraction.length)
        const exact = BigInt(whole) * scale + BigInt(fraction)
        expect(parseUsd(`${whole}.${fraction}`)).toBe((exact * 2_000_000_000n + scale) / (2n * scale))
      }),
      { numRuns: 2000 },
    )
  })

  test('read any non-negative double that is money as its own decimal', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (value) => {
        const nano = parseUsd(value)
        expect(Math.abs(Number(nano) / 1e9 - value)).toBeLessThanOrEqual(5.1e-10 + value * 1e-15)
      }),
      { numRuns: 2000 },
    )
  })
})
