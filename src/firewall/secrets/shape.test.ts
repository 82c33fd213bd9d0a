import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Match, matchAround, parseShape } from './shape.ts'

const read = (
  source: string,
  text: string,
  at = text.toLowerCase().indexOf(parseShape(source).anchors[0] ?? ''),
) => {
  const match: Match = { start: 0, end: 0, read: 0 }
  return matchAround(parseShape(source), text, at, match) ? text.slice(match.start, match.end) : undefined
}

describe('shapes', () => {
  test('look for their longest word, and for each of a choice', () => {
    expect(parseShape('{alnum:14}.atlasv1.{alnum:60-70}').anchors).toEqual(['.atlasv1.'])
    expect(parseShape('gh(p|o)_{alnum:36}').anchors).toEqual(['ghp_', 'gho_'])
    expect(parseShape('sk_(test|live)_{alnum:24}').anchors).toEqual(['sk_test_', 'sk_live_'])
  })

  test('are read to both sides of the anchor', () => {
    expect(read('{entra:3}{digit:1}Q~{entradash:4-6}', 'x="ab18Q~a.b-c"')).toBe('ab18Q~a.b-c')
    expect(read('{digit:8-10}:AA{slug:5}', '12345678901:AAxxxxx')).toBeUndefined()
    expect(read('{digit:8-10}:AA{slug:5}', 'n=1234567890:AAabcde;')).toBe('1234567890:AAabcde')
  })

  test('give only what is marked, where something is', () => {
    expect(read('AccountKey=<{base64:6}==>', 'AccountKey=abc+/9==;End')).toBe('abc+/9==')
    expect(read('http://<{hex:4}:{hex:4}>@acme.dev', 'http://ab12:cd34@acme.dev/')).toBe('ab12:cd34')
  })

  test('do not end where their last run goes on, or a word does', () => {
    expect(read('hf_{letter:4}', 'hf_abcd')).toBe('hf_abcd')
    expect(read('hf_{letter:4}', 'hf_abcde')).toBeUndefined()
    expect(read('hf_{letter:4}', 'hf_abcd9')).toBeUndefined()
    expect(read('hf_{letter:4}', 'hf_abcd密钥')).toBe('hf_abcd')
  })

  test('do not begin inside a word, but behind an escape', () => {
    expect(read('hf_{letter:4}', 'xhf_abcd')).toBeUndefined()
    for (const before of ['\\n', '\\t', '%3D', '\\u0022', '-', '"', '词'])
      expect([before, read('hf_{letter:4}', `${before}hf_abcd`)]).toEqual([before, 'hf_abcd'])
  })

  test('read no more characters than they are long, in any text', () => {
    const shape = parseShape('ab-{slug:3-20}.{hex:4}')
    fc.assert(
      fc.property(fc.stringMatching(/^[ab.-]{0,80}$/), fc.nat(80), (text, at) => {
        const match: Match = { start: 0, end: 0, read: 0 }
        matchAround(shape, text, at, match)
        expect(match.read).toBeLessThanOrEqual(30)
      }),
    )
  })
})
