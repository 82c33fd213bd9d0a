import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { allEntries, oneCall, startGateway, type TestGateway, waitFor } from '../support/gateway.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

let upstream: TestUpstream
beforeAll(() => {
  upstream = startUpstream()
})
afterAll(() => upstream.stop())

/** One USD for a million tokens in, ten for a million out. */
const config = (...lines: readonly string[]): readonly string[] => [
  ...oneCall,
  'providers:',
  `  priced: { kind: openai-compatible, base_url: ${upstream.url}/v1, api_key: none }`,
  `  claude: { kind: anthropic-compatible, base_url: ${upstream.url}, api_key: none }`,
  `  google-like: { kind: gemini-compatible, base_url: ${upstream.url}, api_key: none }`,
  'routes:',
  '  - { match: "m-*", targets: [priced] }',
  '  - { match: "c-*", targets: [claude] }',
  '  - { match: "g-*", targets: [google-like] }',
  'prices:',
  '  - { match: "*-*", input_per_mtok: 1, output_per_mtok: 10 }',
  ...lines,
]

const running = async (lines: readonly string[], work: (gateway: TestGateway) => Promise<void>) => {
  const gateway = await startGateway({ config: config(...lines) })
  try {
    await work(gateway)
  } finally {
    await gateway.stop()
  }
}

const ask = (gateway: TestGateway, body: object = {}, path = '/v1/chat/completions') =>
  fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm-1', messages: [{ role: 'user', content: 'hi' }], ...body }),
  })

