import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  fieldsOf,
  foreignVariables,
  getPath,
  isConfigError,
  outlineAt,
  parsePath,
  variables,
} from './config/index.ts'
import { loadSettings } from './load-settings.ts'
import { databaseUrl, logFolder, maskSecrets, restartNeeded, settingsSchema } from './settings.ts'

type Variables = Readonly<Record<string, string>>

const load = (yaml: string, env: Variables = {}, flags: Readonly<Record<string, unknown>> = {}) =>
  loadSettings({
    env,
    flags,
    cwd: '/w',
    home: '/h',
    readFile: (path) => (path === '/w/tollgate.yaml' ? yaml : undefined),
  })

const problems = (yaml: string, env: Variables = {}): readonly string[] => {
  try {
    load(yaml, env)
  } catch (error) {
    if (!isConfigError(error)) throw error
    return error.problems.map(({ line, path, message }) => `${line ?? '-'} ${path}: ${message}`)
  }
  return []
}

const warnings = (yaml: string, env: Variables = {}): readonly string[] =>
  load(yaml, env).warnings.map(({ path, message }) => `${path}: ${message}`)

test('nothing has to be said', () => {
  const { settings, warnings: said } = load('')
  expect(said).toEqual([])
  expect(settings).toMatchObject({
    auth: 'on',
    data_dir: '/h/.tollgate',
    workers: 1,
    shutdown_timeout: 30_000,
  })
  expect(databaseUrl(settings)).toBe('sqlite:/h/.tollgate/tollgate.db')
  expect(logFolder(settings)).toBe('/h/.tollgate/logs')
})

