import { describe, expect, test } from 'bun:test'
import { seededRandom, writeExample } from '../examples.ts'
import type { SecretRule } from '../rule.ts'
import { createSecretDetector } from '../secret-detector.ts'
import { parsePieces, parseShape } from '../shape.ts'
import { secretRules } from './index.ts'

const detector = createSecretDetector()
const found = (text: string) => detector.scan(text).map(({ start, end }) => ({ start, end }))

test('there are at least 160 rules for at least 60 vendors, with a place and a month for each', () => {
  expect(secretRules.length).toBeGreaterThanOrEqual(160)
  expect(new Set(secretRules.map((rule) => rule.vendor)).size).toBeGreaterThanOrEqual(60)
  expect(new Set(secretRules.map((rule) => rule.id)).size).toBe(secretRules.length)
  for (const rule of secretRules) {
    expect(rule.id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
    expect(rule.type).toMatch(/^[A-Z][A-Z0-9_]+$/)
    expect(rule.seen).toMatch(/^20\d\d-[01]\d$/)
    expect(rule.source).toMatch(/^https:\/\/|^src\/|^heuristic$/)
    expect([rule.id, rule.hits.length > 0, rule.misses.length > 0]).toEqual([rule.id, true, true])
  }
})

test('every shape is a walk without choices: a run of open length never meets its own class', () => {
  for (const rule of secretRules) {
    if ('shapes' in rule) for (const shape of rule.shapes) expect(() => parseShape(shape)).not.toThrow()
    if ('names' in rule) for (const shape of rule.values) expect(parsePieces(shape).length).toBeGreaterThan(0)
  }
  expect(() => parseShape('a-{slug:4-8}-b')).toThrow('could swallow')
  expect(() => parseShape('{alnum:4-8}{hex:4}')).toThrow('could swallow')
  expect(() => parseShape('{alnum:40}')).toThrow('no literal')
  expect(() => parseShape('x{alnum:4+}')).toThrow('not a run')
})

test('anchors are no single letters or digits: those are met at every step', () => {
  for (const rule of secretRules)
    if ('shapes' in rule)
      for (const shape of rule.shapes)
        for (const anchor of parseShape(shape).anchors)
          expect([rule.id, anchor.length >= 2 || /\W/.test(anchor)]).toEqual([rule.id, true])
})

describe.each(secretRules.map((rule) => [rule.id, rule] as const))('%s', (_id, rule: SecretRule) => {
  // Several draws: what a filter takes for a placeholder must not be a random key.
  const seeds = [1, 2, 3, 4, 5]

  test.each(rule.hits.map((hit) => [hit] as const))('finds the secret alone in %s', (hit) => {
    for (const seed of seeds) {
      const { text, secrets } = writeExample(hit, seededRandom(seed))
      expect({ text, found: found(text) }).toEqual({ text, found: [...secrets] })
      expect(secrets.length).toBeGreaterThan(0)
      const [first] = detector.scan(text)
      // Another rule may know the same value better, but then it is no less sure.
      expect(first?.confidence).toBeGreaterThanOrEqual(first?.rule === rule.id ? 0 : (rule.confidence ?? 0.8))
    }
  })

  test('finds it alone, in CJK text, in escaped JSON, in a query and after a line number', () => {
    const { text: whole, secrets } = writeExample(rule.hits[0] ?? '', seededRandom(7))
    const secret = secrets.at(-1)
    if (secret === undefined) throw new Error('an example without a secret')
    const value = whole.slice(secret.start, secret.end)
    const values = secrets.map(({ start, end }) => whole.slice(start, end))
    const isToken = 'shapes' in rule && rule.shapes.every((shape) => !shape.includes('<'))
    const contexts = isToken
      ? [
          value,
          `密钥是${value}，请保存`,
          `{"text":"line\\n${value}\\nline"}`,
          `a=b&x=${value}&c=d`,
          `  12\t${value}\n`,
        ]
      : [`前文\n${whole}\n后文`, `intro\n\n${whole}`]
    for (const text of contexts) {
      const hits = detector.scan(text).map(({ start, end }) => text.slice(start, end))
      expect({ text, hits }).toEqual({ text, hits: isToken ? [value] : values })
    }
  })

  test('finds it in JSON, and in JSON inside JSON', () => {
    for (const hit of rule.hits) {
      const { text, secrets } = writeExample(hit, seededRandom(3))
      let json = text
      let wanted = secrets.map(({ start, end }) => text.slice(start, end))
      for (const depth of [1, 2]) {
        json = JSON.stringify({ content: json })
        wanted = wanted.map((value) => JSON.stringify(value).slice(1, -1))
        const hits = detector.scan(json).map(({ start, end }) => json.slice(start, end))
        expect({ json, depth, hits }).toEqual({ json, depth, hits: wanted })
      }
    }
  })

  test.each(rule.misses.map((miss) => [miss] as const))('is silent on %s', (miss) => {
    for (const seed of seeds) {
      const { text } = writeExample(miss, seededRandom(seed))
      const hits = detector.scan(text).filter((one) => one.isReportOnly !== true && one.rule === rule.id)
      expect({ text, hits }).toEqual({ text, hits: [] })
    }
  })
})