const chatAnswer = (promptTokens: number, completionTokens: number): Response =>
  Response.json({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm-1',
    choices: [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  })

interface Standing {
  readonly spent: string
  readonly reserved: string
  readonly zone: string
}

/** How everything stands that the one key draws on. */
const standings = async (gateway: TestGateway): Promise<readonly Standing[]> => {
  const { keys } = (await gateway.admin('/keys')) as { keys: { id: string }[] }
  const standing = (await gateway.admin(`/budgets/standing?key=${keys[0]?.id}`)) as { standings: Standing[] }
  return standing.standings
}

describe('a hard budget', () => {
  test('writes the limit that fits upstream, counts what was spent, and refuses what does not fit', () =>
    running(['budgets: [{ level: global, limit_usd: "0.02", period: day, mode: hard }]'], async (gateway) => {
      upstream.seen.length = 0
      upstream.answer = () => chatAnswer(100, 1_500)
      const first = await ask(gateway)
      expect(first.status).toBe(200)
      const sent: { max_tokens?: number } = JSON.parse(new TextDecoder().decode(upstream.seen[0]?.body))
      const limit = Number(first.headers.get('x-tollgate-output-limit'))
      expect(sent.max_tokens).toBe(limit)
      expect(limit).toBeGreaterThan(1_500)
      expect(limit).toBeLessThanOrEqual(2_000)
      // 100 × 0.000001 + 1500 × 0.00001
      await waitFor(async () => ((await standings(gateway))[0]?.reserved === '0.00' ? true : undefined))
      expect(await standings(gateway)).toMatchObject([{ spent: '0.0151', reserved: '0.00', zone: 'green' }])
      const second = await ask(gateway, { max_tokens: 5_000 })
      expect(second.status).toBe(200)
      expect(Number(second.headers.get('x-tollgate-output-limit'))).toBeLessThanOrEqual(490)
    }))

  test('answers 402 in the protocol of each client, and says which budget, how it stands, and until when', () =>
    running(['budgets: [{ level: key, limit_usd: "0.001", period: day, mode: hard }]'], async (gateway) => {
      const before = upstream.seen.length
      const chat = await ask(gateway)
      expect(chat.status).toBe(402)
      expect(chat.headers.get('x-should-retry')).toBe('false')
      expect(chat.headers.get('x-tollgate-error')).toBe('gateway_budget_exceeded')
      const { error } = (await chat.json()) as { error: { message: string; type: string } }
      expect(error.message).toMatch(
        /^the key budget of key_\S+ of 0\.001 USD per day has no room for this request: 0\.00 USD spent; it resets at \d{4}-/,
      )
      const claude = await ask(gateway, { model: 'c-1', max_tokens: 9_000 }, '/v1/messages')
      expect([claude.status, claude.headers.get('x-should-retry')]).toEqual([402, 'false'])
      expect(await claude.json()).toMatchObject({ type: 'error' })
      const gemini = await fetch(`${gateway.url}/v1beta/models/g-1:generateContent`, {
        method: 'POST',
        headers: { 'x-goog-api-key': gateway.key, 'content-type': 'application/json' },
        body: JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }),
      })
      expect(gemini.status).toBe(402)
      expect(await gemini.json()).toMatchObject({ error: { message: expect.stringContaining('key budget') } })
      const responses = await ask(gateway, { input: 'hi' }, '/v1/responses')
      expect(responses.status).toBe(402)
      expect(upstream.seen.length).toBe(before)
      // A refusal that cost nothing does not wait for its row.
      const entries = await waitFor(async () => {
        const all = await allEntries(gateway)
        return all.length === 4 ? all : undefined
      })
      expect(new Set(entries.map((entry) => entry['error']))).toEqual(new Set(['gateway_budget_exceeded']))
    }))

  test('gives back what an attempt held when it fails or the client leaves', () =>
    running(
      ['budgets: [{ level: global, limit_usd: "1.00", period: month, mode: hard }]'],
      async (gateway) => {
        upstream.answer = () => new Response('{"error":{"message":"no"}}', { status: 400 })
        expect((await ask(gateway)).status).toBe(400)
        expect(await standings(gateway)).toMatchObject([{ spent: '0.00', reserved: '0.00' }])
        const waiting = Promise.withResolvers<Response>()
        upstream.answer = () => waiting.promise
        const leaving = new AbortController()
        const left = fetch(`${gateway.url}/v1/chat/completions`, {
          method: 'POST',
          signal: leaving.signal,
          headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
          body: JSON.stringify({
            model: 'm-1',
            max_tokens: 100,
            messages: [{ role: 'user', content: 'hi' }],
          }),
        }).catch(() => undefined)
        await waitFor(async () => ((await standings(gateway))[0]?.reserved !== '0.00' ? true : undefined))
        leaving.abort()
        await left
        waiting.resolve(chatAnswer(1, 1))
        await waitFor(async () => ((await standings(gateway))[0]?.reserved === '0.00' ? true : undefined))
      },
    ))

  test('refuses what has no price, unless the key or the budget admits it', () =>
    running(['budgets: [{ level: global, limit_usd: "1.00", period: day, mode: hard }]'], async (gateway) => {
      upstream.answer = () => chatAnswer(1, 1)
      const refused = await ask(gateway, { model: 'priced/unheard', max_tokens: 10 })
      expect([refused.status, refused.headers.get('x-tollgate-error')]).toEqual([
        402,
        'gateway_cost_unbounded',
      ])
    }))

  test('is never overshot by many clients at once, and nothing stays reserved', () =>
    running(['budgets: [{ level: global, limit_usd: "0.10", period: day, mode: hard }]'], async (gateway) => {
      let turn = 0
      upstream.answer = async (request) => {
        const mine = turn++
        const body = JSON.parse(new TextDecoder().decode(request.body))
        const most = body.max_completion_tokens ?? body.max_tokens
        await Bun.sleep(mine % 7)
        if (mine % 11 === 3) return new Response('{"error":{"message":"down"}}', { status: 503 })
        return chatAnswer(10, Math.min(most, 50 + ((mine * 97) % 400)))
      }
      const statuses = await Promise.all(
        Array.from({ length: 200 }, async (_, at) => {
          const answer = await ask(gateway, at % 3 === 0 ? { max_completion_tokens: 300 } : {})
          await answer.arrayBuffer()
          return answer.status
        }),
      )
      expect(statuses.some((status) => status === 200)).toBe(true)
      expect(statuses.some((status) => status === 402)).toBe(true)
      await waitFor(async () => ((await standings(gateway))[0]?.reserved === '0.00' ? true : undefined))
      const [standing] = await standings(gateway)
      expect(Number(standing?.spent)).toBeLessThanOrEqual(0.1)
      const usage = (await gateway.admin('/usage')) as { total: { costUsd: string } }
      expect(usage.total.costUsd).toBe(standing?.spent ?? '')
    }))
})

