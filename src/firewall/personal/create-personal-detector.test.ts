import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createPersonalDetector, type PersonalOptions, personalTypes } from './index.ts'

const detector = createPersonalDetector()

/** What is found, as `TYPE value`. */
const found = (text: string, options?: PersonalOptions): readonly string[] =>
  (options === undefined ? detector : createPersonalDetector(options))
    .scan(text)
    .map(({ type, start, end }) => `${type} ${text.slice(start, end)}`)

describe('what is found', () => {
  const cases: readonly (readonly [text: string, ...expected: string[]])[] = [
    ['write to jane.miller@acme-corp.io.', 'EMAIL jane.miller@acme-corp.io'],
    ['联系jane.miller@acme-corp.io谢谢', 'EMAIL jane.miller@acme-corp.io'],
    ['Ｊane＠acme-corp.io', 'EMAIL Ｊane＠acme-corp.io'],
    ['<mailto:jürgen@müller-bau.de>', 'EMAIL jürgen@müller-bau.de'],
    ['IBAN: DE89 3704 0044 0532 0130 00, thanks', 'IBAN DE89 3704 0044 0532 0130 00'],
    ['pay 4111-1111-1111-1111 now', 'PAYMENT_CARD 4111-1111-1111-1111'],
    ['手机：13812345678，护照E12345678', 'PHONE 13812345678', 'CN_PASSPORT E12345678'],
    ['call me: (415) 555-2671', 'PHONE (415) 555-2671'],
    ['{"phoneNumber":"+49 30 901820"}', 'PHONE +49 30 901820'],
    ['Tel. 030/901820', 'PHONE 030/901820'],
    ['هاتف: \u200e+٩٦٦ ٥١ ٢٣٤ ٥٦٧٩', 'PHONE +٩٦٦ ٥١ ٢٣٤ ٥٦٧٩'],
    ['生年月日: 昭和60年5月3日', 'BIRTH_DATE 昭和60年5月3日'],
    ['born 12 March 1985 in', 'BIRTH_DATE 12 March 1985'],
    ['DOB: March 12, 1985', 'BIRTH_DATE March 12, 1985'],
    ['身份证11010519491231002X', 'CN_RESIDENT_ID 11010519491231002X'],
    ['CPF 529.982.247-25', 'BR_CPF 529.982.247-25'],
    ['ssn=536-22-8145', 'US_SSN 536-22-8145'],
    ['nino: AB 12 34 56 C', 'UK_NINO AB 12 34 56 C'],
    ['1 85 05 78 006 084 91', 'FR_NIR 1 85 05 78 006 084 91'],
    ['passport number: X1234567', 'PASSPORT X1234567'],
    [
      'wallet 0x52908400098527886E0F7030069857D2E4169EE7',
      'CRYPTO_ADDRESS 0x52908400098527886E0F7030069857D2E4169EE7',
    ],
    ['𝟜𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙', 'PAYMENT_CARD 𝟜𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙𝟙'],
  ]
  for (const [text, ...expected] of cases) {
    test(text, () => {
      expect(found(text)).toEqual(expected)
    })
  }
})

describe('what is none', () => {
  const cases: readonly string[] = [
    'git@github.com:owner/repository.git',
    'https://user:secret@db.acme-corp.io/x',
    'ssh://git@acme-corp.io/x.git',
    'lodash@4.17.21 and react@next',
    '@app.route("/x") @scope/pkg @Component.forRoot()',
    'https://unpkg.com/@scope/pkg@18.2.0/dist/index.js',
    'icon@2x.png logo@3x.so',
    'user@example.com, test@test.com, me@localhost.test, noreply@acme-corp.io',
    'prompts.chat@prompts.chat',
    'SSN 123-45-6789 or 078-05-1120 or 219-09-9999',
    'phone: 415-555-0132 or (415) 555-0199 or 1234567890',
    'const id = 876543210, at = 1700000000, ms = 1700000000000',
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '550e8400-e29b-41d4-a716-446655440000',
    '4503599627370496 9007199254740991 0.4111111111111111',
    '- 1234567890\n+12345678901\n+ 987654321',
    '2024-03-15T14:30:00+02:00 2024-03-15',
    'see #123456789 and $12345678.90',
    'const COMMIT = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"',
    'server 192.168.1.1 with 00:1A:2B:3C:4D:5E',
    'FOO_12345678Z 20240101Z 20240115A',
    'phone plan of 2026-03-05 or 05.03.2026',
  ]
  for (const text of cases) {
    test(text, () => {
      expect(found(text)).toEqual([])
    })
  }
})

