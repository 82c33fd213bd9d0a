import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  byteSize,
  cidr,
  duration,
  formatBytes,
  formatDuration,
  httpUrl,
  parseBytes,
  parseDuration,
} from './fields.ts'

describe('a duration', () => {
  const accepted: readonly (readonly [string | number, number])[] = [
    [30, 30_000],
    [0.5, 500],
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['24d', 2_073_600_000],
  ]
  for (const [written, milliseconds] of accepted) {
    test(`written as ${written} is ${milliseconds} ms`, () => {
      expect(duration().parse(written)).toBe(milliseconds)
    })
  }

  for (const written of ['30', '', 's', '-1s', '1w', '25d', -1, 0, '0s', Number.NaN, 1e12, true, null, [1]]) {
    test(`cannot be ${JSON.stringify(written)}`, () => {
      expect(duration().safeParse(written).success).toBe(false)
    })
  }

  test('may be 0 where 0 has a meaning', () => {
    expect(duration({ zero: 'no bound' }).parse(0)).toBe(0)
    expect(duration({ zero: 'no bound' }).parse('0s')).toBe(0)
    expect(duration({ zero: 'no bound' }).safeParse(-1).success).toBe(false)
  })

  test('is written back to the same length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_073_600_000 }), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds)
      }),
    )
    expect(formatDuration(90_000)).toBe('90s')
    expect(formatDuration(600_000)).toBe('10m')
  })
})

describe('a size', () => {
  for (const [written, bytes] of [
    [1024, 1024],
    ['64KB', 65_536],
    ['32MB', 33_554_432],
    ['32 mb', 33_554_432],
    ['1GiB', 1_073_741_824],
    ['7B', 7],
  ] as const) {
    test(`written as ${written} is ${bytes} bytes`, () => {
      expect(byteSize().parse(written)).toBe(bytes)
    })
  }

  for (const written of ['32', '1.5MB', '-1KB', 0, -5, 1.5, '999999999999999GB', true, null]) {
    test(`cannot be ${JSON.stringify(written)}`, () => {
      expect(byteSize().safeParse(written).success).toBe(false)
    })
  }

  test('is written back to the same number of bytes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), (bytes) => expect(parseBytes(formatBytes(bytes))).toBe(bytes)),
    )
  })
})

describe('an http url', () => {
  test('loses its trailing slashes', () => {
    expect(httpUrl().parse('https://api.example.com/v1/')).toBe('https://api.example.com/v1')
  })

  for (const written of [
    'ftp://example.com',
    'example.com',
    '',
    'file:///etc/passwd',
    'https://user:pass@example.com',
    'https://key@example.com',
    'https://example.com?key=1',
    'https://example.com/?',
    'https://example.com/#x',
    'https://example.com/a b',
    8080,
  ]) {
    test(`cannot be ${written}`, () => {
      expect(httpUrl().safeParse(written).success).toBe(false)
    })
  }
})

test('an address range has bits that fit its family', () => {
  for (const written of ['10.0.0.0/8', '127.0.0.1', '2001:db8::/32', '::1/128']) {
    expect(cidr().safeParse(written).success).toBe(true)
  }
  for (const written of [
    '10.0.0.0/33',
    '10.0.0/8',
    '::1/129',
    'localhost',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '',
  ]) {
    expect(cidr().safeParse(written).success).toBe(false)
  }
})