describe('a metered budget', () => {
  const chunk = (text: string): string =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm-1', choices: [{ index: 0, delta: { content: text }, finish_reason: null }] })}\n\n`

  test('ends a stream with the length stop when nothing more fits, and overshoots by no more than a slice', () =>
    running(['budgets: [{ level: key, limit_usd: "0.10", period: day, mode: metered }]'], async (gateway) => {
      let sent = 0
      upstream.answer = (request) =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              if (request.signal.aborted || sent > 60_000) return controller.close()
              // Eight bytes a piece: at least a token, by our count four.
              controller.enqueue(new TextEncoder().encode(chunk('abcdefg ').repeat(20)))
              sent += 20
              await Bun.sleep(0)
            },
          }),
          { headers: { 'content-type': 'text/event-stream' } },
        )
      const answer = await ask(gateway, { stream: true })
      expect(answer.status).toBe(200)
      const text = await answer.text()
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
      expect(text).toContain('"finish_reason":"length"')
      await waitFor(async () => ((await standings(gateway))[0]?.reserved === '0.00' ? true : undefined))
      const [standing] = await standings(gateway)
      // At most a slice of 4096 tokens above the limit.
      expect(Number(standing?.spent)).toBeLessThanOrEqual(0.1 + 0.041)
      expect(Number(standing?.spent)).toBeGreaterThan(0.05)
      const [entry] = await allEntries(gateway)
      expect(entry).toMatchObject({ outcome: 'success', usageSource: 'estimated' })
      // Only the end of the day gives more.
      expect((await ask(gateway)).status).toBe(402)
    }))

  test('does not touch a request while there is plenty', () =>
    running(['budgets: [{ level: key, limit_usd: "5.00", period: day }]'], async (gateway) => {
      upstream.seen.length = 0
      upstream.answer = () => chatAnswer(10, 10)
      const body = { model: 'm-1', messages: [{ role: 'user', content: 'hi' }] }
      const answer = await ask(gateway, body)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('x-tollgate-zone')).toBe('green')
      expect(JSON.parse(new TextDecoder().decode(upstream.seen[0]?.body))).toEqual(body)
    }))
})

describe('zones', () => {
  test('amber is told, may shorten answers, and may ask a cheaper model', () =>
    running(
      [
        'budgets: [{ level: key, limit_usd: "1.00", period: day, amber_at: 0.000001, amber_max_output_tokens: 77, amber_model: priced/m-cheap }]',
      ],
      async (gateway) => {
        upstream.seen.length = 0
        upstream.answer = () => chatAnswer(100, 100)
        expect((await ask(gateway)).headers.get('x-tollgate-zone')).toBe('green')
        const amber = await waitFor(async () => {
          const answer = await ask(gateway)
          return answer.headers.get('x-tollgate-zone') === 'amber' ? answer : undefined
        })
        expect(amber.headers.get('x-tollgate-model')).toBe('m-cheap')
        const last = JSON.parse(new TextDecoder().decode(upstream.seen.at(-1)?.body))
        expect(last).toMatchObject({ model: 'm-cheap', max_tokens: 77 })
      },
    ))

  test('soft budgets warn and never refuse', () =>
    running(
      ['budgets: [{ level: global, limit_usd: "0.000001", period: day, mode: soft }]'],
      async (gateway) => {
        upstream.answer = () => chatAnswer(100, 100)
        const zones: (string | null)[] = []
        for (let turn = 0; turn < 3; turn++) {
          const answer = await ask(gateway)
          expect(answer.status).toBe(200)
          zones.push(answer.headers.get('x-tollgate-zone'))
        }
        expect(zones.at(-1)).toBe('red')
      },
    ))
})

describe('budgets made while the gateway runs', () => {
  test('count at once, know what was spent before, and survive a restart', () =>
    running([], async (gateway) => {
      upstream.answer = () => chatAnswer(1_000, 1_000)
      expect((await ask(gateway)).status).toBe(200)
      const made = (await gateway.admin('/budgets', {
        method: 'POST',
        body: JSON.stringify({ level: 'global', limit_usd: '0.011', period: 'day', mode: 'hard' }),
      })) as { id: string }
      // 0.011 was spent before it was made.
      expect((await ask(gateway)).status).toBe(402)
      await gateway.admin(`/budgets/${made.id}`, {
        method: 'PATCH',
        body: JSON.stringify({ limit_usd: '1.00' }),
      })
      expect((await ask(gateway)).status).toBe(200)
      const bad = await gateway.admin('/budgets', { method: 'POST', body: '{"level":"planet"}' })
      expect(bad).toMatchObject({ error: { code: 'gateway_request_invalid', param: 'level' } })
      await gateway.admin(`/budgets/${made.id}`, { method: 'DELETE' })
      expect(await gateway.admin('/budgets')).toEqual({ budgets: [] })
    }))
})
