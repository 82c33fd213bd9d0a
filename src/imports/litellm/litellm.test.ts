import { describe, expect, test } from 'bun:test'
import { isConfigError } from '../../config/index.ts'
import { convert as convertAs, lines } from '../converted.fixture.ts'
import { convertLitellm } from './index.ts'

const convert = (...text: readonly string[]) => convertAs('litellm', lines(...text))

const secret = 'sk-live-0123456789abcdefghijklmnop'

describe('providers', () => {
  test('a vendor without an address is the provider here, with its key from the same variable', () => {
    const { written } = convert(
      'model_list:',
      '  - model_name: smart',
      '    litellm_params: { model: anthropic/claude-sonnet-4-5, api_key: os.environ/TEAM_KEY }',
      '  - model_name: fast',
      '    litellm_params: { model: groq/llama-3.3-70b-versatile }',
      '  - model_name: gpt-4.1',
      '    litellm_params: { model: gpt-4.1 }',
    )
    expect(written['providers']).toEqual({
      anthropic: { api_key: '$' + '{TEAM_KEY}', models: [] },
      groq: { api_key: '$' + '{GROQ_API_KEY}', models: [] },
      openai: { api_key: '$' + '{OPENAI_API_KEY}', models: [] },
    })
    expect(written['routes']).toEqual([
      { match: 'smart', targets: [{ provider: 'anthropic', model: 'claude-sonnet-4-5' }] },
      { match: 'fast', targets: [{ provider: 'groq', model: 'llama-3.3-70b-versatile' }] },
      { match: 'gpt-4.1', targets: ['openai'] },
    ])
  })

  test('an address of one’s own is a compatible provider, named after its host, and gets no vendor’s key', () => {
    const { written } = convert(
      'model_list:',
      '  - model_name: local',
      '    litellm_params: { model: openai/qwen3, api_base: "http://localhost:8000/v1" }',
      '  - model_name: proxied',
      '    litellm_params: { model: anthropic/claude-haiku-4-5, api_base: "https://relay.example.com/v1/messages", api_key: none }',
      '  - model_name: mini',
      '    litellm_params: { model: ollama_chat/gemma3, api_base: "http://gpu:11434" }',
    )
    expect(written['providers']).toEqual({
      'localhost-8000': {
        kind: 'openai-compatible',
        base_url: 'http://localhost:8000/v1',
        api_key: 'none',
        models: [],
      },
      'relay.example.com': {
        kind: 'anthropic-compatible',
        base_url: 'https://relay.example.com',
        api_key: 'none',
        models: [],
      },
      ollama: { base_url: 'http://gpu:11434/v1', api_key: 'none', models: [] },
    })
  })

  test('Azure keeps address, version and deployment, and the catalogue knows the model behind it', () => {
    const { written, settings } = convert(
      'model_list:',
      '  - model_name: gpt-4.1',
      '    litellm_params:',
      '      model: azure/team-deployment',
      '      api_base: https://team-eu.openai.azure.com',
      '      api_version: "2024-10-21"',
      '      api_key: os.environ/AZURE_EU',
      '    model_info: { base_model: azure/gpt-4.1 }',
      '  - model_name: other',
      '    litellm_params: { model: azure/o_series/o4, api_key: os.environ/AZURE_US }',
    )
    expect(written['providers']).toEqual({
      'azure-team-eu': {
        kind: 'azure-openai',
        base_url: 'https://team-eu.openai.azure.com',
        api_version: '2024-10-21',
        api_key: '$' + '{AZURE_EU}',
        deployments: { 'gpt-4.1': 'team-deployment' },
      },
      azure: {
        kind: 'azure-openai',
        base_url: '$' + '{AZURE_API_BASE}',
        api_version: '$' + '{AZURE_API_VERSION}',
        api_key: '$' + '{AZURE_US}',
      },
    })
    expect(settings.routes[0]?.targets).toEqual([{ provider: 'azure-team-eu' }])
    expect(settings.routes[1]?.targets).toEqual([{ provider: 'azure', model: 'o4' }])
  })

  test('one provider for each organisation of a list', () => {
    const { written } = convert(
      'model_list:',
      '  - model_name: gpt-4.1',
      '    litellm_params: { model: openai/gpt-4.1, api_key: os.environ/K, organization: [org-a, org-b] }',
    )
    expect(written['providers']).toEqual({
      openai: { organization: 'org-a', api_key: '$' + '{K}', models: [] },
      'openai-2': { kind: 'openai', organization: 'org-b', api_key: '$' + '{K}', models: [] },
    })
    expect(written['routes']).toEqual([
      { match: 'gpt-4.1', strategy: 'weighted', targets: ['openai', 'openai-2'] },
    ])
  })

  test('a credential that is named once is used by every model that names it', () => {
    const { written, left } = convert(
      'model_list:',
      '  - model_name: a',
      '    litellm_params: { model: azure/one, litellm_credential_name: shared }',
      '  - model_name: b',
      '    litellm_params: { model: azure/two, litellm_credential_name: shared }',
      '  - model_name: c',
      '    litellm_params: { model: openai/gpt-4.1, litellm_credential_name: gone }',
      'credential_list:',
      '  - credential_name: shared',
      '    credential_values: { api_key: os.environ/AZ, api_base: "https://x.openai.azure.com", api_version: "2024-10-21" }',
      '    credential_info: { description: for all }',
    )
    expect(Object.keys(written['providers'] ?? {})).toEqual(['azure-x', 'openai'])
    expect(left).toEqual([
      'model_list[2].litellm_params.litellm_credential_name: the file has no credential of that name',
      'credential_list[0].credential_info: is for people',
    ])
  })

  test('what no provider here speaks to is left, with its line', () => {
    const { notes, written } = convert(
      'model_list:',
      '  - model_name: a',
      '    litellm_params:',
      '      model: bedrock/anthropic.claude-v2',
      `      aws_secret_access_key: ${secret}`,
      '  - model_name: b',
      '    litellm_params: { model: vertex_ai/gemini-2.5-pro, vertex_project: p }',
      '  - model_name: c',
      '    litellm_params: { model: openai/dall-e-3 }',
      '    model_info: { mode: image_generation }',
      '  - model_name: d',
      '    litellm_params: { model: openai/served, custom_llm_provider: sagemaker }',
      '  - model_name: e',
      '    litellm_params: { model: somebodys-model }',
    )
    expect(written).toEqual({})
    expect(notes.map(({ line, outcome, text }) => [line, outcome, text])).toEqual([
      [4, 'left', 'no provider here speaks to `bedrock`'],
      [7, 'left', 'no provider here speaks to `vertex_ai`'],
      [10, 'left', '`image_generation` is nothing that this release serves'],
      [12, 'left', 'no provider here speaks to `sagemaker`'],
      [14, 'left', 'no provider here speaks to `somebodys-model`'],
    ])
  })
})

