import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clearPlaces, makePlace, type Place } from './running-cli.fixture.ts'

afterAll(clearPlaces)

const secrets = { good: 'sk-vault-good-0123456789', other: 'sk-vault-other-0123456789' }

const startProvider = () =>
  Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ headers }) =>
      Object.values(secrets).some((secret) => headers.get('authorization') === `Bearer ${secret}`)
        ? Response.json({ data: [] })
        : new Response('no', { status: 401 }),
  })

let provider: ReturnType<typeof startProvider>
beforeAll(() => {
  provider = startProvider()
})
afterAll(() => provider.stop(true))

const placeWithProvider = (): Place => {
  const place = makePlace()
  const base = `http://127.0.0.1:${provider.port}/v1`
  writeFileSync(
    join(place.folder, 'tollgate.yaml'),
    `providers:\n  up: { kind: openai-compatible, base_url: "${base}" }\n`,
  )
  return place
}

const env = { NO_PROXY: '127.0.0.1' }

/** The same, whether a server runs or not. */
const useCredentials = async (place: Place): Promise<void> => {
  const tgw = (args: readonly string[], input?: string) =>
    place.tgw(args, { env, ...(input === undefined ? {} : { input }) })
  const refused = await tgw(['credentials', 'add', 'up'], 'sk-vault-wrong-0123456789\n')
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain('up refused it (401)')
  const added = await tgw(['credentials', 'add', 'up', '--json'], `${secrets.good}\n`)
  expect(JSON.parse(added.stdout)).toMatchObject({ label: 'default', test: { outcome: 'accepted' } })
  expect((await tgw(['credentials', 'add', 'up'], secrets.good)).stderr).toContain(
    'rotate it, or give another label',
  )
  const forced = await tgw(
    ['credentials', 'add', 'up', '--label', 'bad', '--force'],
    'sk-vault-wrong-0123456789',
  )
  expect(forced).toMatchObject({ code: 0, stderr: 'warning: up refused it (401); the key was stored\n' })
  const rotated = await tgw(['credentials', 'rotate', 'up/bad', '--no-test'], secrets.other)
  expect(rotated).toMatchObject({ code: 0, stderr: '' })
  expect((await tgw(['credentials', 'test', 'up/bad'])).code).toBe(0)
  const listed = await tgw(['credentials', 'list'])
  expect(listed.stdout).toMatch(/up +bad +sk-…6789 +http:\/\/127\.0\.0\.1:\d+ +ok/)
  expect((await tgw(['credentials', 'remove', 'up'])).stderr).toContain('several credentials')
  expect((await tgw(['credentials', 'remove', 'up/bad'])).code).toBe(0)
  expect((await tgw(['credentials', 'remove', secrets.good])).stderr).not.toContain(secrets.good)
  expect((await tgw(['credentials', 'add', 'up', '--label', 'x'], '')).code).toBe(2)
  expect(refused.stderr + added.stdout + forced.stdout + listed.stdout).not.toMatch(/sk-vault-\w+-/)
}

describe('credentials', () => {
  test('are kept without a server, and the vault is rotated under them', async () => {
    const place = placeWithProvider()
    const empty = await place.tgw(['vault', 'rotate'], { env })
    expect(empty).toMatchObject({ code: 1, stdout: '' })
    expect(empty.stderr).toContain('the vault is empty')
    await useCredentials(place)
    const before = readFileSync(join(place.dataDir, 'master.key'), 'utf8')
    const rotated = JSON.parse((await place.tgw(['vault', 'rotate', '--json'], { env })).stdout)
    expect(readdirSync(place.dataDir)).toContain(`master.key.${rotated.before}`)
    expect(readFileSync(join(place.dataDir, 'master.key'), 'utf8')).not.toBe(before)
    expect((await place.tgw(['credentials', 'test', 'up'], { env })).code).toBe(0)
  }, 120_000)

  test('are kept by the server that runs', async () => {
    const place = placeWithProvider()
    expect((await place.apart(['start', '--daemon'], { env })).code).toBe(0)
    await useCredentials(place)
    const rotated = await place.tgw(['vault', 'rotate'], { env })
    expect(rotated).toMatchObject({ code: 0, stderr: '' })
    expect(rotated.stdout).toContain('It wraps 4 keys; what they seal is as it was.')
    expect((await place.tgw(['credentials', 'test', 'up'], { env })).code).toBe(0)
  }, 120_000)

  test('that the settings name are removed by force only', async () => {
    const place = placeWithProvider()
    const file = join(place.folder, 'tollgate.yaml')
    await place.tgw(['credentials', 'add', 'up'], { env, input: secrets.good })
    writeFileSync(file, readFileSync(file, 'utf8').replace(' }', ', api_key: "vault:up/default" }'))
    const kept = await place.tgw(['credentials', 'remove', 'up'], { env })
    expect(kept.stderr).toContain('the settings name vault:up/default')
    expect((await place.tgw(['credentials', 'remove', 'up', '--force'], { env })).code).toBe(0)
  }, 60_000)
})

