// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the syntax of our files, not of a template
import { describe, expect, test } from 'bun:test'
import { cwd, load, main, problemsOf, yaml } from './load-config.fixture.ts'

describe('sources', () => {
  test('without any, everything has its default', () => {
    const { settings, files, origin } = load({})
    expect(settings.listen).toEqual({ host: '127.0.0.1', port: 8081, max_body: 33_554_432, idle: 30_000 })
    expect(settings.data_dir).toBe('/home/me/.tollgate')
    expect(files).toEqual([])
    expect(origin('listen.port')).toBe('default')
  })

  test('rise from file over profile and environment to flags', () => {
    const files = {
      [main]: 'listen: { host: a, port: 1, max_body: 1KB }\nmode: passthrough\n',
      [`${cwd}/tollgate.live.yaml`]: 'listen:\n  port: 2\n  max_body: 2KB\n  idle: 2s\n',
    }
    const env = { TGW_PROFILE: 'live', TGW_LISTEN__MAX_BODY: '3KB', TGW_LISTEN__IDLE: '3s' }
    const { settings, origin, files: read } = load({ files, env, flags: { 'listen.idle': '4s' } })
    expect(settings.listen).toEqual({ host: 'a', port: 2, max_body: 3072, idle: 4000 })
    expect(origin('listen.host')).toEqual({ file: main, line: 1, column: 17 })
    expect(origin('listen.port')).toEqual({ file: `${cwd}/tollgate.live.yaml`, line: 2, column: 9 })
    expect(origin('listen.max_body')).toBe('env TGW_LISTEN__MAX_BODY')
    expect(origin('listen.idle')).toBe('flag')
    expect(origin('debug')).toBe('default')
    expect(read).toEqual([main, `${cwd}/tollgate.live.yaml`])
  })

  test('merge sections deeply and replace lists', () => {
    const files = {
      [main]: 'providers: { a: { api_key: x }, b: { api_key: y } }\nroutes: [{ match: a, targets: [a] }]',
      [`${cwd}/tollgate.dev.yaml`]:
        'providers: { b: { base_url: http://b } }\nroutes: [{ match: b, targets: [b] }]',
    }
    const { settings } = load({ files, env: { TGW_PROFILE: 'dev' } })
    expect(settings.providers).toEqual({ a: { api_key: 'x' }, b: { api_key: 'y', base_url: 'http://b' } })
    expect(settings.routes).toEqual([{ match: 'b', targets: ['b'] }])
  })

  test('know the place of a value in a list that a text was made into', () => {
    const { origin } = yaml('routes:\n  - match: a\n    targets: [x, { provider: y }]')
    expect(origin('routes[0].targets[1].provider')).toEqual({ file: main, line: 3, column: 30 })
    expect(origin(['routes', 0, 'targets', 0, 'provider'])).toEqual({ file: main, line: 3, column: 15 })
    expect(origin('routes[0].name')).toBe('default')
  })

  test('give settings that cannot be changed', () => {
    const { settings } = yaml('routes: [{ match: a, targets: [a] }]')
    expect(Object.isFrozen(settings)).toBe(true)
    expect(Object.isFrozen(settings.routes[0]?.targets)).toBe(true)
  })
})

describe('values of open type', () => {
  test('are read as the schema wants them', () => {
    const env = { PORT: '9000', KEY: '1234567', ON: 'true', IDLE: '45' }
    const { settings } = yaml(
      'listen: { port: ${PORT}, idle: ${IDLE} }\ndebug: ${ON}\nproviders: { a: { api_keys: [${KEY}] } }',
      { env },
    )
    expect(settings.listen).toMatchObject({ port: 9000, idle: 45_000 })
    expect(settings.debug).toBe(true)
    expect(settings.providers['a']?.api_keys).toEqual(['1234567'])
  })

  test('of the environment keep a key of digits, a colon or braces a text', () => {
    for (const key of ['0012', '1e5', 'true', 'a: b', '{x', '[y]', '%z', '*w', '"q', 'null', '- a']) {
      const { settings } = load({ env: { TGW_PROVIDERS__A__API_KEY: key } })
      expect(settings.providers['a']?.api_key).toBe(key)
    }
  })

  test('of the environment and flags may be lists and sections', () => {
    const { settings } = load({
      env: { TGW_ROUTES: '[{ match: "a*", targets: [x] }]' },
      flags: { aliases: '{ s: m }', 'aliases."gpt-5.1"': 'n', debug: true, 'listen.port': 7 },
    })
    expect(settings.routes).toEqual([{ match: 'a*', targets: ['x'] }])
    expect(settings.aliases).toEqual({ s: 'm', 'gpt-5.1': 'n' })
    expect(settings.debug).toBe(true)
    expect(settings.listen.port).toBe(7)
  })

  test('written in quotes in a file stay texts', () => {
    expect(problemsOf(() => yaml('listen: { port: "${PORT}" }', { env: { PORT: '1' } }))).toHaveLength(1)
  })

  test('sections without content count as absent', () => {
    const { settings } = yaml('listen:\nroutes:\naliases:\nproviders:\n  a:\n')
    expect(settings.listen.port).toBe(8081)
    expect(settings.providers).toEqual({})
  })
})

describe('paths', () => {
  test('start at the home folder, the folder of the file, or the working folder', () => {
    const content = 'data_dir: ~/data\nlisten: { tls: { cert_file: tls/cert.pem, key_file: /abs/key.pem } }'
    const { settings } = load({
      files: { '/etc/tg/config.yaml': content },
      flags: { config: '/etc/tg/config.yaml' },
    })
    expect(settings.data_dir).toBe('/home/me/data')
    expect(settings.listen.tls).toEqual({ cert_file: '/etc/tg/tls/cert.pem', key_file: '/abs/key.pem' })
    expect(load({ env: { TGW_DATA_DIR: 'here' } }).settings.data_dir).toBe('/srv/app/here')
    expect(load({ flags: { data_dir: '~' } }).settings.data_dir).toBe('/home/me')
  })

  test('of other users are refused rather than made into a folder named ~', () => {
    expect(problemsOf(() => yaml('data_dir: ~bob/x'))).toEqual([
      expect.stringContaining('1:11 data_dir: `~` with a user name'),
    ])
  })
})
