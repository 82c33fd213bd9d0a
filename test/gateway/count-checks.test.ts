/** The gateway counts tokens of real calls by itself, and tells when a provider begins to report more than there are. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GenerateRequest, Part, ProtocolId } from '../../src/ir/index.ts'
import { createRandomSource } from '../../src/ledger/audit/random-source.ts'
import type { AuditReport, UpstreamAudit } from '../../src/ledger/index.ts'
import { openDatabase } from '../../src/storage/index.ts'
import { createTokenCounter } from '../../src/translation/index.ts'
import { startGateway, type TestGateway, testAdminToken, testKey, waitFor } from '../support/gateway.ts'
import { runTgw } from '../support/run-tgw.ts'
import { type Said, type SayingUpstream, startSaying } from '../support/saying-upstream.ts'

const counter = createTokenCounter()
const models: Readonly<Partial<Record<ProtocolId, string>>> = {
  'openai-chat': 'gpt-4o',
  'openai-responses': 'gpt-4.1',
  'anthropic-messages': 'claude-sonnet-4-5',
  gemini: 'gemini-2.5-pro',
}

const random = createRandomSource('words')
const word = (): string =>
  ['river', 'stone', 'the', 'answer', 'counts', 'of', 'every'][Math.floor(random() * 7)] ?? ''
const words = (count: number): string => Array.from({ length: count }, word).join(' ')

/** A model whose provider reports just what this gateway would count, times a factor, and a little beside it. */
const report = async (
  request: GenerateRequest,
  parts: readonly Part[],
  { factor, noise }: { readonly factor: number; readonly noise: number },
): Promise<Said> => {
  const target = { provider: 'p', model: models[request.protocol] ?? '' }
  const { inputTokens } = await counter.count(request, target)
  const { outputTokens } = await counter.countAnswer(parts, target)
  const asReported = (tokens: number): number => Math.round(tokens * factor * (1 + noise * (random() - 0.5)))
  return {
    parts,
    finish: { reason: parts.some(({ type }) => type === 'tool-call') ? 'tool-calls' : 'end' },
    usage: { inputTokens: asReported(inputTokens), outputTokens: asReported(outputTokens) },
  }
}

const providersOf = (url: string): readonly string[] => [
  'providers:',
  `  chat: { kind: openai-compatible, protocols: [openai-chat], base_url: "${url}/chat/v1", api_key: k, models: [gpt-4o] }`,
  `  responses: { kind: openai-compatible, protocols: [openai-responses], base_url: "${url}/responses/v1", api_key: k, models: [gpt-4.1] }`,
  `  anthropic-like: { kind: anthropic-compatible, base_url: "${url}/anthropic-like", api_key: k, models: [claude-sonnet-4-5] }`,
  `  google-like: { kind: gemini-compatible, base_url: "${url}/google-like", api_key: k, models: [gemini-2.5-pro] }`,
]

