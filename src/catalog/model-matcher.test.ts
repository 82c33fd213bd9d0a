import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { processorTime } from '../../test/support/processor-time.ts'
import { compileGlob, compileRule } from './model-matcher.ts'

describe('a rule of the data', () => {
  test('fits whole ids, starts, ends and parts', () => {
    expect(compileRule('=gpt-5')('gpt-5')).toBe(true)
    expect(compileRule('=gpt-5')('gpt-5.1')).toBe(false)
    expect(compileRule('^gpt-5')('gpt-5.1')).toBe(true)
    expect(compileRule('^gpt-5')('x/gpt-5')).toBe(false)
    expect(compileRule('$-tts')('gemini-tts')).toBe(true)
    expect(compileRule('$-tts')('gemini-tts-1')).toBe(false)
    expect(compileRule('*claude')('eu.claude-3')).toBe(true)
    expect(compileRule('*claude')('clau-de')).toBe(false)
  })

  test('fits templates of digits', () => {
    const dated = compileRule('#claude-opus-5-########')
    expect(dated('claude-opus-5-20261001')).toBe(true)
    for (const id of [
      'claude-opus-5-2026100',
      'claude-opus-5-202610011',
      'claude-opus-5-2026100x',
      'claude-opus-5-5',
    ])
      expect(dated(id)).toBe(false)
    const open = compileRule('#gemini-3.5-flash-#*')
    expect(open('gemini-3.5-flash-0')).toBe(true)
    expect(open('gemini-3.5-flash-001-preview')).toBe(true)
    expect(open('gemini-3.5-flash-')).toBe(false)
    expect(open('gemini-3.5-flash-lite')).toBe(false)
    expect(open('gemini-3x5-flash-0')).toBe(false)
  })

  test('fits combinations', () => {
    const rule = compileRule({ all: ['^gemini-2.5-pro', { not: ['$-tts', '*-tts-'] }] })
    expect(rule('gemini-2.5-pro-preview')).toBe(true)
    expect(rule('gemini-2.5-pro-tts')).toBe(false)
    expect(rule('gemini-2.5-pro-tts-preview')).toBe(false)
    expect(rule('gemini-2.5-flash')).toBe(false)
  })

  test('of an unknown kind is a defect of the data', () => {
    expect(() => compileRule('?x')).toThrow(/unknown kind/)
  })
})

describe('a pattern of the configuration', () => {
  test('fits the whole id, in any letter case', () => {
    expect(compileGlob('My-Model')('my-model')).toBe(true)
    expect(compileGlob('my-model')('my-model-2')).toBe(false)
    expect(compileGlob('gpt-*')('gpt-')).toBe(true)
    expect(compileGlob('gpt-*')('my-gpt-5')).toBe(false)
    expect(compileGlob('*')('')).toBe(true)
    expect(compileGlob('a*a')('a')).toBe(false)
    expect(compileGlob('a*b*b')('ab')).toBe(false)
    expect(compileGlob('a.c')('abc')).toBe(false)
  })

  test('means the same as the regular expression with .* for every star', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 })
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 })
    fc.assert(
      fc.property(letters, text, (pattern, id) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`)
        expect(compileGlob(pattern)(id)).toBe(expression.test(id))
      }),
      { numRuns: 3000 },
    )
  })

  test('with many stars stays fast on a long id', () => {
    const start = processorTime()
    expect(compileGlob(`${'*a'.repeat(100)}b`)('a'.repeat(100_000))).toBe(false)
    expect(processorTime() - start).toBeLessThan(100)
  })
})