test('a master key from outside is rotated to one from a file, and it says what to set', async () => {
  const place = placeWithProvider()
  const [old, next] = [randomBytes(32), randomBytes(32)].map((bytes) => bytes.toString('base64'))
  const given = { ...env, TGW_MASTER_KEY: old ?? '' }
  await place.tgw(['credentials', 'add', 'up'], { env: given, input: secrets.good })
  const missing = await place.tgw(['vault', 'rotate'], { env: given })
  expect(missing.code).toBe(2)
  expect(missing.stderr).toContain('--new-key-file')
  const file = join(place.folder, 'next.key')
  writeFileSync(file, `${next}\n`)
  const rotated = await place.tgw(['vault', 'rotate', '--new-key-file', 'next.key'], { env: given })
  expect(rotated).toMatchObject({ code: 0, stderr: '' })
  expect(rotated.stdout).toContain('set TGW_MASTER_KEY to the new key')
  expect(rotated.stdout).not.toContain(next ?? '')
  const test = (more: Readonly<Record<string, string>>) =>
    place.tgw(['credentials', 'test', 'up'], { env: { ...env, ...more } })
  expect((await test(given)).stderr).toContain('sealed with master key')
  expect((await test({ ...given, TGW_NEXT_MASTER_KEY: next ?? '' })).code).toBe(0)
  expect((await test({ TGW_MASTER_KEY: next ?? '' })).code).toBe(0)
}, 60_000)

test('a key is changed flag by flag', async () => {
  const place = placeWithProvider()
  expect((await place.apart(['start', '--daemon'], { env })).code).toBe(0)
  const tgw = async (...args: readonly string[]) => place.tgw(['keys', ...args, '--json'], { env })
  const made = await tgw(
    ...['create', '--name', 'ci', '--models', 'claude-*, gpt-5', '--model', 'o3', '--tags', 'ci,nightly'],
    ...[
      '--allow-tags',
      'project-*',
      '--allow-address',
      '10.0.0.0/8',
      '--prefer',
      'up',
      '--strategy',
      'cheapest',
    ],
    ...['--metadata', 'team=core', '--metadata', 'note=a=b', '--expires', '30d', '--endpoints', 'generate'],
  )
  const key = JSON.parse(made.stdout)
  expect(key).toMatchObject({
    scopes: {
      models: ['claude-*', 'gpt-5', 'o3'],
      endpoints: ['generate'],
      providers: null,
      tags: ['project-*'],
    },
    options: {
      tags: ['ci', 'nightly'],
      allowedAddresses: ['10.0.0.0/8'],
      routing: { strategy: 'cheapest', prefer: ['up'] },
    },
    metadata: { team: 'core', note: 'a=b' },
  })
  expect(key.expiresAt).toBeGreaterThan(Date.now() + 29 * 86_400_000)
  const changed = await tgw(
    ...['update', 'ci', '--models', 'any', '--allow-address', 'any', '--strategy', 'rule', '--disable'],
    ...['--expires', 'never', '--tags', 'none'],
  )
  expect(JSON.parse(changed.stdout)).toMatchObject({
    disabled: true,
    expiresAt: null,
    scopes: { models: null, endpoints: ['generate'], tags: ['project-*'] },
    options: { tags: [], allowedAddresses: null, routing: { strategy: null, prefer: ['up'] } },
  })
  const rotated = JSON.parse((await tgw('rotate', 'ci', '--overlap', '1h', '--expires', '90d')).stdout)
  expect(rotated.expiresAt).toBeGreaterThan(Date.now() + 89 * 86_400_000)
  expect(rotated.secret).not.toBe(key.secret)
  for (const wrong of [
    ['update', 'ci'],
    ['update', 'ci', '--firewall', 'block'],
    ['update', 'ci', '--allow-address', '10.0.0.1/8'],
    ['update', 'ci', '--endpoints', 'nope'],
    ['update', 'ci', '--models', 'any', '--models', 'x'],
    ['update', 'ci', '--metadata', 'x'],
  ])
    expect({ wrong, code: (await tgw(...wrong)).code }).toEqual({ wrong, code: 2 })
}, 120_000)
