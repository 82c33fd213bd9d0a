import { describe, expect, test } from 'bun:test'
import { checkProviders } from './check-providers.ts'
import { builtInProviderIds, providerKinds, providersSettings, timeoutsSettings } from './settings.ts'
import { providerKeys, timeoutsFor, usableProviders } from './usable-providers.ts'

/** `error path: message` of every finding. */
const check = (providers: unknown) =>
  checkProviders(providersSettings.parse(providers)).map(
    ({ level, path, message }) => `${level} ${path.slice(1).join('.')}: ${message}`,
  )

const refusal = (providers: unknown) => providersSettings.safeParse(providers).error?.issues[0]?.message

describe('the kind of a provider', () => {
  test('is its name where that is built in', () => {
    for (const id of [...builtInProviderIds, 'azure-openai']) {
      expect(providersSettings.parse({ [id]: {} })[id]?.kind).toBe(providerKinds.find((kind) => kind === id))
    }
  })

  test('must be said otherwise, with a hint at the name that may be meant', () => {
    expect(refusal({ 'my-vllm': {} })).toStartWith('the provider needs a `kind`: `openai-compatible`, ')
    expect(refusal({ antropic: {} })).toEndWith(', did you mean `anthropic`?')
  })

  test('may differ from the name', () => {
    expect(providersSettings.parse({ openai: { kind: 'azure-openai' } })['openai']?.kind).toBe('azure-openai')
  })
})

describe('the name of a provider', () => {
  test('can be a path prefix', () => {
    for (const name of ['my-vllm', 'groq2', 'a.b_c', '9x']) {
      expect(providersSettings.safeParse({ [name]: { kind: 'vllm' } }).success).toBe(true)
    }
    for (const name of ['', 'A', 'a/b', 'a b', '-a', 'é', 'v1', 'v1beta', 'api', 'health', 'metrics']) {
      expect(providersSettings.safeParse({ [name]: { kind: 'vllm' } }).success).toBe(false)
    }
  })

  test('is `google` for Gemini', () => {
    const result = providersSettings.safeParse({ gemini: { kind: 'google' } })
    expect(JSON.stringify(result.error?.issues)).toContain('the provider of Gemini models is called `google`')
  })
})

describe('a provider', () => {
  test('needs what its kind needs', () => {
    expect(check({ a: { kind: 'openai-compatible' } })).toEqual([
      'error a.base_url: is missing; a provider of kind `openai-compatible` needs it',
    ])
    expect(check({ 'azure-openai': { base_url: 'https://x.openai.azure.com' } })).toEqual([
      'error azure-openai.api_version: is missing; a provider of kind `azure-openai` needs it',
    ])
  })

  test('refuses what would have no effect', () => {
    expect(check({ openai: { api_version: '1', deployments: { a: 'b' } } })).toHaveLength(2)
    expect(check({ loopback: { api_key: 'x', base_url: 'https://x/v1' } })).toHaveLength(2)
  })

  test('has one key or several, and `none` only by itself', () => {
    expect(check({ openai: { api_key: 'a', api_keys: ['b'] } })).toEqual([
      'error openai.api_keys: stands beside `api_key`; keep one of the two',
    ])
    expect(check({ openai: { api_keys: ['b', 'none'] } })[0]).toStartWith(
      'error openai.api_keys.1: `none` is no key',
    )
    expect(check({ openai: { api_key: 'none' } })).toEqual([])
  })

  test('may add headers, but none that breaks a request apart', () => {
    const headers = (value: unknown) => providersSettings.safeParse({ openai: { headers: value } }).success
    expect(headers({ 'x-team': 'a b' })).toBe(true)
    expect(headers({ 'x-team': 'a\r\nx: y' })).toBe(false)
    expect(headers({ 'x team': 'a' })).toBe(false)
  })
})

