import { describe, expect, test } from 'bun:test'
import { parsePath } from '../config/index.ts'
import { takeOutKeys } from './seal-keys.ts'

const take = (path: string, value: unknown) => takeOutKeys(parsePath(path), value)

/** As a file refers to the environment. */
const variable = (name: string): string => `$\{${name}}`

describe('a provider’s key', () => {
  test('leaves the value, and a name of the vault takes its place', () => {
    expect(take('providers.openai.api_key', 'sk-1')).toEqual({
      value: 'vault:openai/default',
      keys: [{ provider: 'openai', label: 'default', secret: 'sk-1' }],
    })
  })

  test('is found in a list, in a section and in all of `providers`', () => {
    expect(take('providers.openai.api_keys[1]', 'sk-2').keys).toEqual([
      { provider: 'openai', label: 'key-2', secret: 'sk-2' },
    ])
    expect(take('providers.openai', { base_url: 'https://a.example', api_keys: ['sk-1', 12345] })).toEqual({
      value: { base_url: 'https://a.example', api_keys: ['vault:openai/key-1', 'vault:openai/key-2'] },
      keys: [
        { provider: 'openai', label: 'key-1', secret: 'sk-1' },
        { provider: 'openai', label: 'key-2', secret: '12345' },
      ],
    })
    expect(
      take('providers', { a: { api_key: 'x' }, b: { api_key: 'y' } }).keys.map(({ secret }) => secret),
    ).toEqual(['x', 'y'])
  })

  test('that reveals nothing stays where it is', () => {
    for (const text of ['none', 'vault:openai/other', variable('OPENAI_API_KEY')])
      expect(take('providers.openai.api_key', text)).toEqual({ value: text, keys: [] })
  })

  test('with a variable in the middle is refused, since nobody would fill it in', () => {
    for (const text of [`sk-${variable('X')}`, variable('X:-sk-1')])
      expect(() => take('providers.openai.api_key', text)).toThrow('as it is')
  })
})

test('everything else passes', () => {
  expect(take('listen.port', 9000)).toEqual({ value: 9000, keys: [] })
  expect(take('aliases', { api_key: 'gpt' })).toEqual({ value: { api_key: 'gpt' }, keys: [] })
})
