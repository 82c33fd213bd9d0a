import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clearPlaces, type Ended, makePlace, type Place } from './running-cli.fixture.ts'

const json = ({ stdout }: Ended) => JSON.parse(stdout)

let place: Place
const tgw = (...args: string[]) => place.tgw(['admin', ...args])

beforeAll(async () => {
  place = makePlace()
  const { code, stderr } = await place.apart(['start', '--daemon'])
  expect({ code, stderr }).toMatchObject({ code: 0 })
}, 60_000)
afterAll(clearPlaces)

describe('tgw admin', () => {
  test('creates, lists, changes, suspends and deletes users, by address', async () => {
    const made = json(
      await tgw('users', 'create', 'ada@example.com', '--name', 'Ada', '--role', 'admin', '--json'),
    )
    expect(made).toMatchObject({ email: 'ada@example.com', role: 'admin', state: 'active' })
    const invited = await tgw('users', 'invite', 'bob@example.com')
    expect(invited).toMatchObject({ code: 0, stderr: expect.stringContaining('no mail was sent') })
    const list = await tgw('users', 'list')
    expect(list.stdout).toContain('admin@local')
    expect(list.stdout).toMatch(/ada@example\.com +Ada +admin +active/)
    expect(await tgw('teams', 'create', 'platform')).toMatchObject({ code: 0 })
    const updated = await tgw(
      'users',
      'update',
      'ada@example.com',
      '--team',
      'platform',
      '--role',
      'viewer',
      '--json',
    )
    expect(json(updated)).toMatchObject({ role: 'viewer', team: expect.stringMatching(/^team_/) })
    expect(json(await tgw('users', 'update', made.id, '--no-team', '--json')).team).toBeNull()
    expect((await tgw('users', 'suspend', 'ada@example.com')).stdout).toStartWith('suspended user_')
    expect((await tgw('users', 'activate', 'ada@example.com')).stdout).toStartWith('active user_')
    expect((await tgw('users', 'delete', 'ada@example.com')).stdout).toContain('keys revoked: 0')
    expect(await tgw('users', 'delete', 'ada@example.com')).toMatchObject({
      ...{ code: 1, stdout: '', stderr: expect.stringContaining('no user has this e-mail address') },
    })
    const last = await tgw('users', 'suspend', 'admin@local')
    expect(last).toMatchObject({ code: 1, stderr: expect.stringContaining('last active owner') })
    expect((await tgw('users', 'create', 'x@example.com', '--role', 'king')).code).toBe(2)
    expect((await tgw('users', 'create', 'nobody')).code).toBe(2)
    expect((await tgw('teams', 'delete', 'platform')).stdout).toContain('keys revoked: 0')
  }, 60_000)

  test('imports and exports users', async () => {
    const file = join(place.folder, 'people.csv')
    writeFileSync(
      file,
      '\ufeffemail,role,display_name\r\ncy@example.com,viewer,"Cy, =1"\r\ndora@example.com,king,D\r\n',
    )
    const atomic = await tgw('users', 'import', file, '--atomic')
    expect(atomic.code).toBe(1)
    expect(atomic.stdout).toContain('created 0, skipped 0, failed 1')
    const rows = await tgw('users', 'import', file, '--json')
    expect(rows.code).toBe(1)
    expect(json(rows).rows.map(({ result }: { result: string }) => result)).toEqual(['created', 'failed'])
    const again = await place.tgw(['admin', 'users', 'import', '-', '--skip-existing'], {
      input: 'cy@example.com\n',
    })
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('skipped 1') })
    const out = join(place.folder, 'out.csv')
    expect((await tgw('users', 'export', '--output', out)).code).toBe(0)
    expect(readFileSync(out, 'utf8')).toBe((await tgw('users', 'export')).stdout)
    expect(readFileSync(out, 'utf8')).toContain('cy@example.com,viewer,"Cy, =1",active\r\n')
    writeFileSync(file, Buffer.from('email\nj\xfcrgen@example.com\n', 'latin1'))
    expect(await tgw('users', 'import', file)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('not UTF-8'),
    })
    expect((await tgw('users', 'import', join(place.folder, 'none.csv'))).code).toBe(2)
  }, 60_000)

  test('makes keys for users in organisations, links, and ends sessions', async () => {
    expect((await tgw('organisations', 'create', 'acme')).code).toBe(0)
    expect((await tgw('organisations', 'list')).stdout).toContain('acme')
    await tgw('users', 'create', 'eve@example.com', '--organisation', 'acme', '--role', 'owner')
    const made = await tgw('api-keys', 'create', '--user', 'eve@example.com', '--expires', '30d')
    expect(made.stdout).toMatch(/secret {3}tgw-sk-\w{40}/)
    const listed = await tgw('api-keys', 'list', '--user', 'eve@example.com')
    expect(listed.stdout).toMatch(/tgw-sk-\w{4}… +eve@example\.com +active/)
    expect(listed.stdout).not.toMatch(/tgw-sk-\w{40}/)
    const { keys } = json(await tgw('api-keys', 'list', '--json'))
    expect(keys).toMatchObject([{ name: 'eve@example.com', organisation: expect.stringMatching(/^org_/) }])
    expect((await tgw('api-keys', 'delete', keys[0].id)).stdout).toStartWith('revoked key_')
    expect((await tgw('api-keys', 'create')).code).toBe(2)

    const link = await tgw('login-link', 'eve@example.com')
    expect(link).toMatchObject({ code: 0, stderr: 'valid for 10 minutes, once\n' })
    expect(link.stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/login\?token=tgw-login-\w{40}\n$/)
    const url = new URL(link.stdout.trim())
    const entered = await fetch(`${url.origin}/api/v1/login/verify`, {
      method: 'POST',
      body: JSON.stringify({ token: url.searchParams.get('token') }),
    })
    expect(entered.status).toBe(200)
    expect((await tgw('sessions', 'list', '--user', 'eve@example.com')).stdout).toContain('session_')
    expect((await tgw('sessions', 'revoke', 'eve@example.com')).stdout).toBe('sessions ended: 1\n')
    expect(json(await tgw('sessions', 'list', '--json')).sessions).toEqual([])
    expect(await tgw('login-link', 'nobody@example.com')).toMatchObject({ code: 1, stdout: '' })
  }, 60_000)

  test('gives no link to whoever is not on this machine, whatever token they have', async () => {
    const token =
      /tgw-admin-\w{40}/.exec(readFileSync(join(place.dataDir, 'first-start.txt'), 'utf8'))?.[0] ?? ''
    const { listeners } =
      json(await place.tgw(['status', '--json'])).health ?? json(await place.tgw(['status', '--json']))
    const far = await place.tgw(['admin', 'login-link', 'admin@local', '--url', String(listeners?.[0])], {
      env: { TGW_ADMIN_TOKEN: token },
    })
    expect(far).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('on the machine of the server'),
    })
  }, 60_000)
})