const post = async (gateway: TestGateway, path: string, body: object): Promise<string> => {
  const response = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}` },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (response.status !== 200) throw new Error(text)
  return text
}

const askChat = (gateway: TestGateway, model: string, content: string, stream = false): Promise<string> =>
  post(gateway, '/v1/chat/completions', { model, stream, messages: [{ role: 'user', content }] })

const checksIn = async (dataDir: string) => {
  const database = await openDatabase(`sqlite:${join(dataDir, 'tollgate.db')}`)
  try {
    return await database.kysely.selectFrom('count_checks').selectAll().orderBy('at').execute()
  } finally {
    await database.close()
  }
}

let upstream: SayingUpstream
beforeAll(() => {
  upstream = startSaying()
})
afterAll(() => upstream.stop())

describe('what is counted', () => {
  test('is what went out and what came back, to the token, whichever way and with placeholders as sent', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-counts-'))
    const gateway = await startGateway({
      dataDir,
      config: [
        'audit: { count_share: 1, check_every: 0 }',
        'firewall: { input: redact, loops: { warn_after: 0, stop_after: 0 } }',
        ...providersOf(upstream.url),
      ],
    })
    const prompt = `${words(120)}, and write to ada@lovelace-engines.com`
    upstream.say = (request) => {
      const text = JSON.stringify(request.turns)
      const placeholder = /\[EMAIL_[^\]]+\]/.exec(text)?.[0] ?? 'none'
      const call: Part = {
        type: 'tool-call',
        id: 'call_1',
        kind: 'function',
        name: 'send_mail',
        input: JSON.stringify({ to: placeholder, text: words(30) }),
      }
      return report(request, [{ type: 'text', text: `${words(80)} ${placeholder}` }, call], {
        factor: 1,
        noise: 0,
      })
    }
    try {
      const answers: string[] = []
      for (const stream of [false, true]) {
        for (const model of Object.values(models)) answers.push(await askChat(gateway, model, prompt, stream))
        answers.push(
          await post(gateway, '/v1/messages', {
            ...{ model: 'claude-sonnet-4-5', max_tokens: 900, stream },
            messages: [{ role: 'user', content: prompt }],
          }),
          await post(gateway, '/v1/responses', { model: 'gpt-4.1', input: prompt, stream, store: false }),
          await post(
            gateway,
            `/v1beta/models/gemini-2.5-pro:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
            { contents: [{ role: 'user', parts: [{ text: prompt }] }] },
          ),
        )
      }
      // The client has its address back, which is not what the provider saw and said.
      for (const answer of answers) {
        expect(answer).toMatch(answer.startsWith('{') ? 'lovelace' : '')
        expect(answer).not.toContain('[EMAIL_')
      }
      await waitFor(
        async () => ((await checksIn(dataDir)).length >= answers.length ? true : undefined),
        50_000,
      )
      const checks = await checksIn(dataDir)
      expect(checks).toHaveLength(answers.length)
      for (const check of checks) {
        expect(check.counted_input).toBe(check.reported_input)
        expect(check.counted_output).toBe(check.reported_output)
        expect(check).toMatchObject({ hidden_reasoning: 0n, attempt: 1n, edition: 1n })
        expect(Number(check.counted_input)).toBeGreaterThan(100)
        expect(check.method).toBe(check.model.startsWith('gpt') ? 'counted' : 'estimated')
      }
      expect(JSON.stringify(checks, (_, value) => String(value))).not.toContain('lovelace')
    } finally {
      await gateway.stop()
      rmSync(dataDir, { recursive: true, force: true })
    }
  }, 60_000)

  test('is nothing where the share is 0', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-counts-'))
    const gateway = await startGateway({
      dataDir,
      config: ['audit: { count_share: 0, check_every: 0 }', ...providersOf(upstream.url)],
    })
    upstream.say = (request) => report(request, [{ type: 'text', text: words(80) }], { factor: 1, noise: 0 })
    try {
      for (let call = 0; call < 6; call++) await askChat(gateway, 'gpt-4o', words(150), call % 2 === 0)
      await waitFor(async () => ((await audit(gateway)).get('gpt-4o')?.calls === 6 ? true : undefined))
      const checked = (await audit(gateway)).get('gpt-4o')?.tokenCounts.checked
      expect(checked).toMatchObject({ method: null, input: { calls: 0 }, output: { calls: 0 } })
      const metrics = await metricsOf(gateway)
      expect(metrics).not.toContain('tollgate_count_checks_total{')
    } finally {
      await gateway.stop()
      expect(await checksIn(dataDir)).toEqual([])
      rmSync(dataDir, { recursive: true, force: true })
    }
  }, 60_000)
})

const audit = async (gateway: TestGateway): Promise<ReadonlyMap<string, UpstreamAudit>> => {
  const { upstreams } = (await gateway.admin('/audit')) as AuditReport
  return new Map(upstreams.map((one) => [one.model, one]))
}