describe('secrets', () => {
  test('stand nowhere in what is made, and each has one variable', () => {
    const { text, settings } = convert(
      'environment_variables: { HOUSE_KEY: sk-house-0123456789abcdefghijk, UNUSED: sk-unused-0123456789abcdef }',
      'model_list:',
      '  - model_name: a',
      `    litellm_params: { model: openai/gpt-4.1, api_key: ${secret}, extra_headers: { x-team: tok-9876543210 } }`,
      '  - model_name: b',
      `    litellm_params: { model: openai/gpt-4.1-mini, api_key: ${secret}, extra_headers: { x-team: tok-9876543210 } }`,
      '  - model_name: c',
      '    litellm_params: { model: anthropic/claude-haiku-4-5, api_key: os.environ/HOUSE_KEY }',
      'router_settings: { redis_host: cache, redis_password: redis-hunter2 }',
      'general_settings: { master_key: sk-master-1234567890, database_url: "postgres://me:pg-hunter2@db/l" }',
      `${secret}: 1`,
    )
    for (const hidden of [secret, 'sk-house', 'sk-unused', 'tok-98', 'hunter2', 'sk-master']) {
      expect({ hidden, stands: text.includes(hidden) }).toEqual({ hidden, stands: false })
    }
    expect(Object.keys(settings.providers)).toEqual(['openai', 'anthropic'])
    expect(settings.providers['openai']?.api_key).toBe('https://not-set.invalid/v1')
    expect(settings.providers['anthropic']?.api_key).toBe('https://not-set.invalid/v1')
    expect(text).toContain('HOUSE_KEY (its value stands in the file that was converted)')
  })

  test('a literal key does not take the variable that another provider is given by name', () => {
    const { written } = convert(
      'model_list:',
      '  - model_name: a',
      '    litellm_params: { model: openai/gpt-4.1, api_key: os.environ/OPENAI_2_API_KEY }',
      '  - model_name: b',
      `    litellm_params: { model: openai/gpt-4.1, api_key: ${secret} }`,
    )
    expect(written['providers']).toMatchObject({
      openai: { api_key: '$' + '{OPENAI_2_API_KEY}' },
      'openai-2': { api_key: '$' + '{OPENAI_2_API_KEY_2}' },
    })
  })
})

