import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { formatPath, parsePath } from './setting-path.ts'

describe('a setting path', () => {
  test('has keys with dots between them and list indices in brackets', () => {
    expect(parsePath('listen.port')).toEqual(['listen', 'port'])
    expect(parsePath('routes[0].targets[12].model')).toEqual(['routes', 0, 'targets', 12, 'model'])
    expect(parsePath('providers.my-vllm.base_url')).toEqual(['providers', 'my-vllm', 'base_url'])
  })

  test('quotes a key that has a dot itself', () => {
    expect(parsePath('aliases."gpt-5.1"')).toEqual(['aliases', 'gpt-5.1'])
    expect(formatPath(['aliases', 'gpt-5.1'])).toBe('aliases."gpt-5.1"')
  })

  for (const text of [
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    '[0]',
    'a.[0]',
    'a[x]',
    'a[0]b',
    'a"b"',
    'a."b',
    'a[',
    'a]',
  ]) {
    test(`refuses ${JSON.stringify(text)} without repeating it`, () => {
      expect(() => parsePath(text)).toThrow(/the path is not readable/)
    })
  }

  test('reads back whatever it writes', () => {
    const path = fc
      .tuple(fc.string({ minLength: 1 }), fc.array(fc.oneof(fc.string({ minLength: 1 }), fc.nat(999_999))))
      .map(([first, rest]) => [first, ...rest])
    fc.assert(fc.property(path, (segments) => expect(parsePath(formatPath(segments))).toEqual(segments)))
  })
})
