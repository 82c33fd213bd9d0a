import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { processorTime } from '../../../test/support/processor-time.ts'
import { propertyRuns } from '../../../test/support/property-runs.ts'
import { createPlaceholderMap } from './placeholder-map.ts'
import { createRestorer, restoreJson, restoreText } from './restorer.ts'

const email = 'Ada.Lovelace@example.org'
const key = '-----BEGIN KEY-----\n"quoted"\\\n-----END KEY-----'
const map = createPlaceholderMap([
  { placeholder: '[EMAIL_7K2M9X]', type: 'EMAIL', value: email },
  { placeholder: '[EMAIL_7K2M9XQ]', type: 'EMAIL', value: 'bob@example.org' },
  { placeholder: '[EMAIL_01V8ZZ]', type: 'EMAIL', value: 'eve@example.org' },
  { placeholder: '[PRIVATE_KEY_AB34CD]', type: 'PRIVATE_KEY', value: key },
  { placeholder: '[GITHUB_TOKEN_5PQRST]', type: 'GITHUB_TOKEN' },
  { placeholder: 'u7k2m9xa@mask.invalid', type: 'EMAIL', value: 'carol@example.org' },
])

describe('a placeholder comes back as its value', () => {
  const spellings = [
    '[EMAIL_7K2M9X]',
    '[email_7k2m9x]',
    '[Email_7K2m9X]',
    '\\[EMAIL\\_7K2M9X\\]',
    '[EMAIL\\_7K2M9X]',
    '&#91;EMAIL_7K2M9X&#93;',
    '&lbrack;EMAIL_7K2M9X&rbrack;',
    '%5BEMAIL_7K2M9X%5D',
    '%5bEMAIL%5F7K2M9X%5d',
    '\\u005bEMAIL_7K2M9X\\u005D',
    '[EMAIL 7K2M9X]',
    '[EMAIL-7K2M9X]',
    '［EMAIL_7K2M9X］',
    '【EMAIL＿7K2M9X】',
    'EMAIL_7K2M9X',
    'EMAIL\\_7K2M9X',
  ]
  for (const spelling of spellings) {
    test(`spelled ${spelling}`, () => {
      expect(restoreText(`to ${spelling}, then`, map)).toBe(`to ${email}, then`)
      expect(restoreText(spelling, map)).toBe(email)
      expect(restoreText(`${spelling}'s name`, map)).toBe(`${email}'s name`)
      expect(restoreText(`\u8bf7${spelling}\u3002`, map)).toBe(`\u8bf7${email}\u3002`)
    })
  }

  test('with letters that look like the digits', () => {
    expect(restoreText('[EMAIL_OIV8ZZ] [EMAIL_0LV8ZZ]', map)).toBe('eve@example.org eve@example.org')
  })

  test('between angle brackets, as HTML writes them too', () => {
    expect(restoreText('&lt;EMAIL_7K2M9X&gt; <EMAIL_7K2M9X>', map)).toBe(`&lt;${email}&gt; <${email}>`)
  })

  test('in the form of an address', () => {
    expect(restoreText('mail U7K2M9XA@mask.invalid, u7k2m9xa%40mask.invalid.', map)).toBe(
      'mail carol@example.org, carol@example.org.',
    )
  })

  test('and the longer one of two that begin alike is told apart', () => {
    expect(restoreText('[EMAIL_7K2M9XQ] EMAIL_7K2M9XQ', map)).toBe('bob@example.org bob@example.org')
  })
})

test('what is no live placeholder stays, and looks like one are counted', () => {
  const counts = { restored: 0, unknown: 0 }
  const text =
    'a[i] [EMAIL_1] [EMAIL_999999] MY_EMAIL_7K2M9X EMAIL_7K2M9X1 [GITHUB_TOKEN_5PQRST] x[EMAIL_7K2M9X'
  expect(restoreText(text, map, counts)).toBe(
    text.replace('[EMAIL_7K2M9X', `[${email}`).replace(`_${email}`, '_'),
  )
  expect(counts.unknown).toBe(1)
})

describe('in JSON', () => {
  test('the value is escaped for the string that it stands in', () => {
    const source = '{"a": 1.0, "to":"x [PRIVATE_KEY_AB34CD]","b":"\\n[EMAIL_7K2M9X]"}'
    expect(JSON.parse(restoreJson(source, map))).toEqual({ a: 1, to: `x ${key}`, b: `\n${email}` })
    expect(restoreJson(source, map)).toStartWith('{"a": 1.0, "to":"x ')
  })

  test('an escape before a name is no letter of it', () => {
    expect(restoreJson('"\\nEMAIL_7K2M9X \\u0041EMAIL_7K2M9X \\u4e2dEMAIL_7K2M9X"', map)).toBe(
      `"\\n${email} \\u0041EMAIL_7K2M9X \\u4e2d${email}"`,
    )
  })

  test('escaped brackets are brackets, and what is left stays valid', () => {
    expect(restoreJson('"\\u005bEMAIL_7K2M9X\\u005d \\\\[EMAIL\\\\_7K2M9X\\\\]"', map)).toBe(
      `"${email} ${email}"`,
    )
    const source = '"\\\\u005bEMAIL_7K2M9X]"'
    expect(() => JSON.parse(restoreJson(source, map))).not.toThrow()
  })

  test('outside of strings it becomes one', () => {
    expect(JSON.parse(restoreJson('{"to": [EMAIL_7K2M9X]}', map))).toEqual({ to: email })
  })
})