describe('the tables of variables', () => {
  for (const { name, sets } of [...variables, ...foreignVariables]) {
    for (const path of sets) {
      test(`${name} sets ${path}, which exists`, () => {
        expect(outlineAt(settingsSchema, parsePath(path))).toBeDefined()
      })
    }
  }

  const foreign: readonly (readonly [string, string, string, unknown])[] = [
    ['TOKLIGENCE_FACADE_PORT', '9001', 'listen.port', 9001],
    ['TOKLIGENCE_FACADE_PORT', '9001', 'listen.ports.facade', 9001],
    ['TOKLIGENCE_ADMIN_PORT', '9002', 'listen.ports.admin', 9002],
    ['TOKLIGENCE_OPENAI_PORT', '9003', 'listen.ports.openai', 9003],
    ['TOKLIGENCE_ANTHROPIC_PORT', '9004', 'listen.ports.anthropic', 9004],
    ['TOKLIGENCE_GEMINI_PORT', '9005', 'listen.ports.gemini', 9005],
    ['TOKLIGENCE_MULTIPORT_MODE', 'true', 'listen.mode', 'multi'],
    ['TOKLIGENCE_MULTIPORT_MODE', 'false', 'listen.mode', 'single'],
    [
      'TOKLIGENCE_FACADE_ENDPOINTS',
      'openai_core, health',
      'listen.endpoints.facade',
      ['openai_core', 'health'],
    ],
    ['TOKLIGENCE_ADMIN_ENDPOINTS', 'admin', 'listen.endpoints.admin', ['admin']],
    ['TOKLIGENCE_OPENAI_ENDPOINTS', 'openai_core', 'listen.endpoints.openai', ['openai_core']],
    ['TOKLIGENCE_ANTHROPIC_ENDPOINTS', 'anthropic', 'listen.endpoints.anthropic', ['anthropic']],
    ['TOKLIGENCE_GEMINI_ENDPOINTS', 'gemini_native', 'listen.endpoints.gemini', ['gemini_native']],
    ['TOKLIGENCE_AUTH_DISABLED', 'true', 'auth', 'off'],
    ['TOKLIGENCE_AUTH_DISABLED', 'no', 'auth', 'on'],
    ['TOKLIGENCE_LOG_LEVEL', 'DEBUG', 'telemetry.log.level', 'debug'],
    ['TOKLIGENCE_WORK_MODE', 'Translation', 'work_mode', 'translation'],
    ['TOKLIGENCE_FALLBACK_ADAPTER', 'loopback', 'default_fallback', { provider: 'loopback' }],
    [
      'TOKLIGENCE_ROUTES',
      'x=>loopback',
      'routes',
      [{ match: ['x'], targets: [{ provider: 'loopback' }], strategy: 'fallback' }],
    ],
    [
      'TOKLIGENCE_MODEL_PROVIDER_ROUTES',
      'x*=>loopback',
      'routes',
      [{ match: ['x*'], targets: [{ provider: 'loopback' }], strategy: 'fallback' }],
    ],
    ['TOKLIGENCE_OPENAI_API_KEY', '0123', 'providers.openai.api_key', '0123'],
    ['TOKLIGENCE_OPENAI_BASE_URL', 'https://a/v1', 'providers.openai.base_url', 'https://a/v1'],
    ['TOKLIGENCE_OPENAI_ORG', 'org-1', 'providers.openai.organization', 'org-1'],
    ['TOKLIGENCE_ANTHROPIC_API_KEY', 'k', 'providers.anthropic.api_key', 'k'],
    ['TOKLIGENCE_ANTHROPIC_BASE_URL', 'https://a', 'providers.anthropic.base_url', 'https://a'],
    ['TOKLIGENCE_GEMINI_API_KEY', 'k', 'providers.google.api_key', 'k'],
    ['TOKLIGENCE_GEMINI_BASE_URL', 'https://a', 'providers.google.base_url', 'https://a'],
    [
      'TKNGATE_MASTER_KEY',
      'a-32-byte-key-a-32-byte-key-a-32',
      'secrets.master_key',
      'a-32-byte-key-a-32-byte-key-a-32',
    ],
  ]
  for (const [name, value, path, expected] of foreign) {
    test(`${name}=${value} is ${path}`, () => {
      expect(getPath(load('', { [name]: value }).settings, path)).toEqual(expected)
    })
  }

  test('have a case here for each variable of another gateway', () => {
    const tested = new Set(foreign.map(([name]) => name))
    expect(foreignVariables.map(({ name }) => name).filter((name) => !tested.has(name))).toEqual([])
  })

  test('of this gateway do what they say', () => {
    const env = {
      TGW_DATA_DIR: '/data',
      TGW_HOST: '0.0.0.0',
      TGW_PORT: '80',
      TGW_DATABASE_URL: 'postgres://u:p@h/d',
      TGW_MASTER_KEY: '123',
      TGW_ADMIN_TOKEN: 'a: b',
      TGW_BOOTSTRAP_KEY: 'tgw-sk-x',
      TGW_LOG_LEVEL: 'warn',
    }
    const { settings, warnings: said } = load('', env)
    expect(said).toEqual([])
    expect(settings).toMatchObject({
      data_dir: '/data',
      listen: { host: '0.0.0.0', port: 80, ports: { facade: 80 } },
      database: { url: 'postgres://u:p@h/d' },
      secrets: { master_key: '123', admin_token: 'a: b', bootstrap_key: 'tgw-sk-x' },
      telemetry: { log: { level: 'warn' } },
    })
  })
})