describe('a base url', () => {
  const warning = (kind: string, base_url: string, api_key = 'none') =>
    check({ a: { kind, base_url, api_key } })[0]

  test('of an OpenAI-compatible provider ends in a version', () => {
    for (const url of [
      'https://x/v1',
      'https://x/openai/v1/',
      'https://x/v1beta/openai',
      'https://x/api/v3',
    ]) {
      expect(warning('openai-compatible', url)).toBeUndefined()
    }
    expect(warning('openai-compatible', 'https://x')).toContain('usually ends in `/v1`')
  })

  test('of the other two has no path', () => {
    expect(warning('anthropic-compatible', 'https://x/')).toBeUndefined()
    expect(warning('gemini-compatible', 'https://x')).toBeUndefined()
    expect(warning('anthropic-compatible', 'https://x/v1')).toContain('has the path `/v1`')
    expect(warning('gemini-compatible', 'https://x/v1beta')).toContain('usually has none')
  })

  test('does not hold the path of a request', () => {
    for (const path of ['chat/completions', 'responses', 'messages', 'models']) {
      expect(warning('openai-compatible', `https://x/v1/${path}`)).toContain(`ends in \`/${path}\``)
    }
  })

  test('that would send a key in the clear across the internet is warned of', () => {
    expect(warning('vllm', 'http://example.com/v1', 'k')).toContain('not encrypted')
    for (const host of [
      '127.0.0.1',
      '10.1.2.3',
      '192.168.0.2',
      '172.20.0.1',
      'vllm',
      'gpu.local',
      '[::1]',
      '[fd00::1]',
    ]) {
      expect(warning('vllm', `http://${host}/v1`, 'k')).toBeUndefined()
    }
    expect(warning('vllm', 'http://example.com/v1')).toBeUndefined()
  })
})

describe('the providers that are on', () => {
  const usable = (written: unknown, env: Readonly<Record<string, string>> = {}) =>
    usableProviders(providersSettings.parse(written), env)

  test('are loopback, and those whose usual variable is set', () => {
    expect(Object.keys(usable({}))).toEqual(['loopback'])
    const env = { OPENAI_API_KEY: 'a', GOOGLE_API_KEY: 'b', MISTRAL_API_KEY: '', AZURE_OPENAI_API_KEY: 'c' }
    expect(usable({}, env)).toEqual({
      openai: { kind: 'openai', enabled: true, api_key: 'a' },
      google: { kind: 'google', enabled: true, api_key: 'b' },
      loopback: { kind: 'loopback', enabled: true },
    })
  })

  test('are also built-in ones that the vault holds a credential of, unless they are turned off', () => {
    const on = (written: unknown) =>
      Object.keys(usableProviders(providersSettings.parse(written), {}, new Set(['openai', 'mine'])))
    expect(on({})).toEqual(['openai', 'loopback'])
    expect(on({ openai: { enabled: false } })).toEqual(['loopback'])
  })

  test('take the first of two variables', () => {
    expect(usable({}, { GEMINI_API_KEY: 'a', GOOGLE_API_KEY: 'b' })['google']?.api_key).toBe('a')
  })

  test('take the usual variable for a key that the settings do not name', () => {
    const written = { openai: { organization: 'o' }, groq: { api_key: 'mine' }, xai: { api_key: 'none' } }
    const on = usable(written, { OPENAI_API_KEY: 'a', GROQ_API_KEY: 'b', XAI_API_KEY: 'c' })
    expect(on['openai']).toMatchObject({ organization: 'o', api_key: 'a' })
    expect(on['groq']?.api_key).toBe('mine')
    expect(on['xai']?.api_key).toBe('none')
  })

  test('never send the usual key to a provider of another name', () => {
    const on = usable(
      { mine: { kind: 'openai', base_url: 'https://example.com/v1' } },
      { OPENAI_API_KEY: 'a' },
    )
    expect(on['mine']?.api_key).toBeUndefined()
  })

  test('leave out what is turned off, whatever the environment says', () => {
    const on = usable({ openai: { enabled: false }, loopback: { enabled: false } }, { OPENAI_API_KEY: 'a' })
    expect(Object.keys(on)).toEqual([])
  })
})

test('the keys of a provider are a list, empty where none is wanted', () => {
  const keys = (settings: unknown) => {
    const provider = providersSettings.parse({ openai: settings })['openai']
    return provider && providerKeys(provider)
  }
  expect(keys({ api_key: 'a' })).toEqual(['a'])
  expect(keys({ api_keys: ['a', 'b'] })).toEqual(['a', 'b'])
  expect(keys({ api_key: 'none' })).toEqual([])
  expect(keys({})).toEqual([])
})

test('timeouts are milliseconds, and a provider overrides those that it names', () => {
  const global = timeoutsSettings.parse(undefined)
  expect(global).toEqual({ connect: 10_000, first_byte: 600_000, idle: 300_000, total: 0 })
  const own = providersSettings.parse({ openai: { timeouts: { idle: '1m', total: 0 } } })['openai']?.timeouts
  expect(timeoutsFor({ ...global, total: 5 }, own)).toEqual({
    connect: 10_000,
    first_byte: 600_000,
    idle: 60_000,
    total: 0,
  })
  expect(timeoutsSettings.safeParse({ idle: 0 }).success).toBe(false)
})
