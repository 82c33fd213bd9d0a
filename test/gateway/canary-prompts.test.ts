import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { runTgw } from '../support/run-tgw.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

let upstream: TestUpstream
let gateway: TestGateway
let running = 0
let most = 0
const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-canaries-'))

const answer = (content: string) => async (): Promise<Response> => {
  running++
  most = Math.max(most, running)
  await Bun.sleep(2)
  running--
  return Response.json({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm-2026',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  })
}

beforeAll(async () => {
  upstream = startUpstream()
  upstream.answer = answer('It is Paris.')
  gateway = await startGateway({
    dataDir,
    config: [
      'audit:',
      '  canaries:',
      '    - { provider: now, model: m, prompt: "What is the capital of France?", expect: "*paris*", every: 50ms }',
      '    - { provider: now, model: m, prompt: "Say anything", every: 70ms, max_output_tokens: 20 }',
      'providers:',
      `  now: { kind: openai-compatible, protocols: [openai-chat], base_url: "${upstream.url}/v1", api_key: k, models: [m] }`,
      'prices: [{ match: m, input_per_mtok: "1", output_per_mtok: "10" }]',
    ],
  })
}, 60_000)

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

interface Canary {
  readonly canary: string
  readonly prompt: string | null
  readonly runs: number
  readonly passed: number
  readonly failed: number
  readonly noAnswer: number
  readonly share: { readonly value: number; readonly low: number; readonly high: number } | null
  readonly last: { readonly result: string; readonly error: string | null }
}

interface Audit {
  readonly upstreams: readonly {
    readonly calls: number
    readonly finishReasons: Readonly<Record<string, number>>
  }[]
  readonly canaries: readonly Canary[]
}

const audit = async (): Promise<Audit> => (await gateway.admin('/audit')) as Audit

const france = async (): Promise<Canary | undefined> =>
  (await audit()).canaries.find(({ prompt }) => prompt === 'What is the capital of France?')

const until = (isSo: (canary: Canary) => boolean): Promise<Canary> =>
  waitFor(async () => {
    const canary = await france()
    return canary !== undefined && isSo(canary) ? canary : undefined
  })

test('a canary is asked again and again, and the audit tells when its answers are no longer right', async () => {
  const before = await until(({ passed }) => passed >= 3)
  expect(before).toMatchObject({
    failed: 0,
    noAnswer: 0,
    share: { value: 1, high: 1 },
    last: { result: 'passed' },
  })
  expect(before.share?.low).toBeGreaterThan(0.4)
  upstream.answer = answer('It is Lyon.')
  const after = await until(({ failed }) => failed >= 2)
  expect(after.last).toEqual({ result: 'failed', error: null })
  expect(after.share?.value).toBe(after.passed / (after.passed + after.failed))
  expect(after.share?.low).toBeLessThan(after.share?.value ?? 0)
  upstream.answer = () => new Response('overloaded', { status: 503 })
  const away = await until(({ noAnswer }) => noAnswer >= 1)
  expect(away.last.error).not.toBeNull()
  // No answer is no wrong answer.
  expect(away.share?.value).toBe(away.passed / (away.passed + away.failed))
  upstream.answer = answer('It is Paris.')
  await until(({ last }) => last.result === 'passed')
  expect(most).toBe(1)
})

test('it is asked in one piece, short, and with the provider’s key', () => {
  const [first] = upstream.seen
  expect(first?.path).toBe('/v1/chat/completions')
  expect(first?.headers['authorization']).toBe('Bearer k')
  const bodies = upstream.seen.map(({ body }) => JSON.parse(Buffer.from(body).toString()))
  expect(bodies.find(({ messages }) => messages[0].content === 'Say anything')).toMatchObject({
    model: 'm',
    // As servers of this kind know it.
    max_tokens: 20,
  })
  expect(bodies.filter(({ stream }) => stream === true)).toEqual([])
})

test('its rows are of kind canary and of no key: clients’ usage has none of them', async () => {
  const answered = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], max_tokens: 5 }),
  })
  expect(answered.status).toBe(200)
  const exchange = answered.headers.get('x-tollgate-request-id')
  const record = await waitFor(async () => {
    const found = (await gateway.admin(`/entries/${exchange}`)) as {
      readonly attempts?: readonly { readonly finishReason: string | null }[]
    }
    return found.attempts === undefined || found.attempts.length === 0 ? undefined : found
  })
  expect(record.attempts?.[0]?.finishReason).toBe('stop')
  const { rows } = (await gateway.admin('/usage?by=kind')) as {
    readonly rows: readonly { readonly group: string; readonly requests: number }[]
  }
  expect(rows.map(({ group }) => group).toSorted()).toEqual(['canary', 'client'])
  expect(rows.find(({ group }) => group === 'client')?.requests).toBe(1)
  const keys = (await gateway.admin('/usage?by=key')) as {
    readonly rows: readonly { readonly group: string | null; readonly requests: number }[]
  }
  expect(keys.rows.filter(({ group }) => group !== null).map(({ requests }) => requests)).toEqual([1])
  const { entries } = (await gateway.admin('/entries?kind=canary&limit=1')) as {
    readonly entries: readonly object[]
  }
  expect(entries[0]).toMatchObject({ kind: 'canary', provider: 'now', modelAsked: 'm' })
  // The audit of upstreams has the client's call alone.
  expect((await audit()).upstreams).toMatchObject([{ calls: 1, finishReasons: { stop: 1 } }])
})

test('tgw audit shows the canaries', async () => {
  const { out: text, error: problem } = await runTgw(gateway, 'audit', '--url', gateway.url)
  expect(problem).toBe('')
  expect(text).toMatch(/CANARY +UPSTREAM +PROMPT/)
  expect(text).toMatch(/now\/m +What is the capital of France\? .* % – .* %/)
})

test('stopping is not held up, and no prompt is in the log or in the database', async () => {
  expect(gateway.log()).not.toContain('capital of France')
  const database = await Bun.file(join(dataDir, 'tollgate.db')).text()
  expect(database).not.toContain('capital of France')
  const from = Date.now()
  expect(await gateway.stop()).toBe(0)
  expect(Date.now() - from).toBeLessThan(8_000)
  const asked = upstream.seen.length
  await Bun.sleep(200)
  expect(upstream.seen).toHaveLength(asked)
})