test('addresses of hosts and cards are found where that is asked for', () => {
  const options = { alsoTypes: ['IP_ADDRESS', 'MAC_ADDRESS'] }
  expect(
    found('from 81.2.69.142 via 2a00:1450::200e, 00:1A:2B:3C:4D:5E, 192.0.2.7, 127.0.0.1', options),
  ).toEqual(['IP_ADDRESS 81.2.69.142', 'IP_ADDRESS 2a00:1450::200e', 'MAC_ADDRESS 00:1A:2B:3C:4D:5E'])
})

test('examples are found where that is asked for', () => {
  const options = { isExampleReported: true }
  expect(found('user@example.com, (415) 555-0132, SSN 123-45-6789', options)).toEqual([
    'EMAIL user@example.com',
    'PHONE (415) 555-0132',
    'US_SSN 123-45-6789',
  ])
})

test('a type is looked for alone, and without a word where that is asked for', () => {
  expect(found('123456782')).toEqual([])
  expect(found('123456782', { types: ['AU_TFN'], bareTypes: ['AU_TFN'] })).toEqual(['AU_TFN 123456782'])
  expect(found('jane.miller@acme-corp.io', { types: ['AU_TFN'] })).toEqual([])
})

test('types are names of placeholders, and none stands twice', () => {
  for (const type of personalTypes) expect(type).toMatch(/^[A-Z][A-Z0-9_]*$/)
  expect(new Set(personalTypes).size).toBe(personalTypes.length)
})

test('findings are in order, apart, inside the text, and the same again, whatever the text', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom(
      '4111 1111 1111 1111',
      'jane.miller@acme-corp.io',
      '+49 30 901820',
      'passport X1234567',
      'born 12.03.1985',
      '１２３',
      '\u200d',
      '😀',
      '𝟜',
      '\ud83d',
      ' ',
      '@',
      '+',
      '(',
      'DE89 3704 0044 0532 0130 00',
    ),
  )
  const everything = createPersonalDetector({
    alsoTypes: ['IP_ADDRESS', 'MAC_ADDRESS'],
    isExampleReported: true,
  })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join('')
      const findings = everything.scan(text)
      let last = 0
      for (const { start, end, confidence } of findings) {
        expect(start).toBeGreaterThanOrEqual(last)
        expect(end).toBeGreaterThan(start)
        expect(end).toBeLessThanOrEqual(text.length)
        expect(confidence).toBeGreaterThan(0)
        last = end
      }
      expect(everything.scan(text)).toEqual(findings)
    }),
    { numRuns: 1_000, seed: 7 },
  )
})

test('a value is found wherever it stands in a text of any other characters', () => {
  const around = fc.string({ unit: fc.constantFrom(...'日本語😀\u200dกข\n ,;é'), maxLength: 40 })
  fc.assert(
    fc.property(around, around, (before, after) => {
      const value = 'jane.miller@acme-corp.io'
      const text = `${before}\n${value}\n${after}`
      expect(found(text)).toEqual([`EMAIL ${value}`])
    }),
    { numRuns: 300, seed: 11 },
  )
})

test('time grows with the text and no faster', () => {
  const pieces = [
    '1234567890',
    '@',
    'a@',
    'a@a.',
    '+1',
    '1.',
    '(1',
    'phone 0301234567 ',
    '1 ',
    'a.',
    'born 1 x ',
    'DE89 3704 ',
  ]
  for (const piece of pieces) {
    const timeOf = (size: number): number => {
      const text = piece.repeat(size / piece.length)
      const start = process.cpuUsage()
      detector.scan(text)
      const { user, system } = process.cpuUsage(start)
      return (user + system) / 1000
    }
    timeOf(20_000)
    const short = Math.min(timeOf(20_000), timeOf(20_000), timeOf(20_000))
    const long = Math.min(timeOf(200_000), timeOf(200_000), timeOf(200_000))
    // Ten times the text; quadratic work would be a hundred times.
    expect({ piece, isLinear: long < Math.max(short, 2) * 40 }).toEqual({ piece, isLinear: true })
  }
}, 60_000)
