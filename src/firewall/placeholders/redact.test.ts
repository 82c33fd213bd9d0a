import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { processorTime } from '../../../test/support/processor-time.ts'
import { propertyRuns } from '../../../test/support/property-runs.ts'
import type { Leaf } from '../../ir/index.ts'
import type { Finding } from '../finding.ts'
import { applyEdits } from './apply-edits.ts'
import { readLeaf } from './leaf-text.ts'
import { idOf } from './placeholder.ts'
import { createRedaction, type Redaction } from './redact.ts'
import { restoreText } from './restorer.ts'

const key = new TextEncoder().encode('the key of an organisation')

type Said = Pick<Leaf, 'role' | 'kind' | 'text'> & { readonly json?: true }

const user = (text: string): Said => ({ role: 'user', kind: 'text', text })
const assistant = (text: string): Said => ({ role: 'assistant', kind: 'text', text })
const call = (text: string): Said => ({ role: 'assistant', kind: 'tool-input', text })
const result = (text: string): Said => ({ role: 'tool', kind: 'tool-output', text })

/** A body of these texts, one after the other, and its leaves. */
const bodyOf = (said: readonly Said[]): { readonly bytes: Uint8Array; readonly leaves: readonly Leaf[] } => {
  let bytes: Uint8Array = Buffer.from('[')
  const leaves = said.map((one, index): Leaf => {
    const start = bytes.length
    bytes = Buffer.concat([bytes, Buffer.from(one.json ? one.text : JSON.stringify(one.text))])
    const leaf = { id: `[${index}]`, ...one, start, end: bytes.length }
    bytes = Buffer.concat([bytes, Buffer.from(',')])
    return leaf
  })
  return { bytes, leaves }
}

/** Addresses, tokens, and numbers that only a word before gives away. */
const detect = (text: string): readonly Finding[] =>
  [
    ...[...text.matchAll(/[a-z0-9.]+@[a-z]+\.org/g)].map(
      (match) => ['EMAIL', match[0], match.index] as const,
    ),
    ...[...text.matchAll(/tok-[a-z0-9]+/g)].map((match) => ['TOKEN', match[0], match.index] as const),
    ...[...text.matchAll(/passport"?[: ]"?(X\d+)/g)].map(
      (match) =>
        ['PASSPORT', match[1] ?? '', match.index + match[0].length - (match[1] ?? '').length] as const,
    ),
    ...[...text.matchAll(/4111\d{12}/g)].map((match) => ['CARD', match[0], match.index] as const),
  ].map(([type, value, start]) => ({
    ...{ detector: 'test', rule: type, type, start, end: start + value.length },
    confidence: 1,
  }))

const redact = (
  said: readonly Said[],
  options: { readonly signed?: boolean; readonly alike?: boolean } = {},
): Redaction & { readonly body: string } => {
  const { bytes, leaves } = bodyOf(said)
  const texts = leaves.map(readLeaf)
  const redaction = createRedaction({
    key,
    texts,
    findings: texts.map(({ text }) => detect(text)),
    restores: ({ type }) => type !== 'TOKEN',
    form: () => (options.alike ? 'alike' : 'tag'),
    signedReasoning: options.signed ?? false,
  })
  return { ...redaction, body: new TextDecoder().decode(applyEdits(bytes, redaction.edits)) }
}

const textsOf = (body: string): readonly unknown[] => JSON.parse(body.replace(/,$/, ']'))

const tag = (type: string, value: string, length = 6): string =>
  `[${type}_${idOf(key, type, value).slice(0, length)}]`

test('a placeholder is a function of key, type and value', () => {
  expect(idOf(key, 'EMAIL', 'a@b.org')).toMatch(/^[0-9A-HJKMNP-TV-Z]{48}$/)
  expect(idOf(key, 'EMAIL', 'a@b.org')).not.toBe(idOf(key, 'PHONE', 'a@b.org'))
  expect(idOf(key, 'EMAIL', 'a@b.org')).not.toBe(idOf(new Uint8Array(32), 'EMAIL', 'a@b.org'))
  // Fixed: conversations must survive a new version.
  expect(idOf(new Uint8Array(32), 'EMAIL', 'a@b.org').slice(0, 6)).toBe('ZEZMH0')
})

