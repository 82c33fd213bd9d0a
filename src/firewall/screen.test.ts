import { describe, expect, test } from 'bun:test'
import { createAllowList } from './allow-list.ts'
import { createCustomDetector } from './custom-detector.ts'
import { evidenceOf, firewallHeader } from './evidence.ts'
import type { Detector, Finding } from './finding.ts'
import { createPolicy, type FirewallMode, type PolicyLayer } from './policy.ts'
import { createScanMemory } from './scan-memory.ts'
import { createScreen, type ScreenedText } from './screen.ts'
import { truncatedType } from './secrets/index.ts'

const badges = createCustomDetector({ id: 'badges', type: 'BADGE', pattern: 'B-[0-9]{4}' })
const names = createCustomDetector({
  id: 'names',
  type: 'NAME',
  words: ['Ada', 'Grace Hopper', 'B-1234 Street', '東京'],
})
const text = (words: string, more: Partial<ScreenedText> = {}): ScreenedText => ({
  ...{ id: 'messages[0].content', role: 'user', kind: 'text', text: words },
  ...more,
})
const screenOf = (detectors: readonly Detector[], allowed = createAllowList([])) =>
  createScreen({
    screeners: detectors.map((detector) => ({ detector, looksAt: () => true })),
    allowed,
    memory: createScanMemory(100),
  })
const policyOf = (...layers: readonly PolicyLayer[]) => createPolicy(layers, ['badges', 'names', 'fixed'])
const found = (finding: Partial<Finding>): Detector => ({
  id: 'fixed',
  scan: () => [{ detector: 'fixed', type: 'X', rule: 'r', start: 0, end: 3, confidence: 1, ...finding }],
})

describe('a policy', () => {
  test('is what the last layer says of a detector, or of all of them', () => {
    const policy = policyOf(
      { input: 'monitor', output: 'off', detectors: { names: { input: 'redact' } } },
      { detectors: { badges: { output: 'enforce' } } },
      { input: 'enforce', detectors: { fixed: { input: 'off' } } },
    )
    const modes = (direction: 'input' | 'output') =>
      ['badges', 'names', 'fixed'].map((name) => policy.mode(name, direction))
    expect(modes('input')).toEqual(['enforce', 'enforce', 'off'])
    expect(modes('output')).toEqual(['enforce', 'off', 'off'])
    expect([policy.isOff('input'), policy.isOff('output'), policy.acts('output')]).toEqual([
      false,
      false,
      true,
    ])
    expect(policyOf({ input: 'monitor' }).acts('input')).toBe(false)
    expect(policyOf({}).isOff('input')).toBe(true)
    expect(policy.mode('unknown', 'input')).toBe('off')
  })
})

describe('a screening', () => {
  const acted = (mode: FirewallMode, finding: Partial<Finding> = {}, more: Partial<ScreenedText> = {}) =>
    screenOf([found(finding)])
      .run([text('abcdef', more)], policyOf({ input: mode }), 'input')
      .found.map(({ action }) => action)

  test('does with what it finds what the mode says', () => {
    expect(acted('off')).toEqual([])
    expect(acted('monitor')).toEqual(['reported'])
    expect(acted('redact')).toEqual(['redacted'])
    expect(acted('enforce')).toEqual(['refused'])
  })

  test('never acts upon what is unsure or for reports only, and never changes what is signed', () => {
    expect(acted('enforce', { confidence: 0.49 })).toEqual(['reported'])
    expect(acted('enforce', { isReportOnly: true })).toEqual(['reported'])
    expect(acted('redact', {}, { isSigned: true })).toEqual(['reported'])
    expect(acted('enforce', {}, { isSigned: true })).toEqual(['refused'])
  })

  test('refuses what could not be looked at to its end', () => {
    expect(acted('redact', { type: truncatedType, isReportOnly: true })).toEqual(['refused'])
    expect(acted('monitor', { type: truncatedType, isReportOnly: true })).toEqual(['reported'])
  })

  test('says where it found what, in the order of the texts, and keeps the values apart', () => {
    const one = text('Ada has B-1234', { id: 'a' })
    const two = text('B-9999', { id: 'b' })
    const screening = screenOf([badges, names]).run([one, two], policyOf({ input: 'redact' }), 'input')
    expect(screening.found.map(({ at, type, start, end }) => [at, type, start, end])).toEqual([
      ['a', 'BADGE', 8, 14],
      ['a', 'NAME', 0, 3],
      ['b', 'BADGE', 0, 6],
    ])
    expect(screening.redactions.get(one)?.map(({ start }) => start)).toEqual([0, 8])
    expect([...screening.values]).toEqual(['B-1234', 'Ada', 'B-9999'])
    expect(screening.refusal).toBeUndefined()
  })

  test('counts what two detectors find in one place once, for the first of them', () => {
    const screening = screenOf([badges, names]).run(
      [text('at B-1234 Street')],
      policyOf({ input: 'redact' }),
      'input',
    )
    expect(screening.found.map(({ type }) => type)).toEqual(['BADGE'])
  })

  test('leaves alone what is allowed, and lines that say so', () => {
    const allowed = createAllowList([
      { value: 'B-1111' },
      { pattern: 'B-22[0-9]+', detector: 'badges' },
      { value: 'Ada', type: 'BADGE' },
    ])
    const values = (words: string) => [
      ...screenOf([badges, names], allowed).run([text(words)], policyOf({ input: 'redact' }), 'input').values,
    ]
    expect(values('B-1111 B-2233 B-3333 Ada')).toEqual(['B-3333', 'Ada'])
    expect(values('a\nB-3333 // gitleaks:allow\nB-4444')).toEqual(['B-4444'])
    expect(values('tollgate:allow\nB-5555')).toEqual(['B-5555'])
  })
})