test('nothing is held but what may become a live placeholder', () => {
  const restorer = createRestorer(map, 'text')
  expect(restorer.push('see arr[i')).toBe('see arr[i')
  expect(restorer.push('] and [EMA')).toBe('] and ')
  expect(restorer.held).toBe(4)
  expect(restorer.push('CS')).toBe('[EMACS')
  expect(restorer.push(' [EMAIL_7K2M9')).toBe(' ')
  expect(restorer.push('X')).toBe('')
  expect(restorer.push(']')).toBe(email)
  expect(restorer.push(' [')).toBe(' ')
  expect(restorer.end()).toBe('[')
})

const fragments = [
  ...['[EMAIL_7K2M9X]', '[EMAIL_7K2M9XQ]', '\\[EMAIL\\_7K2M9X\\]', '[private_key ab34cd]', 'EMAIL_7K2M9X'],
  ...[
    '%5BEMAIL%5F01V8ZZ%5D',
    '&#91;EMAIL_7K2M9X&#93;',
    '&#x5b;PRIVATE&#x5f;KEY',
    '［EMAIL_7K2M9X］',
    '【EMAIL',
  ],
  ...['[EMAIL_999999]', '[EMAIL_', '[', ']', '_', '\\', '&', '%5', ' ', 'E', 'u', 'u7k2m9xa@mask.invalid'],
  ...[
    'U7K2M9XA%40MASK.invalid',
    '[GITHUB_TOKEN_5PQRST]',
    'words ',
    '\u{1f600}',
    '\u4e2d',
    "'s",
    '\n',
    'arr[i]',
  ],
]
const jsonFragments = [...fragments, '\\n', '\\"', '\\\\', '\\u005b', '\\u005D', '\\u4e2d', '"', ',"k":"']

const text = (pieces: readonly string[]) =>
  fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...pieces) },
        { weight: 1, arbitrary: fc.string({ maxLength: 5 }) },
        {
          weight: 3,
          arbitrary: fc
            .tuple(fc.constantFrom(...pieces), fc.nat(20), fc.nat(20))
            .map(([piece, from, to]) => piece.slice(from % piece.length, to)),
        },
      ),
      { maxLength: 14 },
    )
    .map((chosen) => chosen.join(''))

for (const kind of ['text', 'json'] as const) {
  test(`random chunkings of ${kind} give what the whole gives, with at most 32 characters held`, () => {
    let most = 0
    let restored = 0
    const runs = propertyRuns(4_000)
    fc.assert(
      fc.property(
        text(kind === 'json' ? jsonFragments : fragments),
        fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }),
        (whole, sizes) => {
          const counts = { restored: 0, unknown: 0 }
          const expected = (kind === 'json' ? restoreJson : restoreText)(whole, map, counts)
          const restorer = createRestorer(map, kind)
          let output = ''
          let at = 0
          for (const size of sizes) {
            output += restorer.push(whole.slice(at, at + size))
            at += size
            most = Math.max(most, restorer.held)
          }
          output += restorer.push(whole.slice(at))
          most = Math.max(most, restorer.held)
          output += restorer.end()
          restored += counts.restored
          expect(output).toBe(expected)
          expect(restorer.counts).toEqual(counts)
        },
      ),
      { numRuns: runs },
    )
    expect(restored).toBeGreaterThan(runs / 2)
    expect(most).toBeLessThan(32)
    expect(most).toBeGreaterThan(20)
  }, 60_000)
}

test('what is restored in JSON is JSON', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...jsonFragments), fc.string())), (pieces) => {
      const value = { [pieces.join('')]: pieces, more: pieces.join('\\') }
      expect(() => JSON.parse(restoreJson(JSON.stringify(value), map))).not.toThrow()
    }),
    { numRuns: propertyRuns(2_000) },
  )
})

test('a text full of beginnings is walked in linear time', () => {
  for (const piece of ['[', '[EMAIL_7K2M9', '\\', '&#x5', 'E ', '[EMAIL_7K2M9X]', ']']) {
    const long = piece.repeat(Math.ceil(200_000 / piece.length))
    const started = processorTime()
    restoreText(long, map)
    restoreJson(long, map)
    expect(processorTime() - started).toBeLessThan(1_500)
  }
})