describe('settings that contradict each other', () => {
  test('no authentication beyond loopback', () => {
    expect(problems('auth: off')).toEqual([])
    expect(problems('auth: off\nlisten: { host: 0.0.0.0 }')).toEqual([
      '1 auth: `off` is possible only where `listen.host` is a loopback address such as 127.0.0.1',
    ])
  })

  test('a cache in a Redis that nobody named', () => {
    expect(problems('cache: { backend: redis }')).toEqual([
      '1 cache.backend: can be `redis` only where `redis.url` names one',
    ])
    expect(problems('cache: { backend: redis }\nredis: { url: "redis://127.0.0.1" }')).toEqual([])
    expect(
      problems('cache: { similar: { index: redis-vector-sets } }\nredis: { url: "redis://127.0.0.1" }'),
    ).toEqual([
      '1 cache.similar.index: can be `redis-vector-sets` only with `cache.backend: redis`: questions and answers lie at the same place',
    ])
    expect(problems('routes: [{ match: a, targets: [loopback], cache: { exact: on, ttl: 10m } }]')).toEqual(
      [],
    )
  })

  test('two open ports with one number', () => {
    expect(problems('listen: { mode: multi, ports: { admin: 8082 } }')).toEqual([
      '1 listen.ports.openai: is the port of `admin` already',
    ])
    expect(problems('listen: { mode: multi, ports: { admin: 8082 }, endpoints: { openai: [] } }')).toEqual([])
    expect(problems('listen: { mode: multi, ports: { admin: 0, openai: 0 } }')).toEqual([])
  })

  test('settings of the other listen mode are warned of', () => {
    expect(warnings('listen: { ports: { admin: 1 } }')).toEqual([
      'listen.ports.admin: has no effect with `mode: single`',
    ])
    expect(warnings('listen: { work_modes: { openai: passthrough } }')).toEqual([
      'listen.work_modes.openai: has no effect with `mode: single`; set `work_mode`',
    ])
    expect(warnings('listen: { mode: multi, work_modes: { openai: passthrough } }')).toEqual([])
    expect(warnings('listen: { mode: multi, port: 1 }')[0]).toStartWith('listen.port: has no effect')
    expect(warnings('listen: { mode: multi, endpoints: { admin: [health] } }')[0]).toContain(
      'leaves out `admin`',
    )
  })

  test('routes to providers that are not there', () => {
    const yaml = [
      'providers: { mine: { kind: vllm }, idle: { kind: vllm, enabled: false } }',
      'default_fallback: loopbak',
      'routes:',
      '  - match: a',
      '    targets: [mine, mnie, openai/gpt-5, groq, openai, loopback]',
    ].join('\n')
    expect(problems(yaml, { OPENAI_API_KEY: 'k' })).toEqual([
      '2 default_fallback: names the provider `loopbak`, which is not configured, did you mean `loopback`?',
      '5 routes[0].targets[1].provider: names the provider `mnie`, which is not configured, did you mean `mine`?',
      '5 routes[0].targets[2].provider: write the target as `{ provider: openai, model: gpt-5 }`',
      '5 routes[0].targets[3].provider: names the provider `groq`, which has no key: set GROQ_API_KEY, or configure it under `providers`',
    ])
    expect(warnings('providers: { x: { kind: vllm, enabled: false } }\ndefault_fallback: x')).toEqual([
      'default_fallback: names the provider `x`, which is turned off',
    ])
  })

  test('canaries of providers that are not there', () => {
    const canary = (provider: string) =>
      `audit: { canaries: [{ provider: ${provider}, model: m, prompt: "2 + 2?", every: 30m }] }`
    expect(problems(`providers: { mine: { kind: vllm } }\n${canary('mnie')}`)).toEqual([
      '2 audit.canaries[0].provider: names the provider `mnie`, which is not configured, did you mean `mine`?',
    ])
    expect(problems(canary('loopback'))).toEqual([])
  })

  test('prices of providers that are not there', () => {
    const price = (provider: string) => `prices: [{ match: a, provider: ${provider}, input_per_mtok: 1 }]`
    expect(problems(price('groq'))).toEqual([])
    expect(problems(price('gorq'))).toEqual([
      '1 prices[0].provider: names the provider `gorq`, which is not configured, did you mean `groq`?',
    ])
  })

  test('aliases of aliases are warned of', () => {
    expect(warnings('aliases: { a: b, b: c, d: d }')).toEqual([
      expect.stringContaining('aliases.a: stands for `b`, itself an alias'),
      'aliases.d: stands for itself and has no effect',
    ])
  })

  test('a provider without a key is warned of, a local one is not', () => {
    expect(warnings('providers: { openai: {}, vllm: {}, xai: { api_key: none } }')).toEqual([
      'providers.openai: names no key: unless the vault holds one (`tgw credentials add openai`), set `api_key` or OPENAI_API_KEY',
    ])
  })
})

