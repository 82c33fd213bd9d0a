import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  freePort,
  ledgerEntries,
  startGateway,
  type TestGateway,
  testKey,
  waitFor,
} from '../support/gateway.ts'
import { tgwProgram } from '../support/program.ts'
import { scriptedStream, startUpstream } from '../support/upstream.ts'

const folders: string[] = []
const running: { stop(): Promise<unknown> }[] = []

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'tollgate-life-'))
  folders.push(made)
  return made
}

afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
  for (const one of folders.splice(0)) rmSync(one, { recursive: true, force: true })
})

const started = async (options: Parameters<typeof startGateway>[0]): Promise<TestGateway> => {
  const gateway = await startGateway(options)
  running.push(gateway)
  return gateway
}

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe('the first start', () => {
  test('leaves its secrets in a file once, and the curl line in it works when pasted', async () => {
    const dataDir = folder()
    const env = { TGW_BOOTSTRAP_KEY: '', TGW_ADMIN_TOKEN: '' }
    const first = await startGateway({ dataDir, env })
    const file = join(dataDir, 'first-start.txt')
    const text = await waitFor(() => (existsSync(file) ? readFileSync(file, 'utf8') : undefined))
    expect([mode(file), mode(join(dataDir, 'master.key'))]).toEqual(['600', '600'])
    const curl = text.split('\n').find((line) => line.trim().startsWith('curl'))
    const pasted = Bun.spawnSync(['sh', '-c', `${curl} -s --noproxy '*'`])
    expect(pasted.stdout.toString()).toContain('You said: hello')
    const secrets = text.match(/tgw-(?:sk|admin)-\w+/g) ?? []
    expect(secrets.length).toBeGreaterThanOrEqual(2)
    const log = first.log()
    for (const secret of secrets) expect(log).not.toContain(secret)
    expect(await first.stop()).toBe(0)

    rmSync(file)
    const second = await started({ dataDir, env })
    expect(existsSync(file)).toBe(false)
    for (const secret of secrets) expect(second.log()).not.toContain(secret)
    const key = secrets.find((secret) => secret.startsWith('tgw-sk-')) ?? ''
    const models = await fetch(`${second.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
    expect(models.status).toBe(200)
  }, 30_000)

  test('of a second server on the same folder is refused with the first one named', async () => {
    const dataDir = folder()
    const gateway = await started({ dataDir })
    const second = Bun.spawnSync([...tgwProgram, 'start'], {
      cwd: dataDir,
      env: { PATH: process.env['PATH'] ?? '', HOME: dataDir, TGW_CONFIG: gateway.configFile },
    })
    expect(second.exitCode).not.toBe(0)
    expect(second.stderr.toString()).toContain(String(gateway.supervisor.pid))
  }, 30_000)
})

describe('a crashed worker', () => {
  test('is started again, loudly, and its orphan is found and charged', async () => {
    const upstream = startUpstream()
    running.push(upstream)
    const script = scriptedStream()
    upstream.answer = () => script.response()
    script.write('data: {"candidates":[{"content":{"parts":[{"text":"x"}]}}]}\n\n')
    // A fixed port: the worker that follows must be found again.
    const gateway = await started({
      listen: `{ port: ${freePort()} }`,
      config: [
        'providers:',
        `  up: { kind: gemini-compatible, base_url: "${upstream.url}", api_key: none, models: ["test-gemini"] }`,
        'prices:',
        '  - { match: "test-*", input_per_mtok: "1", output_per_mtok: "2" }',
      ],
    })
    const body = '{"contents":[],"generationConfig":{"maxOutputTokens":1000}}'
    const hanging = await fetch(`${gateway.url}/v1beta/models/test-gemini:streamGenerateContent?alt=sse`, {
      method: 'POST',
      headers: { 'x-goog-api-key': testKey },
      body,
    })
    const id = hanging.headers.get('x-tollgate-request-id')
    const before = gateway.workerPid()
    process.kill(before, 'SIGKILL')
    await waitFor(() => (gateway.workerPid() > 0 && gateway.workerPid() !== before ? true : undefined))
    await hanging.text().catch(() => undefined)
    const orphan = await waitFor(async () => {
      const entries = await ledgerEntries(gateway).catch(() => [])
      return entries.find((entry) => entry.exchange === id)
    })
    // 59 bytes of input at 1 USD per million tokens, 1,000 tokens of output at 2.
    expect(orphan).toMatchObject({ outcome: 'orphaned', usageSource: 'estimated', costUsd: '0.002059' })
    expect(gateway.log()).toContain('started again')
  }, 30_000)
})

describe('SIGTERM', () => {
  test('refuses new connections, lets a stream finish, and keeps its row', async () => {
    const upstream = startUpstream()
    running.push(upstream)
    const script = scriptedStream()
    upstream.answer = () => script.response()
    const dataDir = folder()
    const config = [
      'providers:',
      `  up: { kind: gemini-compatible, base_url: "${upstream.url}", api_key: none, models: ["test-gemini"] }`,
    ]
    const gateway = await startGateway({ dataDir, config })
    script.write('data: {"candidates":[{"content":{"parts":[{"text":"x"}]}}]}\n\n')
    const response = await fetch(`${gateway.url}/v1beta/models/test-gemini:streamGenerateContent?alt=sse`, {
      method: 'POST',
      headers: { 'x-goog-api-key': testKey },
      body: '{"contents":[]}',
    })
    gateway.supervisor.kill('SIGTERM')
    await waitFor(async () =>
      (await fetch(`${gateway.url}/livez`).catch(() => undefined)) === undefined ? true : undefined,
    )
    script.write(
      'data: {"candidates":[{"content":{"parts":[{"text":"y"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2}}\n\n',
    )
    script.end()
    expect(await response.text()).toContain('STOP')
    expect(await gateway.supervisor.exited).toBe(0)

    const again = await started({ dataDir, config })
    const entry = (await ledgerEntries(again)).find(
      (one) => one.exchange === response.headers.get('x-tollgate-request-id'),
    )
    expect(entry).toMatchObject({ outcome: 'success', usage: { inputTokens: 1, outputTokens: 2 } })
  }, 30_000)
})

describe('a changed configuration', () => {
  test('counts without a restart, and a wrong one is refused with its place while the old one serves', async () => {
    const gateway = await started({})
    const before = gateway.workerPid()
    const knows = async (model: string): Promise<boolean> => {
      const response = await fetch(`${gateway.url}/v1/models/${model}`, {
        headers: { authorization: `Bearer ${testKey}` },
      })
      return response.status === 200
    }
    expect(await knows('nick')).toBe(false)
    const good = readFileSync(gateway.configFile, 'utf8')
    writeFileSync(gateway.configFile, `${good}\naliases: { nick: loopback }\n`)
    await waitFor(async () => ((await knows('nick')) ? true : undefined))

    writeFileSync(gateway.configFile, `${good}\naliases: { nick: loopback }\nwork_mode: sideways\n`)
    gateway.supervisor.kill('SIGHUP')
    await waitFor(() => (gateway.log().includes('work_mode') ? true : undefined))
    expect(gateway.log()).toContain('tollgate.yaml:4')
    expect(await knows('nick')).toBe(true)
    expect(gateway.workerPid()).toBe(before)
  }, 30_000)

  test('that is wrong from the start ends the start with code 78', () => {
    const dataDir = folder()
    writeFileSync(join(dataDir, 'tollgate.yaml'), 'listen:\n  prot: 1\n')
    const result = Bun.spawnSync([...tgwProgram, 'start'], {
      cwd: dataDir,
      env: { PATH: process.env['PATH'] ?? '', HOME: dataDir },
    })
    expect(result.exitCode).toBe(78)
    expect(result.stderr.toString()).toContain('tollgate.yaml:2')
    expect(result.stderr.toString()).toContain('did you mean `port`')
  })
})
