import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { clearPlaces, type Ended, makePlace, type Place } from './running-cli.fixture.ts'

const json = ({ stdout }: Ended) => JSON.parse(stdout)

afterAll(clearPlaces)

describe('without a server', () => {
  let place: Place
  beforeAll(() => {
    place = makePlace()
  })

  test('a command that needs one says what to do, and ends with 3', async () => {
    for (const args of [['status'], ['stop'], ['keys', 'list'], ['usage'], ['models']]) {
      const { code, stdout, stderr } = await place.tgw(args)
      expect({ args, code, stdout }).toEqual({ args, code: 3, stdout: '' })
      expect(stderr).toStartWith('tgw: no server runs in ')
    }
    expect(json(await place.tgw(['status', '--json']))).toMatchObject({ running: false })
  })

  test('wrong usage ends with 2, help and version with 0', async () => {
    for (const args of [
      [],
      ['nope'],
      ['keys', 'create'],
      ['start', '--port', 'x'],
      ['config', 'get', 'a..b'],
    ])
      expect({ args, code: (await place.tgw(args)).code }).toEqual({ args, code: 2 })
    expect((await place.tgw(['keys', 'create', '--help'])).stdout).toContain('--expires <when>')
    // What the command says is what its process ends with.
    expect(await place.apart(['nope'])).toMatchObject({ code: 2, stdout: '' })
    expect(await place.apart(['--version'])).toMatchObject({ code: 0, stderr: '' })
  })

  test('the first file is valid, and is not overwritten unasked', async () => {
    const file = join(place.folder, 'tollgate.yaml')
    expect(await place.tgw(['init'])).toMatchObject({ code: 0, stderr: '' })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await place.tgw(['config', 'check'])).toMatchObject({ code: 0, stdout: `valid: ${file}\n` })
    writeFileSync(file, '# mine\n')
    expect((await place.tgw(['init'])).code).toBe(1)
    expect(readFileSync(file, 'utf8')).toBe('# mine\n')
    expect((await place.tgw(['init', '--force'])).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toContain('listen:')
  })

  test('a broken file is told with its place, and ends every command with 78', async () => {
    const file = join(place.folder, 'broken.yaml')
    writeFileSync(file, 'listen:\n  prot: 1\n')
    for (const args of [
      ['config', 'check', file],
      ['start', '--config', file],
      ['status', '--config', file],
    ]) {
      const run = args[0] === 'start' ? place.apart : place.tgw
      const { code, stderr } = await run(args, args[0] === 'status' ? { env: { TGW_DATA_DIR: '' } } : {})
      expect({ args, code }).toEqual({ args, code: 78 })
      expect(stderr).toContain(`${file}:2:3: listen.prot: unknown key`)
    }
    expect(json(await place.tgw(['config', 'check', file, '--json']))).toMatchObject({
      valid: false,
      problems: [{ line: 2, path: 'listen.prot' }],
    })
    const doctor = await place.tgw(['doctor', '--config', file])
    expect(doctor.code).toBe(1)
    expect(doctor.stdout).toContain('unknown key')
  })

  test('a setting is changed in place, and what would be invalid is not written', async () => {
    const file = join(place.folder, 'own.yaml')
    const text = '# top\nlisten:\n  port: 1234   # why\n'
    writeFileSync(file, text, { mode: 0o640 })
    const set = (path: string, value: string) => place.tgw(['config', 'set', path, value, '--config', file])

    expect((await set('listen.prot', '1')).code).toBe(78)
    // Also where a variable hides it: TGW_PORT is set for the tests.
    expect((await set('listen.port', 'many')).code).toBe(78)
    expect((await set('routes', '[{')).code).toBe(2)
    expect(readFileSync(file, 'utf8')).toBe(text)

    const done = await set('listen.port', '4321')
    expect(done.code).toBe(0)
    expect(done.stderr).toContain('has no effect, since env TGW_PORT sets it too')
    expect(readFileSync(file, 'utf8')).toBe(text.replace('1234', '4321'))
    expect(statSync(file).mode & 0o777).toBe(0o640)

    const get = await place.tgw(['config', 'get', 'listen.port', '--config', file], { env: { TGW_PORT: '' } })
    expect(get).toMatchObject({ code: 0, stdout: '4321\n' })
  })

  test('a provider’s key is sealed: in no file, no log and no output', async () => {
    const sealing = makePlace()
    const secret = 'sk-planted-0123456789'
    const set = await sealing.apart(['config', 'set', 'providers.openai.api_key', '-'], {
      input: `${secret}\n`,
    })
    expect(set).toMatchObject({ code: 0, stderr: '' })
    const file = join(sealing.dataDir, 'tollgate.yaml')
    expect(readFileSync(file, 'utf8')).toContain('api_key: vault:openai/default')
    const shown = [set]
    for (const args of [
      ['config', 'show'],
      ['config', 'list', '--json'],
      ['config', 'get', 'providers.openai.api_key'],
    ])
      shown.push(await sealing.tgw(args))
    for (const { stdout, stderr } of shown) expect(stdout + stderr).not.toContain('planted')
    for (const found of new Bun.Glob('**/*').scanSync({ cwd: sealing.folder, absolute: true, dot: true }))
      expect(readFileSync(found).includes(secret)).toBe(false)

    // The key is bound to its address, also while nobody but this command looks.
    const moved = await sealing.tgw([
      'config',
      'set',
      'providers.openai.base_url',
      'https://elsewhere.example/v1',
    ])
    expect(moved.code).toBe(78)
    expect(moved.stderr).toContain('may not go to https://elsewhere.example')
    expect(readFileSync(file, 'utf8')).not.toContain('elsewhere')
  })

  test('the doctor tells what is wrong and how to fix it', async () => {
    const sick = makePlace()
    const taken = createServer()
    const { promise, resolve } = Promise.withResolvers<void>()
    taken.listen(0, '127.0.0.1', resolve)
    await promise
    const address = taken.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const env = {
      TGW_PORT: String(port),
      TGW_PROVIDERS__OPENAI__BASE_URL: 'http://127.0.0.1:1/v1',
      OPENAI_API_KEY: 'sk-x',
    }
    const doctor = await sick.tgw(['doctor', '--json'], { env })
    taken.close()
    expect(doctor.code).toBe(1)
    const findings = new Map(json(doctor).findings.map((one: { check: string }) => [one.check, one] as const))
    expect(findings.get('port')).toMatchObject({
      state: 'wrong',
      fix: expect.stringContaining('listen.port'),
    })
    expect(findings.get('provider openai')).toMatchObject({
      state: 'wrong',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    expect(findings.get('config')).toMatchObject({ state: 'ok' })
    expect(existsSync(sick.dataDir)).toBe(false)

    const well = await sick.tgw(['doctor'])
    expect(well).toMatchObject({ code: 0, stderr: '' })
    expect(well.stdout).toContain('nothing is wrong')
    expect(well.stdout).not.toContain('\u001b')
  })
})

describe('with a server', () => {
  let place: Place
  let url = ''
  beforeAll(async () => {
    place = makePlace()
    const started = await place.apart(['start', '--daemon', '--json'])
    expect(started).toMatchObject({ code: 0, stderr: '' })
    const told = json(started)
    url = told.urls[0]
    expect(told.firstStart).toBe(join(place.dataDir, 'first-start.txt'))
  })

  test('status says where it is, and a second start is refused', async () => {
    expect(json(await place.tgw(['status', '--json']))).toMatchObject({
      running: true,
      status: 'ok',
      dataDir: place.dataDir,
    })
    const text = await place.tgw(['status'])
    expect(text).toMatchObject({ code: 0, stderr: '' })
    expect(text.stdout).toContain(url)
    const again = await place.apart(['start', '--daemon'])
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('runs already')
  })

  test('a proxy of the environment does not get between', async () => {
    const env = { HTTP_PROXY: 'http://127.0.0.1:1', http_proxy: 'http://127.0.0.1:1' }
    expect((await place.apart(['status'], { env })).code).toBe(0)
  })

  test('keys are created, used, rotated, listed and revoked; the secret shows once', async () => {
    const ask = async (secret: string) =>
      (
        await fetch(`${url}/v1/chat/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'loopback', messages: [{ role: 'user', content: 'hello' }] }),
        })
      ).status

    const created = await place.tgw([
      'keys',
      'create',
      '--name',
      'alice',
      '--expires',
      '30d',
      '--model',
      'loop*',
    ])
    expect(created).toMatchObject({ code: 0, stderr: '' })
    const first = /tgw-sk-\S+/.exec(created.stdout)?.[0] ?? ''
    expect(await ask(first)).toBe(200)

    const rotated = json(await place.tgw(['keys', 'rotate', 'alice', '--json']))
    expect(await ask(first)).toBe(401)
    expect(await ask(rotated.secret)).toBe(200)

    const listed = await place.tgw(['keys', 'list'])
    expect(listed.stdout).toContain('models: loop*')
    expect(listed.stdout).not.toContain(rotated.secret)

    expect((await place.tgw(['keys', 'revoke', rotated.secret])).stderr).not.toContain(rotated.secret)
    expect((await place.tgw(['keys', 'revoke', 'nobody'])).code).toBe(1)
    expect((await place.tgw(['keys', 'revoke', 'alice'])).code).toBe(0)
    expect(await ask(rotated.secret)).toBe(401)
    expect((await place.tgw(['keys', 'list'])).stdout).not.toContain('alice')
    expect((await place.tgw(['keys', 'list', '--all'])).stdout).toContain('revoked')
  })

  test('usage adds up what was asked, by key with its name', async () => {
    const total = json(await place.tgw(['usage', '--json'])).total
    expect(total.requests).toBeGreaterThanOrEqual(2)
    const byKey = await place.tgw(['usage', '--by', 'key', '--from', '1h'])
    expect(byKey).toMatchObject({ code: 0, stderr: '' })
    expect(byKey.stdout).toContain('alice (key_')
    expect((await place.tgw(['usage', '--by', 'colour'])).code).toBe(2)
  })

  test('models and logs are shown', async () => {
    expect((await place.tgw(['models', 'loopback'])).stdout).toContain('loopback-agent')
    expect(json(await place.tgw(['models', '--provider', 'loopback', '--json'])).models).not.toBeEmpty()
    expect((await place.tgw(['logs'])).stdout).toContain('serving')
    expect(JSON.parse((await place.tgw(['logs', '-n', '1', '--json'])).stdout)).toHaveProperty('msg')
  })

  test('logs follow until they are interrupted', async () => {
    const child = place.spawn(['logs', '-f', '-n', '0', '--json'])
    const reader = child.stdout.getReader()
    const next = reader.read()
    // Reloads log a line each; the follower may not stand yet at the first.
    let line: Awaited<typeof next> | undefined
    for (let round = 0; line === undefined && round < 20; round += 1) {
      expect((await place.tgw(['config', 'set', 'aliases.tick', `"model-${round}"`])).code).toBe(0)
      line = await Promise.race([next, Bun.sleep(500).then(() => undefined)])
    }
    expect(new TextDecoder().decode(line?.value)).toContain('configuration reloaded')
    child.kill('SIGINT')
    await child.exited
  })

  test('a key goes to the vault through the server, which uses it at once', async () => {
    const secret = 'sk-planted-9876543210'
    const value = `{ kind: openai-compatible, base_url: 'http://127.0.0.1:1/v1', api_key: ${secret} }`
    const set = await place.tgw(['config', 'set', 'providers.mine', '-'], { input: value })
    expect(set).toMatchObject({ code: 0, stderr: '' })
    const file = readFileSync(join(place.dataDir, 'tollgate.yaml'), 'utf8')
    expect(file).toContain('vault:mine/default')
    expect(file + set.stdout).not.toContain('planted')
    const doctor = json(await place.tgw(['doctor', '--json']))
    const found = doctor.findings.find((one: { check: string }) => one.check === 'provider mine')
    expect(found.message).toContain('cannot be reached')

    const moved = await place.tgw(['config', 'set', 'providers.mine.base_url', 'http://127.0.0.2:1/v1'])
    expect(moved.code).toBe(78)
    expect(moved.stderr).toContain('may not go to http://127.0.0.2:1')
    expect(readFileSync(join(place.dataDir, 'tollgate.yaml'), 'utf8')).toBe(file)
    expect((await place.tgw(['logs', '-n', '1000'])).stdout).not.toContain('planted')
  })

  test('what needs a restart says so', async () => {
    const set = await place.tgw(['config', 'set', 'shutdown_timeout', '20s'])
    expect(set.code).toBe(0)
    expect(set.stderr).toContain('at the next start')
  })

  test('a server elsewhere is reached with its admin token', async () => {
    const token =
      /tgw-admin-\S+/.exec(readFileSync(join(place.dataDir, 'first-start.txt'), 'utf8'))?.[0] ?? ''
    const away = makePlace()
    const args = ['keys', 'list', '--url', url]
    expect((await away.tgw(args)).stderr).toContain('set TGW_ADMIN_TOKEN')
    expect((await away.tgw(args, { env: { TGW_ADMIN_TOKEN: token } })).code).toBe(0)
    const refused = await away.tgw(args, { env: { TGW_ADMIN_TOKEN: 'tgw-admin-wrong' } })
    expect(refused.code).toBe(1)
    const gone = await away.tgw(['status', '--url', 'http://127.0.0.1:1'], {
      env: { TGW_ADMIN_TOKEN: token },
    })
    expect(gone.code).toBe(3)
  })

  test('stop ends it', async () => {
    expect(await place.tgw(['stop'])).toMatchObject({ code: 0, stderr: '', stdout: 'tollgate has stopped\n' })
    expect((await place.tgw(['status'])).code).toBe(3)
    expect((await place.tgw(['stop'])).code).toBe(3)
  })
})