test('there are so many workers', () => {
  expect(problems('workers: 65')).toEqual([expect.stringContaining('from 1 to 64, or `auto`')])
  expect(problems('workers: many')).toEqual([expect.stringContaining('from 1 to 64, or `auto`')])
})

test('every duration is parsed to milliseconds and every size to bytes, and says its unit', () => {
  const measured = fieldsOf(settingsSchema).filter(({ meta }) => meta.unit !== undefined)
  expect(measured.length).toBeGreaterThan(10)
  for (const { description } of measured) expect(description).toMatch(/in (?:seconds|bytes) or with a unit/)
})

test('database paths begin at home or at the folder of the file', () => {
  expect(load('database: { url: "sqlite:~/x.db" }').settings.database.url).toBe('sqlite:/h/x.db')
  expect(load('database: { url: "sqlite:x.db" }').settings.database.url).toBe('sqlite:/w/x.db')
  expect(load('database: { url: "sqlite::memory:" }').settings.database.url).toBe('sqlite::memory:')
  expect(problems('database: { url: mysql://x }')[0]).toContain(
    'must be `sqlite:/path/file.db` or `postgres://',
  )
})

test('what takes effect only at a restart is named', () => {
  const before = load('').settings
  const after = load(
    'listen: { port: 1, max_body: 1KB }\nroutes: [{ match: a, targets: [loopback] }]\ndatabase: { url: "sqlite:x" }\ntelemetry: { log: { level: debug, access: false } }\ntimeouts: { idle: 1 }',
  ).settings
  expect(restartNeeded(before, after)).toEqual(['listen.port', 'database.url', 'telemetry.log.access'])
})

test('a masked copy of the settings holds no secret', () => {
  const yaml = [
    'providers: { openai: { api_key: canary1, headers: { authorization: canary2 } }, groq: { api_keys: [canary3] } }',
    'database: { url: "postgres://u:canary4@h/d" }',
    'secrets: { master_key: canary6, admin_token: canary7, bootstrap_key: canary8 }',
    'telemetry: { metrics: { token: canary9 }, tracing: { headers: { authorization: canary10 } } }',
  ].join('\n')
  const { settings } = load(yaml)
  expect(JSON.stringify(settings).match(/canary\d/g)).toHaveLength(9)
  expect(JSON.stringify(maskSecrets(settings))).not.toMatch(/canary\d/)
})

test('whatever a file says, it is read or refused, never a crash', () => {
  const names = fieldsOf(settingsSchema).flatMap(({ keys }) => keys.map(String))
  const name = fc.oneof(
    fc.constantFrom(...names, 'openai', 'azure-openai', 'loopback', 'my-vllm', '__proto__'),
    fc.string(),
  )
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      'openai',
      'azure-openai',
      'http://x/v1',
      'https:x',
      '10s',
      'none',
      '~/x',
      'sqlite:x',
      'multi',
      1,
      0,
      -1,
      true,
      null,
    ),
    fc.string(),
    fc.double(),
  )
  const tree = fc.letrec((again) => ({
    node: fc.oneof(
      { maxDepth: 5, depthSize: 'large' },
      value,
      fc.array(again('node'), { maxLength: 3 }),
      fc.dictionary(name, again('node'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).node
  fc.assert(
    fc.property(fc.dictionary(name, tree, { maxKeys: 6, noNullPrototype: true }), (settings) => {
      problems(JSON.stringify(settings))
    }),
    { numRuns: 100 },
  )
}, 30_000)
