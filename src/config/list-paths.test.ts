import { expect, test } from 'bun:test'
import { z } from 'zod'
import { byteSize, duration, secretText, text } from './fields.ts'
import { getPath, listPaths } from './list-paths.ts'
import { loadConfig } from './load-config.ts'
import { maskSecrets } from './mask-secrets.ts'
import { restartNeeded } from './restart-needed.ts'
import { settingMeta } from './setting-meta.ts'

const schema = z.strictObject({
  size: byteSize().prefault('32MB'),
  wait: z.strictObject({ first: duration().prefault('10m') }).prefault({}),
  url: z.string().optional().register(settingMeta, { secret: 'url' }),
  providers: z
    .record(
      z.string(),
      z.strictObject({
        api_key: secretText().optional(),
        keys: z.array(secretText()).optional(),
        headers: z.record(z.string(), z.string()).optional().register(settingMeta, { secret: 'value' }),
        name: text().optional(),
        session_token: z.string().optional(),
      }),
    )
    .prefault({})
    .register(settingMeta, { reloads: true }),
  list: z.array(z.string()).prefault([]),
})

const yaml = `url: postgres://me:hunter2@db/x?password=hunter3&ssl=1
providers:
  a: { api_key: hunter4, keys: [hunter5], headers: { authorization: hunter6 }, name: shown, session_token: hunter7 }
`

const config = loadConfig({
  schema,
  env: { TGW_WAIT__FIRST: '90' },
  cwd: '/w',
  home: '/h',
  readFile: (path) => (path === '/w/tollgate.yaml' ? yaml : undefined),
})

test('lists every setting as YAML would say it, with its origin and without secrets', () => {
  const file = (line: number, column: number) => ({ file: '/w/tollgate.yaml', line, column })
  expect(listPaths(config)).toEqual([
    { path: 'size', value: '32MB', origin: 'default' },
    { path: 'wait.first', value: '90s', origin: 'env TGW_WAIT__FIRST' },
    { path: 'url', value: 'postgres://me:***@db/x?password=***&ssl=1', origin: file(1, 6) },
    { path: 'providers.a.api_key', value: '[secret]', origin: file(3, 17) },
    { path: 'providers.a.keys[0]', value: '[secret]', origin: file(3, 33) },
    { path: 'providers.a.headers.authorization', value: '[secret]', origin: file(3, 69) },
    { path: 'providers.a.name', value: 'shown', origin: file(3, 86) },
    { path: 'providers.a.session_token', value: '[secret]', origin: file(3, 108) },
    { path: 'list', value: [], origin: 'default' },
  ])
})

test('masks secrets in a copy and leaves the settings alone', () => {
  expect(JSON.stringify(maskSecrets(schema, config.settings))).not.toContain('hunter')
  expect(config.settings.providers['a']?.api_key).toBe('hunter4')
})

test('masks a url that cannot be read as a whole', () => {
  expect(maskSecrets(schema, { url: 'me:hunter2@db' })).toEqual({ url: '[secret]' })
  expect(maskSecrets(schema, { url: 'redis://:hunter2@db/0' })).toEqual({ url: 'redis://:***@db/0' })
  expect(maskSecrets(schema, { url: 'postgres://a:p@ss:w@db/x' })).toEqual({ url: 'postgres://a:***@db/x' })
  expect(maskSecrets(schema, { url: 'postgres://a:p/w@db/x' })).toEqual({ url: 'postgres://a:***@db/x' })
  expect(maskSecrets(schema, { url: 'sqlite:/data/x.db' })).toEqual({ url: 'sqlite:/data/x.db' })
})

test('gives the value at a path', () => {
  expect(getPath(config.settings, 'providers.a.name')).toBe('shown')
  expect(getPath(config.settings, 'providers.a.keys[0]')).toBe('hunter5')
  expect(getPath(config.settings, 'providers.b.name')).toBeUndefined()
  expect(getPath(config.settings, 'providers.constructor')).toBeUndefined()
})

test('names what a restart is needed for, and nothing that reloads', () => {
  const before = schema.parse({ providers: { a: {} } })
  const after = schema.parse({
    providers: { a: { name: 'x' }, b: {} },
    size: 1,
    wait: { first: '1s' },
    list: ['a'],
  })
  expect(restartNeeded(schema, before, before)).toEqual([])
  expect(restartNeeded(schema, before, after)).toEqual(['size', 'wait.first', 'list'])
  expect(restartNeeded(schema, { ...before, url: 'x' }, before)).toEqual(['url'])
})
