import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { processorTime } from '../../test/support/processor-time.ts'
import { compileGlob } from './glob.ts'
import { compileScopes, keyScopesSchema, unlimitedScopes } from './scopes.ts'

/** The definition of a glob, written down without regard to speed. */
const naive = (pattern: string, text: string): boolean => {
  if (pattern === '') return text === ''
  if (pattern[0] === '*')
    return naive(pattern.slice(1), text) || (text !== '' && naive(pattern, text.slice(1)))
  return (
    text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && naive(pattern.slice(1), text.slice(1))
  )
}

describe('a glob', () => {
  test('agrees with the naive matcher', () => {
    const alphabet = (letters: string) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 9 })
    fc.assert(
      fc.property(alphabet('ab/*?'), alphabet('ab/'), (pattern, text) => {
        expect(compileGlob(pattern)(text)).toBe(naive(pattern, text))
      }),
      { numRuns: 3000 },
    )
  })

  test('takes what means something in a regular expression for itself', () => {
    expect(compileGlob('gpt-4.1')('gpt-4x1')).toBe(false)
    expect(compileGlob('a(b)+[c]*')('a(b)+[c]d')).toBe(true)
  })

  test('ends soon on a pattern made to be slow', () => {
    const glob = compileGlob(`${'*a'.repeat(100)}b`)
    const started = processorTime()
    expect(glob('a'.repeat(20_000))).toBe(false)
    expect(processorTime() - started).toBeLessThan(2_000)
  })
})

describe('scopes', () => {
  test('let everything pass when no list is set', () => {
    const permits = compileScopes(unlimitedScopes)
    expect(permits({ model: 'gpt-5', operation: 'generate', protocol: 'gemini', provider: 'openai' })).toBe(
      true,
    )
    expect(permits({})).toBe(true)
  })

  test('let nothing pass through an empty list', () => {
    const permits = compileScopes({ models: [], endpoints: [], providers: [], tags: [] })
    expect(permits({ model: 'gpt-5' })).toBe(false)
    expect(permits({ operation: 'generate' })).toBe(false)
    expect(permits({ provider: 'openai' })).toBe(false)
    expect(permits({ tag: 'a' })).toBe(false)
    expect(permits({})).toBe(true)
  })

  test('name models by glob', () => {
    const permits = compileScopes({ ...unlimitedScopes, models: ['claude-*', 'gpt-5'] })
    expect(permits({ model: 'claude-sonnet-4-5' })).toBe(true)
    expect(permits({ model: 'gpt-5' })).toBe(true)
    expect(permits({ model: 'gpt-5-mini' })).toBe(false)
  })

  test('name endpoints by operation or by protocol', () => {
    const permits = compileScopes({ ...unlimitedScopes, endpoints: ['embed', 'anthropic-messages'] })
    expect(permits({ operation: 'embed', protocol: 'openai-embeddings' })).toBe(true)
    expect(permits({ operation: 'generate', protocol: 'anthropic-messages' })).toBe(true)
    expect(permits({ operation: 'generate', protocol: 'openai-chat' })).toBe(false)
    expect(permits({ protocol: 'openai-chat' })).toBe(false)
  })

  test('name providers by id', () => {
    const permits = compileScopes({ ...unlimitedScopes, providers: ['my-vllm'] })
    expect(permits({ model: 'anything', provider: 'my-vllm' })).toBe(true)
    expect(permits({ model: 'anything', provider: 'openai' })).toBe(false)
  })

  test('name tags by glob', () => {
    const permits = compileScopes({ ...unlimitedScopes, tags: ['project-*', 'ci'] })
    expect(permits({ tag: 'project-x' })).toBe(true)
    expect(permits({ tag: 'ci' })).toBe(true)
    expect(permits({ tag: 'cis' })).toBe(false)
  })

  test('let pass what every single list lets pass, and nothing else', () => {
    const list = fc.option(fc.array(fc.constantFrom<string>('a', 'b', '*', 'a*', 'ab'), { maxLength: 3 }))
    const word = fc.option(fc.constantFrom<string>('a', 'b', 'ab', 'c'), { nil: undefined })
    const byGlob = (patterns: readonly string[] | null, text: string | undefined) =>
      text === undefined || patterns === null || patterns.some((pattern) => naive(pattern, text))
    fc.assert(
      fc.property(
        fc.record({ models: list, endpoints: list, providers: list, tags: list }),
        fc.record({ model: word, operation: word, protocol: word, provider: word, tag: word }),
        (scopes, { model, operation, protocol, provider, tag }) => {
          const named = [operation, protocol].filter((name) => name !== undefined)
          const endpoint =
            scopes.endpoints === null ||
            named.length === 0 ||
            named.some((name) => scopes.endpoints?.includes(name))
          const expected =
            byGlob(scopes.models, model) &&
            byGlob(scopes.tags, tag) &&
            endpoint &&
            (provider === undefined || scopes.providers === null || scopes.providers.includes(provider))
          const wanted = {
            ...(model === undefined ? {} : { model }),
            ...(operation === undefined ? {} : { operation }),
            ...(protocol === undefined ? {} : { protocol }),
            ...(provider === undefined ? {} : { provider }),
            ...(tag === undefined ? {} : { tag }),
          }
          expect(compileScopes(scopes)(wanted)).toBe(expected)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('refuse unknown words in what an operator gives', () => {
    expect(keyScopesSchema.parse({ models: ['a*'] })).toEqual({
      models: ['a*'],
      endpoints: null,
      providers: null,
      tags: null,
    })
    expect(keyScopesSchema.safeParse({ model: ['a*'] }).success).toBe(false)
    expect(keyScopesSchema.safeParse({ models: 'a*' }).success).toBe(false)
  })
})