const metricsOf = async (gateway: TestGateway): Promise<string> =>
  (await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${testAdminToken}` } })).text()

describe('a provider that begins to report 30 % more', () => {
  const told: { readonly type: string; readonly data: Record<string, unknown> }[] = []
  /** No more than may wait to be counted. */
  const honest = 22
  let gateway: TestGateway
  let turnedAt = 0
  const receiver = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      told.push(JSON.parse(await request.text()))
      return new Response('ok')
    },
  })

  /** Honest calls of one model, and as many others; whole and streamed. */
  const run = async (model: string, factor: number, from: number): Promise<void> => {
    upstream.say = (request) =>
      report(request, [{ type: 'text', text: words(100 + 80 * random()) }], { factor, noise: 0.1 })
    for (let call = 0; call < honest; call++) {
      await askChat(gateway, model, words(120 + 200 * random()), call % 2 === 0)
    }
    await waitFor(async () => ((await counts(model)) >= from + honest ? true : undefined), 50_000)
  }
  const counts = async (model: string): Promise<number> =>
    Number((await openCounts(gateway.dataDir, model))[0]?.count ?? 0)

  beforeAll(async () => {
    gateway = await startGateway({
      config: [
        'audit: { check_every: 500ms, window: 1d, minimum: 40, count_share: 1 }',
        `hooks: [{ events: [drift], url: "http://127.0.0.1:${receiver.port}", secret: whsec-counts-0123456789 }]`,
        ...providersOf(upstream.url),
      ],
    })
    await run('gpt-4o', 1, 0)
    await run('claude-sonnet-4-5', 1, 0)
    await run('gpt-4.1', 1, 0)
    turnedAt = Date.now()
    await run('gpt-4o', 1.3, honest)
    await run('claude-sonnet-4-5', 1.3, honest)
    await run('gpt-4.1', 1, honest)
  }, 120_000)
  afterAll(async () => {
    await gateway.stop()
    receiver.stop(true)
  })

  test('is named by the admin API with the place and the medians, and one that goes on as before is not', async () => {
    const upstreams = await audit(gateway)
    for (const model of ['gpt-4o', 'claude-sonnet-4-5']) {
      const { series = [], tokenCounts } = upstreams.get(model) ?? {}
      for (const name of ['input_count', 'output_count']) {
        const found = series.find((one) => one.series === name)
        expect(found).toMatchObject({ verdict: 'drift', change: { meaning: 'worse', direction: 'up' } })
        expect(found?.change?.before.median).toBeCloseTo(1, 1)
        expect(found?.change?.after.median).toBeCloseTo(1.3, 1)
        expect(Math.abs((found?.change?.before.count ?? 0) - honest)).toBeLessThanOrEqual(6)
        expect(found?.change?.at).toBeLessThanOrEqual(Date.now())
      }
      const { input, output } = tokenCounts?.checked ?? {}
      expect(input?.calls).toBe(2 * honest)
      expect(output?.calls).toBe(2 * honest)
      expect((input?.beyondTokens ?? 0) / (input?.countedTokens ?? 1)).toBeCloseTo(0.15, 1)
      expect(input?.ratio.p5).toBeCloseTo(1, 1)
      expect(Math.abs((input?.ratio.p95 ?? 0) - 1.35)).toBeLessThan(0.04)
    }
    const gpt = upstreams.get('gpt-4o')?.series.find(({ series }) => series === 'input_count')
    expect(gpt?.change?.at).toBeGreaterThanOrEqual(turnedAt - 2_000)
    expect(upstreams.get('gpt-4o')?.tokenCounts.checked.method).toBe('counted')
    expect(upstreams.get('claude-sonnet-4-5')?.tokenCounts.checked.method).toBe('estimated')
    const steady = upstreams.get('gpt-4.1')?.series.filter(({ series }) => series.endsWith('_count'))
    expect(steady?.map(({ series, verdict }) => [series, verdict])).toEqual([
      ['input_count', 'steady'],
      ['output_count', 'steady'],
    ])
  })

  test('is shown by tgw audit with the numbers and the evidence', async () => {
    const tgw = (...flags: readonly string[]) => runTgw(gateway, 'audit', ...flags, '--url', gateway.url)
    const { code, out } = await tgw('--from', '1d')
    expect(code).toBe(0)
    expect(out).toMatch(
      /chat\/gpt-4o +input +counted +44 +[\d,]+ +[\d,]+ +[\d,]+ +1\.\d\d +[01]\.\d\d +1\.3\d/,
    )
    expect(out).toMatch(/anthropic-like\/claude-sonnet-4-5 +output +estimated +44 /)
    expect(out).toMatch(
      /worse +chat\/gpt-4o +input_count +\S+ \S+ +(?:1\.0|0\.9)\d +1\.(?:2|3)\d +\d+ \/ \d+/,
    )
    expect(out).toMatch(/chat +gpt-4o .* drift: .*input_count, output_count\n/)
    const json = JSON.parse((await tgw('--json', '--model', 'gpt-4o')).out)
    const { input } = json.upstreams[0].tokenCounts.checked
    expect(input.calls).toBe(2 * honest)
    // What it names can be looked up.
    const [{ exchange, reported }] = input.furthest
    const entry = JSON.stringify(await gateway.admin(`/entries/${exchange}`))
    expect(entry).toContain(`"inputTokens":${reported}`)
  })

  test('is told to hooks, once, and shown in a metric', async () => {
    const names = () => told.map(({ data }) => `${data['model']} ${data['series']}`)
    const expected = ['claude-sonnet-4-5', 'gpt-4o'].flatMap((model) => [
      `${model} input_count`,
      `${model} output_count`,
    ])
    await waitFor(() => (expected.every((name) => names().includes(name)) ? true : undefined))
    const ours = names().filter((name) => name.endsWith('_count'))
    expect(ours.toSorted()).toEqual(expected)
    expect(told.find(({ data }) => data['series'] === 'input_count')?.data).toMatchObject({
      meaning: 'worse',
    })
    const drift = (model: string, provider: string) =>
      `tollgate_upstream_drift{provider="${provider}",model="${model}",series="input_count"}`
    const metrics = await waitFor(async () => {
      const text = await metricsOf(gateway)
      return text.includes(`${drift('claude-sonnet-4-5', 'anthropic-like')} 1`) ? text : undefined
    })
    expect(metrics).toContain(`${drift('gpt-4o', 'chat')} 1`)
    expect(metrics).toContain(`${drift('gpt-4.1', 'responses')} 0`)
    expect(metrics).toContain(`tollgate_count_checks_total{result="counted"} ${6 * honest}\n`)
  })
})

const openCounts = async (dataDir: string, model: string) => {
  const database = await openDatabase(`sqlite:${join(dataDir, 'tollgate.db')}`)
  try {
    return await database.kysely
      .selectFrom('count_checks')
      .select(({ fn }) => fn.countAll<bigint>().as('count'))
      .where('model', '=', model)
      .execute()
  } finally {
    await database.close()
  }
}