describe('rules', () => {
  const two = (first: string, second: string, ...more: readonly string[]) =>
    convert(
      'model_list:',
      `  - { model_name: m, litellm_params: { model: openai/m, api_key: os.environ/A${first} } }`,
      `  - { model_name: m, litellm_params: { model: anthropic/n, api_key: os.environ/B${second} } }`,
      ...more,
    ).written['routes']

  test('deployments of one name share by weight, else by rpm, else by tpm, else evenly', () => {
    expect(two(', weight: 9, rpm: 1', ', weight: 1, rpm: 9')).toEqual([
      {
        match: 'm',
        strategy: 'weighted',
        targets: [
          { provider: 'openai', weight: 9 },
          { provider: 'anthropic', model: 'n', weight: 1 },
        ],
      },
    ])
    expect(two(', rpm: 60', ', rpm: 30')).toMatchObject([
      { strategy: 'weighted', targets: [{ weight: 60 }, { weight: 30 }] },
    ])
    expect(two(', tpm: 600', ', tpm: 300')).toMatchObject([{ targets: [{ weight: 600 }, { weight: 300 }] }])
    expect(two('', '')).toEqual([
      { match: 'm', strategy: 'weighted', targets: ['openai', { provider: 'anthropic', model: 'n' }] },
    ])
  })

  test('`order` is fail-over, and the strategies have their names here', () => {
    expect(two(', order: 2', ', order: 1')).toEqual([
      { match: 'm', targets: [{ provider: 'anthropic', model: 'n' }, 'openai'] },
    ])
    for (const [theirs, ours] of [
      ['least-busy', 'least-loaded'],
      ['latency-based-routing', 'lowest-latency'],
      ['cost-based-routing', 'cheapest'],
      ['usage-based-routing-v2', 'least-loaded'],
      ['nobody-knows', 'weighted'],
    ] as const) {
      expect(two('', '', `router_settings: { routing_strategy: ${theirs} }`)).toMatchObject([
        { strategy: ours },
      ])
    }
  })

  test('those that take over follow, for one name, for all, and by default', () => {
    const { written, left } = convert(
      'model_list:',
      '  - { model_name: a, litellm_params: { model: openai/a } }',
      '  - { model_name: b, litellm_params: { model: anthropic/b } }',
      '  - { model_name: c, litellm_params: { model: groq/c, max_retries: 4 } }',
      'litellm_settings:',
      '  fallbacks: [{ a: [b, missing] }]',
      '  context_window_fallbacks: [{ a: [c] }]',
      '  default_fallbacks: [a]',
    )
    expect(written['routes']).toEqual([
      {
        match: 'a',
        targets: ['openai', 'anthropic', 'groq'].map((provider) =>
          provider === 'openai' ? provider : { provider, model: provider === 'groq' ? 'c' : 'b' },
        ),
      },
      { match: 'b', targets: ['anthropic', { provider: 'openai', model: 'a' }] },
      { match: 'c', tries: 5, targets: ['groq', { provider: 'openai', model: 'a' }] },
    ])
    expect(left).toEqual([
      'litellm_settings.fallbacks[0]: `missing` is no model of the file that is carried over',
    ])
  })

  test('wildcards are a rule, or the provider’s name before the model’s, and never a guess', () => {
    const { written, left, notes } = convert(
      'model_list:',
      '  - { model_name: "groq/*", litellm_params: { model: "groq/*" } }',
      '  - { model_name: "claude-*", litellm_params: { model: "anthropic/claude-*" } }',
      '  - { model_name: "*", litellm_params: { model: "openai/*" } }',
      '  - { model_name: "house/*", litellm_params: { model: "mistral/*" } }',
      '  - { model_name: exact, litellm_params: { model: openai/gpt-4.1 } }',
      '  - { model_name: "any/*", litellm_params: { model: "*" } }',
    )
    expect(written['routes']).toEqual([
      { match: 'exact', targets: [{ provider: 'openai', model: 'gpt-4.1' }] },
      { match: 'claude-*', targets: ['anthropic'] },
      { match: '*', targets: ['openai'] },
    ])
    expect(left).toEqual([
      'model_list[3].litellm_params.model: a wildcard renames models, which rules here do not: name them one by one',
    ])
    expect(notes.filter(({ outcome }) => outcome === 'same').map(({ path }) => path)).toEqual([
      'model_list[0].litellm_params.model',
      'model_list[5].litellm_params.model',
    ])
  })

  test('a name with another provider’s prefix does not become a pin', () => {
    const { written } = convert(
      'model_list:',
      '  - { model_name: anthropic/claude, litellm_params: { model: openai/gpt-4.1 } }',
      '  - { model_name: c, litellm_params: { model: anthropic/claude-haiku-4-5 } }',
    )
    expect(Object.keys(written['providers'] ?? {})).toEqual(['openai', 'anthropic-2'])
  })

  test('aliases, prices and prices of long requests are exact', () => {
    const { written, settings } = convert(
      'model_list:',
      '  - model_name: m',
      '    litellm_params: { model: openai/m, input_cost_per_token: 1.5e-07 }',
      '    model_info:',
      '      input_cost_per_token: 9',
      '      output_cost_per_token: 0.0000006',
      '      cache_read_input_token_cost: 3E-8',
      '      input_cost_per_token_above_200k_tokens: 0.0000003',
      '      output_cost_per_second: 0.1',
      'router_settings: { model_group_alias: { gpt: m, hidden: { model: m, hidden: true } } }',
    )
    expect(written['prices']).toEqual([
      {
        match: 'm',
        provider: 'openai',
        input_per_mtok: '0.15',
        output_per_mtok: '0.6',
        cache_read_per_mtok: '0.03',
        tiers: [{ above_input_tokens: 200000, input_per_mtok: '0.3' }],
      },
    ])
    expect(settings.aliases).toEqual({ gpt: 'm', hidden: 'm' })
  })
})