test('the same value has the same placeholder wherever it stands, and it comes back', () => {
  const { body, map, replaced } = redact([
    user('I am ada@x.org, not bob@x.org'),
    call('{"to":"\\nada@x.org","n":1.0}'),
    { ...call('{ "to" : ["ada@x.org"] }'), json: true },
    result('sent to ada@x.org'),
  ])
  const ada = tag('EMAIL', 'ada@x.org')
  expect(textsOf(body)).toEqual([
    `I am ${ada}, not ${tag('EMAIL', 'bob@x.org')}`,
    `{"to":"\\n${ada}","n":1.0}`,
    { to: [ada] },
    `sent to ${ada}`,
  ])
  expect(replaced).toBe(5)
  expect(restoreText(`Dear ${ada}`, map)).toBe('Dear ada@x.org')
})

test('a secret does not come back, and nothing prints a value', () => {
  const { map } = redact([user('use tok-1234abc, ada@x.org')])
  const secret = tag('TOKEN', 'tok-1234abc')
  expect(map.get(secret)).toEqual({ placeholder: secret, type: 'TOKEN' })
  expect(restoreText(secret, map)).toBe(secret)
  expect(JSON.stringify(map) + Bun.inspect(map)).not.toContain('ada@')
})

test('numbers in JSON become strings, and JSON stays JSON', () => {
  const { body } = redact([{ ...call('{"card":4111111111111111,"passport":"X1234567"}'), json: true }])
  expect(textsOf(body)).toEqual([
    { card: tag('CARD', '4111111111111111'), passport: tag('PASSPORT', 'X1234567') },
  ])
})

describe('a request that holds nothing', () => {
  test('is not read: its texts stay as they came', () => {
    const read: string[] = []
    const texts = [user('one'), assistant('two'), result('three')].map((said, index) => ({
      leaf: { id: `[${index}]`, start: 0, end: 0, ...said },
      get text() {
        read.push(said.text)
        return said.text
      },
    }))
    const none = { key, texts, findings: [], restores: () => true, signedReasoning: false }
    expect(createRedaction(none).edits).toEqual([])
    expect(read).toEqual([])
  })
})

describe('a value that was found once', () => {
  test('is replaced later as well, where nothing gives it away', () => {
    const { body } = redact([
      user('X1234567? passport X1234567'),
      assistant('X1234567 is valid'),
      user('X12345678'),
    ])
    const passport = tag('PASSPORT', 'X1234567')
    expect(textsOf(body)).toEqual([`${passport}? passport ${passport}`, `${passport} is valid`, 'X12345678'])
  })

  test('is not replaced before, nor in what the operator says', () => {
    const { body } = redact([
      user('X1234567'),
      user('passport X1234567'),
      { role: 'system', kind: 'text', text: 'X1234567' },
    ])
    expect(textsOf(body)).toEqual(['X1234567', `passport ${tag('PASSPORT', 'X1234567')}`, 'X1234567'])
  })
})

describe('what the client wrote like a placeholder', () => {
  const ada = tag('EMAIL', 'ada@x.org')
  test('is not taken for one, also mangled: the value gets a longer one', () => {
    for (const literal of [ada, ada.toLowerCase(), ada.replace('[', '\\[')]) {
      const { body, map } = redact([user(`ada@x.org is not ${literal}`)])
      expect(textsOf(body)).toEqual([`${tag('EMAIL', 'ada@x.org', 7)} is not ${literal}`])
      expect(restoreText(literal, map)).toBe(literal)
    }
  })

  test('is one where a model wrote it', () => {
    expect(textsOf(redact([user('ada@x.org'), assistant(`hm ${ada}`)]).body)).toEqual([ada, `hm ${ada}`])
  })
})

test('two values that would share a placeholder do not', () => {
  // 2^30 ids: two of some hundred thousand values meet.
  const met = new Map<string, string>()
  let pair: readonly [string, string] | undefined
  for (let index = 0; pair === undefined; index++) {
    const value = `u${index}@x.org`
    const id = idOf(key, 'EMAIL', value).slice(0, 6)
    const other = met.get(id)
    if (other !== undefined) pair = [other, value]
    met.set(id, value)
  }
  const { body, map } = redact([user(`${pair[0]} ${pair[1]}`)])
  expect(map.size).toBe(2)
  expect(restoreText(String(textsOf(body)[0]), map)).toBe(`${pair[0]} ${pair[1]}`)
})

