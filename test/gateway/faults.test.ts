import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ledgerEntries, startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { postgresAvailable, startPostgres } from '../support/postgres.ts'
import { announceSkip } from '../support/shared.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

const running: { stop(): Promise<unknown> }[] = []

afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop()
})

const upstreamWith = (answer: TestUpstream['answer']): TestUpstream => {
  const upstream = startUpstream()
  upstream.answer = answer
  running.push(upstream)
  return upstream
}

const started = async (
  upstream: TestUpstream,
  options: { config?: readonly string[]; dataDir?: string } = {},
): Promise<TestGateway> => {
  const provider = `providers: { up: { kind: gemini-compatible, base_url: "${upstream.url}", api_key: none, models: ["test-gemini"] } }`
  const gateway = await startGateway({ ...options, config: [provider, ...(options.config ?? [])] })
  running.push(gateway)
  return gateway
}

const generate = (gateway: TestGateway, call = 'generateContent'): Promise<Response> =>
  fetch(`${gateway.url}/v1beta/models/test-gemini:${call}`, {
    method: 'POST',
    headers: { 'x-goog-api-key': testKey },
    body: '{"contents":[]}',
  })

const answer = (): Response =>
  Response.json({
    candidates: [{ content: { parts: [{ text: 'x' }], role: 'model' }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4 },
  })

const residentMegabytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

describe('a client that does not read', () => {
  test('holds the upstream back, and memory stays bounded', async () => {
    const block = new TextEncoder().encode(
      `data: {"candidates":[{"content":{"parts":[{"text":"${'x'.repeat(64_000)}"}]}}]}\n\n`,
    )
    let sent = 0
    const upstream = upstreamWith(
      () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              sent += block.length
              controller.enqueue(block)
              if (sent > 400_000_000) controller.close()
            },
          }),
          { headers: { 'content-type': 'text/event-stream' } },
        ),
    )
    const gateway = await started(upstream)
    const before = residentMegabytes(gateway.workerPid())
    const response = await generate(gateway, 'streamGenerateContent?alt=sse')
    const reader = response.body?.getReader()
    await reader?.read()
    // Wait until nothing moves any more: everything between the two ends is full.
    let last = -1
    await waitFor(async () => {
      const moved = sent !== last
      last = sent
      await Bun.sleep(300)
      return moved ? undefined : true
    })
    expect(sent).toBeLessThan(100_000_000)
    expect(residentMegabytes(gateway.workerPid()) - before).toBeLessThan(100)
    await reader?.cancel()
  }, 60_000)
})

describe.skipIf(!postgresAvailable('a database that goes away'))('a database that goes away', () => {
  test('does not stop the service, and nothing is lost', async () => {
    const upstream = upstreamWith(answer)
    const database = await startPostgres()
    running.push({ stop: () => database.stop() })
    const gateway = await started(upstream, {
      config: [`database: { url: "${await database.createDatabase()}" }`],
    })
    const ids: (string | null)[] = []
    const call = async (): Promise<void> => {
      const response = await generate(gateway)
      expect(response.status).toBe(200)
      await response.bytes()
      ids.push(response.headers.get('x-tollgate-request-id'))
    }
    for (let round = 0; round < 5; round++) await call()
    await database.crash()
    for (let round = 0; round < 10; round++) await call()
    expect((await (await fetch(`${gateway.url}/readyz`)).json()) as unknown).toEqual({ status: 'degraded' })
    await database.restart()
    const entries = await waitFor(async () => {
      const found = await ledgerEntries(gateway).catch(() => [])
      return found.length >= ids.length ? found : undefined
    }, 30_000)
    expect(entries.map((entry) => entry.exchange).sort()).toEqual(ids.map(String).sort())
  }, 120_000)
})

const mounted = (): string | undefined => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-small-'))
  if (
    Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', folder], { stderr: 'ignore' })
      .exitCode === 0
  )
    return folder
  rmSync(folder, { recursive: true })
  return undefined
}

const small = mounted()
if (small === undefined) announceSkip('a full disk', 'no right to mount a small one')

describe.skipIf(small === undefined)('a full disk', () => {
  test('refuses with a clear error before the upstream is asked, and serves again when there is room', async () => {
    const dataDir = small ?? ''
    try {
      const upstream = upstreamWith(answer)
      const gateway = await started(upstream, { dataDir, config: ['telemetry: { log: { file: false } }'] })
      expect((await generate(gateway)).status).toBe(200)
      const ballast = join(dataDir, 'ballast')
      for (let size = 16_000_000; size >= 1; size = Math.floor(size / 2)) {
        try {
          writeFileSync(ballast, new Uint8Array(size), { flag: 'a' })
        } catch {
          // No room for that much; try less.
        }
      }
      const refused = await waitFor(async () => {
        const response = await generate(gateway)
        return response.status === 503 ? response : undefined
      }, 20_000)
      expect(refused.headers.get('x-tollgate-error')).toBe('gateway_storage_unavailable')
      const reached = upstream.seen.length
      await generate(gateway)
      expect(upstream.seen.length).toBe(reached)

      rmSync(ballast)
      await waitFor(async () => ((await generate(gateway)).status === 200 ? true : undefined), 20_000)
      const check = Bun.spawnSync([process.execPath, '-e', integrityCheck, join(dataDir, 'tollgate.db')])
      expect(check.stdout.toString().trim()).toBe('ok')
    } finally {
      for (const one of running.splice(0).reverse()) await one.stop()
      Bun.spawnSync(['umount', '--lazy', dataDir])
      rmSync(dataDir, { recursive: true, force: true })
    }
  }, 60_000)
})

const integrityCheck = `
  const { Database } = require('bun:sqlite')
  console.log(new Database(process.argv[1], { readonly: true }).query('pragma integrity_check').get().integrity_check)
`