describe('the file as people have it', () => {
  test('anchors, merged sections, CRLF, a byte order mark and other scripts', () => {
    const text = lines(
      '\uFEFFx-shared: &shared',
      '  api_key: os.environ/ключ_нет',
      '  api_base: http://gpu.internal:9000/v1',
      'model_list:',
      '  - model_name: 模型-一 ☃',
      '    litellm_params:',
      '      <<: *shared',
      '      api_key: os.environ/GPU_KEY',
      '      model: openai/Qwen/Qwen3-32B',
      '  - &second',
      '    model_name: "deux $' + '{pas}"',
      '    litellm_params: { <<: *shared, api_key: none, model: "openai/é" }',
      '  - *second',
    ).replaceAll('\n', '\r\n')
    const { settings, notes } = convertAs('litellm', text)
    expect(settings.routes.map(({ match }) => match)).toEqual([['模型-一 ☃'], ['deux $' + '{pas}']])
    expect(settings.routes[0]?.targets).toEqual([{ provider: 'gpu.internal-9000', model: 'Qwen/Qwen3-32B' }])
    expect(notes.find(({ setting }) => setting === 'routes[0]')?.line).toBe(5)
  })

  test('every setting is carried over, changed, the same, or left with a reason; unknown ones are called so', () => {
    const { left, settings } = convert(
      'model_list: []',
      'router_settings:',
      '  num_retries: 4',
      '  timeout: 45',
      '  allowed_fails: 2',
      '  cooldown_time: 90',
      '  redis_url: redis://:pw@cache:6379',
      '  retry_policy: { TimeoutErrorRetries: 3 }',
      '  brand_new: true',
      'litellm_settings: { num_retries: 1, request_timeout: 10, json_logs: true, set_verbose: yes, cache: true }',
      'general_settings: { max_request_size_mb: 8, master_key: sk-1, alerting: [slack], alerting_threshold: wrong }',
      'whatever: [1]',
    )
    expect(settings.redis.url).toBe('redis://not-set.invalid')
    expect(settings.retry.tries).toBe(5)
    expect(settings.timeouts.first_byte).toBe(45_000)
    expect(settings.circuits).toMatchObject({ failures: 3, open_for: 90_000, longest_open: 90_000 })
    expect(settings.listen.max_body).toBe(8 * 1024 * 1024)
    expect(settings.telemetry.log.level).toBe('debug')
    expect(left.map((text) => text.split(':')[0])).toEqual([
      'router_settings.retry_policy',
      'router_settings.brand_new',
      'litellm_settings.num_retries',
      'litellm_settings.request_timeout',
      'litellm_settings.cache',
      'general_settings.master_key',
      'general_settings.alerting',
      'general_settings.alerting_threshold',
      'whatever',
    ])
    expect(left).toContain('router_settings.brand_new: is no key that this conversion knows')
  })

  test('values of a wrong type or form cost themselves and no more', () => {
    const { left, settings } = convert(
      'model_list:',
      '  - { model_name: ok, litellm_params: { model: openai/gpt-4.1, rpm: many, timeout: [1] } }',
      '  - { model_name: far, litellm_params: { model: openai/x, api_base: not an address } }',
      '  - { model_name: no-params }',
      '  - just a text',
      '  - { model_name: [a], litellm_params: { model: openai/gpt-4.1 } }',
      '  - { model_name: none, litellm_params: { api_key: x } }',
      'router_settings: { fallbacks: [ok], num_retries: -1, cooldown_time: 1e9 }',
      'general_settings: 5',
    )
    expect(settings.routes.map(({ match }) => match)).toEqual([['ok']])
    expect(Object.keys(settings.providers)).toEqual(['openai'])
    expect(left.map((text) => text.split(': ')[0])).toEqual([
      'model_list[0].litellm_params.timeout',
      'model_list[0].litellm_params.rpm',
      'model_list[1].litellm_params.model',
      'model_list[1].model_name',
      'model_list[2]',
      'model_list[3]',
      'model_list[3]',
      'model_list[4].model_name',
      'model_list[4]',
      'model_list[5].litellm_params',
      'router_settings.num_retries',
      'router_settings.fallbacks[0]',
      'router_settings.cooldown_time',
      'general_settings',
    ])
    expect(left).toContain(
      'model_list[1].litellm_params.model: `providers.openai-2.base_url` must be an http or https URL',
    )
  })

  test('what is no YAML is told with its line, and without a word of it', () => {
    const broken = (text: string) => {
      try {
        convertAs('litellm', text)
      } catch (error) {
        if (isConfigError(error)) return error.message
      }
      return 'converted'
    }
    expect(broken(`model_list:\n  - a: "${secret}\n`)).toMatch(
      /^the configuration is invalid: \/own\/litellm\.conf:\d: is not valid YAML: /,
    )
    expect(broken(`model_list:\n\t- ${secret}: [`)).not.toContain(secret)
    expect(broken('- a\n- b\n')).toContain('the file must hold `key: value` lines')
    expect(broken('a: *nobody\n')).toContain('has no anchor')
    expect(broken(`a: &a [${'*b, '.repeat(3)}]\n`)).toContain('has no anchor')
    expect(broken(`${'['.repeat(20_000)}`)).toMatch(/nested too deeply|is not valid YAML/)
    expect(convertAs('litellm', '').written).toEqual({})
    expect(convertAs('litellm', '# nothing\n').text).toContain('{}')
  })
})