test('addresses can be written alike', () => {
  const { body, map } = redact([user('mail ada@x.org.')], { alike: true })
  expect(String(textsOf(body)[0])).toMatch(/^mail u[0-9a-z]{7}@mask\.invalid\.$/)
  expect(restoreText(String(textsOf(body)[0]), map)).toBe('mail ada@x.org.')
})

test('signed thoughts stay as they are', () => {
  const thought: Said = { role: 'assistant', kind: 'reasoning', text: 'ada@x.org' }
  expect(textsOf(redact([thought], { signed: true }).body)).toEqual(['ada@x.org'])
  expect(textsOf(redact([thought]).body)).toEqual([tag('EMAIL', 'ada@x.org')])
})

test('overlapping findings become one place, and a secret among them decides', () => {
  const { bytes, leaves } = bodyOf([user('https://tok-1@x.org/')])
  const finding = (type: string, start: number, end: number): Finding => ({
    ...{ detector: 'test', rule: type, type, start, end },
    confidence: 1,
  })
  const { edits, map } = createRedaction({
    key,
    texts: leaves.map(readLeaf),
    findings: [[finding('URL', 0, 19), finding('TOKEN', 8, 13), finding('EMAIL', 8, 19)]],
    restores: ({ type }) => type !== 'TOKEN',
    signedReasoning: false,
  })
  const body = new TextDecoder().decode(applyEdits(bytes, edits))
  expect(body).toBe(`["${tag('URL', 'https://tok-1@x.org')}/",`)
  expect(map.restores).toBe(false)
})

test('a conversation that grows keeps the bytes of its earlier turns', () => {
  const word = fc.oneof(
    fc.constantFrom('ada@x.org', 'bob@y.org', 'tok-abc1', 'passport X1234567', 'X1234567', 'X7654321'),
    fc.constantFrom(
      'passport',
      '4111111111111111',
      'mail',
      '"',
      '\\',
      '\n',
      '\u{1f600}',
      '\u4e2d',
      '[EMAIL_1]',
    ),
    fc.string({ maxLength: 4 }),
  )
  const words = fc.array(word, { maxLength: 8 }).map((chosen) => chosen.join(' '))
  const turn = fc.oneof(
    words.map(user),
    words.map(assistant),
    words.map((text) => call(JSON.stringify({ text, deep: [{ [text]: 4111111111111111 }] }))),
    words.map((text): Said => ({ ...call(JSON.stringify({ text })), json: true })),
    words.map(result),
    words.map((text): Said => ({ role: 'system', kind: 'text', text })),
    words.map((text): Said => ({ role: 'assistant', kind: 'reasoning', text })),
  )
  fc.assert(
    fc.property(fc.array(turn, { minLength: 1, maxLength: 8 }), (turns) => {
      let before = ''
      for (let count = 1; count <= turns.length; count++) {
        const { body, map } = redact(turns.slice(0, count))
        expect(body).toStartWith(before)
        before = body
        expect(body).not.toContain('@x.org')
        expect(body).not.toContain('tok-abc1')
        expect(() => textsOf(body)).not.toThrow()
        // What was said is said again by whoever has the map.
        const said = turns[count - 1]
        if (said !== undefined && said.kind === 'text' && !said.text.includes('tok-')) {
          expect(restoreText(String(textsOf(body)[count - 1]), map)).toBe(said.text)
        }
      }
    }),
    { numRuns: propertyRuns(1_000) },
  )
}, 60_000)

test('many values in one long string take linear time', () => {
  const addresses = [...Array(4_000).keys()].map((index) => `u${index}@x.org`).join('\n')
  const started = processorTime()
  const { replaced } = redact([call(JSON.stringify({ addresses })), result(addresses)])
  expect(replaced).toBe(8_000)
  expect(processorTime() - started).toBeLessThan(2_000)
})