describe('words of an operator', () => {
  const hits = (words: string) => names.scan(words).map(({ start, end }) => words.slice(start, end))

  test('are found whole, in any case, and where no spaces part words', () => {
    expect(hits('ADA, Adam, xada, ada_1, grace hopper; 彼は東京に')).toEqual(['ADA', 'grace hopper', '東京'])
  })

  test('keep their places beside letters whose small form is longer', () => {
    expect(hits('İİİ Ada')).toEqual(['Ada'])
  })
})

describe('what is remembered', () => {
  test('is not looked for again, and goes when there is too much', () => {
    let scans = 0
    const detector: Detector = {
      id: 'fixed',
      scan() {
        scans += 1
        return []
      },
    }
    const memory = createScanMemory(4)
    const long = (seed: number) => `${seed} `.repeat(40)
    for (let round = 0; round < 5; round += 1) memory.scan(detector, { text: long(1) })
    expect(scans).toBe(1)
    for (let seed = 2; seed < 10; seed += 1) memory.scan(detector, { text: long(seed) })
    memory.scan(detector, { text: long(1) })
    expect(scans).toBe(10)
    memory.scan({ ...detector, id: 'other' }, { text: long(1) })
    expect(scans).toBe(11)
  })
})

describe('evidence', () => {
  test('groups what was found and holds no value', () => {
    const { found: all } = screenOf([badges, names]).run(
      [text('Ada B-1234 B-5678'), text('Ada', { id: 'x' })],
      policyOf({ input: 'redact', detectors: { names: { input: 'monitor' } } }),
      'input',
    )
    expect(evidenceOf(all)).toEqual([
      {
        ...{ detector: 'badges', type: 'BADGE', rule: 'badges', direction: 'input', action: 'redacted' },
        ...{ count: 2, confidence: 1, at: 'messages[0].content' },
      },
      {
        ...{ detector: 'names', type: 'NAME', rule: 'names', direction: 'input', action: 'reported' },
        ...{ count: 2, confidence: 1, at: 'messages[0].content' },
      },
    ])
    expect(firewallHeader(all)).toBe('badges;redacted=2, names;reported=2')
    expect(firewallHeader([])).toBeUndefined()
  })
})

test('a text whose source is known is not read again, and tools read the same source in another way', () => {
  const scanned: string[] = []
  const detector: Detector = {
    id: 'a',
    scan(text) {
      scanned.push(text)
      return []
    },
  }
  const memory = createScanMemory(100)
  const source = JSON.stringify('x'.repeat(100))
  let read = 0
  const readable = (kind: 'text' | 'tool-output') => ({
    source,
    kind,
    get text() {
      read += 1
      return `${kind} ${source}`
    },
  })
  memory.scan(detector, readable('text'))
  memory.scan(detector, readable('text'))
  expect([read, scanned.length]).toEqual([1, 1])
  memory.scan(detector, readable('tool-output'))
  memory.scan(detector, { text: source })
  expect(scanned).toEqual([`text ${source}`, `tool-output ${source}`, source])
})