describe('budgets and limits', () => {
  test('of all, of vendors and of deployments, with the calendar that LiteLLM has', () => {
    const { settings } = convert(
      'model_list:',
      '  - { model_name: a, litellm_params: { model: openai/a, max_budget: 5, budget_duration: 1d } }',
      '  - { model_name: b, litellm_params: { model: anthropic/b, max_budget: 0.25, budget_duration: 12h } }',
      'router_settings:',
      '  provider_budget_config:',
      '    openai: { budget_limit: 1e2, time_period: 7d }',
      '    azure: { budget_limit: 1, time_period: 1d }',
      'litellm_settings: { max_budget: 1000, budget_duration: 30d, timezone: US/Eastern }',
    )
    expect(settings.budgets).toMatchObject([
      { level: 'global', limit_usd: '1000', period: 'month', timezone: 'US/Eastern', mode: 'metered' },
      { level: 'model', match: 'a', limit_usd: '5', period: 'day', timezone: 'US/Eastern' },
      { level: 'model', match: 'b', limit_usd: '0.25', period: 12 * 3_600_000 },
      { level: 'provider', match: 'openai', limit_usd: '100', period: 'week' },
    ])
  })

  test('of a deployment are what its provider allows, where it is asked for nothing else', () => {
    // Asked before the schema is: the section may belong to a later release.
    const draft = convertLitellm(
      lines(
        'model_list:',
        '  - { model_name: a, litellm_params: { model: openai/a, rpm: 60, tpm: 9000, max_parallel_requests: 3 } }',
        '  - { model_name: b, litellm_params: { model: groq/b, rpm: 30 } }',
        '  - { model_name: c, litellm_params: { model: groq/c, itpm: 700, otpm: 70 } }',
        'general_settings: { global_max_parallel_requests: 40 }',
      ),
      'own.yaml',
    )
    expect(draft.settings['providers']).toMatchObject({
      openai: { limits: { requests_per_minute: 60, tokens_per_minute: 9000, concurrent: 3 } },
    })
    expect(draft.settings['limits']).toEqual([
      { level: 'global', concurrent: 40 },
      { level: 'model', match: 'b', requests_per_minute: 30 },
      { level: 'model', match: 'c', input_tokens_per_minute: 700 },
      { level: 'model', match: 'c', output_tokens_per_minute: 70 },
    ])
  })
})
