import { describe, expect, test } from 'bun:test'
import { isConfigError } from '../config/index.ts'
import { convert as convertAs, lines } from './converted.fixture.ts'

const convert = (...text: readonly string[]) => convertAs('tkngate', lines(...text))
const ref = (name: string) => `$\{${name}}`

describe('a Tkngate file', () => {
  test('with server and providers', () => {
    const { written, text } = convert(
      'server: { port: 7477, host: 127.0.0.1 }',
      'providers:',
      '  openai: { api_key: sk-own-0123456789abcdefghijkl, base_url: https://api.openai.com/v1, default_model: gpt-4.1 }',
      '  anthropic: { base_url: "https://api.anthropic.com/v1", api_key: "$OWN_KEY" }',
      '  gemini: { api_key: abc-0123456789, base_url: https://generativelanguage.googleapis.com/v1beta/openai }',
      '  Together AI: { base_url: "https://api.together.xyz/v1", api_key: tok-0123456789 }',
      '  groq: { default_model: llama }',
      '  nowhere: { api_key: x }',
    )
    expect(written).toEqual({
      listen: { host: '127.0.0.1', port: 7477 },
      providers: {
        openai: { api_key: ref('OPENAI_API_KEY') },
        anthropic: { api_key: ref('OWN_KEY') },
        google: { api_key: ref('GOOGLE_API_KEY') },
        'together-ai': {
          kind: 'openai-compatible',
          base_url: 'https://api.together.xyz/v1',
          api_key: ref('TOGETHER_AI_API_KEY'),
        },
        groq: { api_key: ref('TKNGATE_PROVIDERS_GROQ_API_KEY') },
      },
    })
    for (const secret of ['sk-own', 'abc-01', 'tok-01']) expect(text).not.toContain(secret)
  })

  test('with budgets: of all, with what follows near the limit, and of each session', () => {
    const { settings, left } = convert(
      'providers: { deepseek: { api_key: k-0123456789 } }',
      'budget:',
      '  global_limit_usd: 50.00',
      '  max_session_cost_usd: 0.5',
      '  fallback_model: deepseek-chat',
      '  fallback_provider: deepseek',
      '  amber_threshold_pct: 65',
      '  red_threshold_pct: 95',
      '  reset_interval: weekly',
    )
    expect(settings.budgets).toMatchObject([
      {
        level: 'global',
        limit_usd: '50',
        period: 'week',
        mode: 'metered',
        amber_at: 0.65,
        amber_model: 'deepseek/deepseek-chat',
      },
      { level: 'session', limit_usd: '0.5', period: 'forever', mode: 'metered' },
    ])
    expect(left).toEqual([
      'budget.red_threshold_pct: a budget ends at its limit here: lower the limit instead',
    ])
  })

  test('with parts that this release does not have, each with its reason', () => {
    const { written, left, notes } = convert(
      'compressor: { enabled: true }',
      'cache: { enabled: true, max_entries: 5, redis_uri: "redis://:pw-hunter2@h:1" }',
      'waf: { enabled: true, blocklist: ["(?i)x"] }',
      'p2p: { enabled: true }',
      'mesh: { moderation_api_key: sk-mod-0123456789 }',
      'audit: { sink_url: https://logs.example.com }',
      'shadow: { enabled: false, target_provider: x }',
      'rate_limit: { enabled: false, requests_per_minute: 10 }',
      'telemetry: { enabled: false, port: 7478 }',
      'budget: { global_limit_usd: 0, reset_interval: hourly }',
    )
    expect(written).toEqual({ telemetry: { metrics: { enabled: false } } })
    expect(left.map((one) => one.split(':')[0])).toEqual([
      'compressor',
      'cache.redis_uri',
      'cache.enabled',
      'cache.max_entries',
      'waf',
      'p2p',
      'mesh',
      'audit',
      'telemetry.port',
      'budget.reset_interval',
    ])
    expect(JSON.stringify(notes)).not.toMatch(/hunter2|sk-mod/)
  })

  test('with a Redis that several gateways share, whose password becomes a variable', () => {
    const { written, text } = convert(
      'cluster: { enabled: true, node_id: n, redis_uri: "redis://:pw-hunter2@h:1/0" }',
    )
    expect(written).toEqual({ redis: { url: ref('REDIS_URL') } })
    expect(text).not.toContain('hunter2')
    expect(convert('cluster: { enabled: true, redis_uri: "redis://h:1" }').written).toEqual({
      redis: { url: 'redis://h:1' },
    })
  })

  test('with keys in capitals, anchors, CRLF and other scripts', () => {
    const text = lines(
      'Server: &here { PORT: 7000 }',
      'other: *here',
      'PROVIDERS:',
      '  Ünï-läma: &base { BASE_URL: "http://läma:8000/v1" }',
      '  zwei: { <<: *base, api_key: schlüssel-组织 }',
    ).replaceAll('\n', '\r\n')
    const { settings, left, text: made } = convertAs('tkngate', text)
    expect(settings.listen.port).toBe(7000)
    expect(Object.keys(settings.providers)).toEqual(['uni-lama', 'zwei'])
    expect(left).toEqual(['other: is no key that this conversion knows'])
    expect(made).not.toContain('schlüssel')
  })

  test('with values of a wrong form loses those', () => {
    const { settings, left } = convert(
      'server: { port: 99999, host: [a] }',
      'providers: { openai: { base_url: nonsense, api_key: k }, x: text }',
      'budget: { global_limit_usd: much, max_session_cost_usd: 99999999999 }',
      'rate_limit: 5',
      'server: { port: 7000 }',
    )
    expect(settings.listen.port).toBe(7000)
    expect(Object.keys(settings.providers)).toEqual(['openai'])
    expect(left.map((one) => one.split(': ')[0])).toEqual([
      'providers.x',
      'providers.x',
      'providers.openai.base_url',
      'budget.global_limit_usd',
      'budget.max_session_cost_usd',
      'rate_limit',
      '',
    ])
  })

  test('that is none is told with its line', () => {
    const told = (text: string) => {
      try {
        convertAs('tkngate', text)
      } catch (error) {
        if (isConfigError(error)) return error.message
      }
      return 'converted'
    }
    expect(told('server:\n  port: 1\n port: 2\n')).toMatch(/\/own\/tkngate\.conf:3: is not valid YAML/)
    expect(told('a\n')).toContain('the file must hold `key: value` lines')
    expect(told('')).toBe('converted')
  })
})
