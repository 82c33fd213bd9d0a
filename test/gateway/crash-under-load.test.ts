import { afterAll, beforeAll, expect, test } from 'bun:test'
import {
  freePort,
  type LedgerEntry,
  startGateway,
  type TestGateway,
  testKey,
  waitFor,
} from '../support/gateway.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

/** A seed of `npm run test:heavy`, which sets more. */
const kills = Number(process.env['TGW_TEST_KILLS'] ?? 2)
const clients = 24

let upstream: TestUpstream
let gateway: TestGateway

beforeAll(async () => {
  upstream = startUpstream()
  upstream.answer = async () => {
    await Bun.sleep(5)
    return Response.json({
      candidates: [{ content: { parts: [{ text: 'x' }], role: 'model' }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4 },
    })
  }
  gateway = await startGateway({
    listen: `{ port: ${freePort()} }`,
    config: [
      'providers:',
      `  up: { kind: gemini-compatible, base_url: "${upstream.url}", api_key: none, models: ["test-gemini"] }`,
      'prices: [{ match: "test-*", input_per_mtok: "1", output_per_mtok: "2" }]',
      'telemetry: { log: { access: false } }',
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

const allEntries = async (): Promise<readonly LedgerEntry[]> => {
  const entries: LedgerEntry[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page = (await gateway.admin(
      `/entries?limit=1000${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    )) as {
      entries: readonly LedgerEntry[]
      next: string | null
    }
    entries.push(...page.entries)
    cursor = page.next
  }
  return entries
}

test('kill -9 under load loses no answer that a client saw, and finds every other that reached the upstream', async () => {
  const complete = new Set<string>()
  let running = true
  const client = async (): Promise<void> => {
    while (running) {
      try {
        const response = await fetch(`${gateway.url}/v1beta/models/test-gemini:generateContent`, {
          method: 'POST',
          headers: { 'x-goog-api-key': testKey },
          body: '{"contents":[],"generationConfig":{"maxOutputTokens":10}}',
        })
        await response.bytes()
        const id = response.headers.get('x-tollgate-request-id')
        if (response.status === 200 && id !== null) complete.add(id)
      } catch {
        // The worker is away for a moment.
        await Bun.sleep(20)
      }
    }
  }
  const load = Array.from({ length: clients }, client)
  for (let kill = 0; kill < kills; kill++) {
    const before = complete.size
    await waitFor(() => (complete.size > before + 100 ? true : undefined), 30_000)
    const victim = gateway.workerPid()
    process.kill(victim, 'SIGKILL')
    await waitFor(
      () => (gateway.workerPid() > 0 && gateway.workerPid() !== victim ? true : undefined),
      20_000,
    )
  }
  const after = complete.size
  await waitFor(() => (complete.size > after + 50 ? true : undefined), 30_000)
  running = false
  await Promise.all(load)
  const reached = upstream.seen.length

  const entries = await waitFor(async () => {
    const found = await allEntries().catch(() => [])
    return found.length >= reached ? found : undefined
  }, 20_000)
  const byId = new Map(entries.map((entry) => [entry.exchange, entry]))
  expect(byId.size).toBe(entries.length)
  for (const id of complete) {
    expect(byId.get(id)).toMatchObject({
      outcome: 'success',
      usage: { inputTokens: 3, outputTokens: 4 },
      costUsd: '0.000011',
    })
  }
  const orphans = entries.filter((entry) => entry.outcome === 'orphaned')
  expect(orphans.length).toBeGreaterThan(0)
  expect(orphans.length).toBeLessThanOrEqual(kills * clients)
  // 57 bytes of input and ten tokens of output at most.
  for (const orphan of orphans)
    expect(orphan).toMatchObject({ usageSource: 'estimated', costUsd: '0.000077' })
  expect(entries.length).toBeGreaterThanOrEqual(reached)
}, 120_000)
