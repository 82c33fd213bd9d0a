import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { StreamEvent } from '../ir/index.ts'
import { createAllowList } from './allow-list.ts'
import { createAnswerWatch } from './answer-watch.ts'
import { createCustomDetector } from './custom-detector.ts'
import { createPolicy, type FirewallMode } from './policy.ts'
import { createScanMemory } from './scan-memory.ts'
import { createScreen, type Found } from './screen.ts'

const detector = createCustomDetector({ id: 'badges', type: 'BADGE', pattern: 'B-[0-9]{4,6}' })
const screen = createScreen({
  screeners: [{ detector, looksAt: () => true }],
  allowed: createAllowList([]),
  memory: createScanMemory(100),
})

const watch = (output: FirewallMode, known: readonly string[] = []) => {
  const found: Found[] = []
  const machine = createAnswerWatch({
    screen,
    policy: createPolicy([{ output }], ['badges']),
    placeholder: ({ type }) => `[${type}]`,
    isKnown: (value) => known.includes(value),
    onFound: (more) => found.push(...more),
  })
  return { machine, found }
}

const textEvents = (pieces: readonly string[]): readonly StreamEvent[] => [
  { type: 'text-start', index: 0, part: { type: 'text', text: '' } },
  ...pieces.map((text) => ({ type: 'text-delta' as const, index: 0, text })),
  { type: 'text-end', index: 0 },
  { type: 'finish', finish: { reason: 'end' } },
  { type: 'end' },
]

const textOf = (events: readonly StreamEvent[]): string =>
  events.map((event) => (event.type === 'text-delta' ? event.text : '')).join('')

/** Texts with badges in them, cut anywhere. */
const cutText = fc
  .array(fc.oneof(fc.constantFrom('B-123456', 'B-1234', 'B-12'), fc.string({ maxLength: 90 })), {
    maxLength: 40,
  })
  .chain((words) => {
    const text = words.join(' ')
    return fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 200 }).map((sizes) => {
      const pieces: string[] = []
      let at = 0
      for (const size of sizes) {
        if (at >= text.length) break
        pieces.push(text.slice(at, at + size))
        at += size
      }
      if (at < text.length) pieces.push(text.slice(at))
      return { text, pieces }
    })
  })

describe('an answer that is watched', () => {
  test('is not changed, whatever is found in it', () => {
    fc.assert(
      fc.property(cutText, ({ text, pieces }) => {
        const { machine, found } = watch('monitor')
        const events = textEvents(pieces)
        expect(events.flatMap((event) => machine.push(event))).toEqual([...events])
        expect(machine.end()).toEqual([])
        expect(found.length).toBe(detector.scan(text).length)
      }),
    )
  })

  test('says each value as a placeholder, however it is cut, and nothing else is lost', () => {
    fc.assert(
      fc.property(cutText, ({ text, pieces }) => {
        const { machine, found } = watch('redact')
        let held = 0
        let most = 0
        const said = textEvents(pieces).flatMap((event) => {
          const out = machine.push(event)
          held += (event.type === 'text-delta' ? event.text.length : 0) - textOf(out).length
          if (event.type === 'text-delta') most = Math.max(most, held)
          return out
        })
        expect(textOf(said)).toBe(text.replace(/B-[0-9]{4,6}/g, '[BADGE]'))
        expect(found).toHaveLength(text.match(/B-[0-9]{4,6}/g)?.length ?? 0)
        expect(most).toBeLessThan(600)
      }),
    )
  })

  test('ends with an error before a forbidden value is said', () => {
    fc.assert(
      fc.property(cutText, ({ text, pieces }) => {
        const { machine } = watch('enforce')
        const said = textEvents(pieces).flatMap((event) => machine.push(event))
        const isForbidden = /B-[0-9]{4,6}/.test(text)
        expect(said.some(({ type }) => type === 'error')).toBe(isForbidden)
        expect(textOf(said)).not.toMatch(/B-[0-9]{4}/)
        if (!isForbidden) expect(textOf(said)).toBe(text)
        expect(said.some(({ type }) => type === 'end')).toBe(!isForbidden)
      }),
    )
  })

  test('may say what the client said itself', () => {
    const { machine, found } = watch('enforce', ['B-1234'])
    expect(textOf(textEvents(['I know B-1234.']).flatMap((event) => machine.push(event)))).toBe(
      'I know B-1234.',
    )
    expect(found).toEqual([])
  })

  test('holds a tool call until it is whole, in one look', () => {
    let looks = 0
    const counting = createScreen({
      screeners: [
        {
          detector: {
            id: 'badges',
            scan(text) {
              looks += 1
              return detector.scan(text)
            },
          },
          looksAt: () => true,
        },
      ],
      allowed: createAllowList([]),
      memory: createScanMemory(0),
    })
    const machine = createAnswerWatch({
      screen: counting,
      policy: createPolicy([{ output: 'redact' }], ['badges']),
      placeholder: () => '[BADGE]',
      isKnown: () => false,
      onFound: () => undefined,
    })
    const place = { index: 0 }
    const part = { type: 'tool-call', name: 'f', kind: 'function', input: '' } as const
    machine.push({ type: 'tool-call-start', ...place, part })
    const pieces = Array.from({ length: 5_000 }, (_, at) => (at === 2_500 ? 'B-123456' : 'word '))
    for (const input of pieces) expect(machine.push({ type: 'tool-call-delta', ...place, input })).toEqual([])
    const [delta] = machine.push({ type: 'tool-call-end', ...place })
    expect(delta).toMatchObject({
      type: 'tool-call-delta',
      input: pieces.join('').replace('B-123456', '[BADGE]'),
    })
    expect(looks).toBe(1)
  })

  test('has what comes in one piece looked at as well', () => {
    const { machine, found } = watch('enforce')
    const part = { type: 'json', json: '{"badge":"B-1234"}' } as const
    expect(machine.push({ type: 'part', index: 0, part })).toEqual([
      expect.objectContaining({ type: 'error' }),
    ])
    expect(found).toHaveLength(1)
    const other = watch('redact')
    const text = { type: 'text', text: 'see B-1234' } as const
    expect(other.machine.push({ type: 'part', index: 0, part: text })).toEqual([
      { type: 'part', index: 0, part: { type: 'text', text: 'see [BADGE]' } },
    ])
  })
})
