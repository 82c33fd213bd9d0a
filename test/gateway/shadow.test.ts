import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { tgwProgram } from '../support/program.ts'
import { scriptedStream, startUpstream, type TestUpstream } from '../support/upstream.ts'

let primary: TestUpstream
let other: TestUpstream
let gateway: TestGateway

const rule = (name: string, shadow: string) =>
  `  - { match: "${name}", targets: [{ provider: now, model: now-model }], shadow: { ${shadow} } }`

beforeAll(async () => {
  primary = startUpstream()
  other = startUpstream()
  gateway = await startGateway({
    config: [
      'sessions: { store: "on" }',
      'providers:',
      `  now: { kind: openai-compatible, protocols: [openai-chat, openai-responses], base_url: "${primary.url}/v1", api_key: k, models: ["now-model"] }`,
      `  next: { kind: openai-compatible, protocols: [openai-chat, openai-responses], base_url: "${other.url}/v1", api_key: k, models: ["next-model"] }`,
      `  claude: { kind: anthropic-compatible, base_url: "${other.url}", api_key: k, models: ["next-claude"] }`,
      'routes:',
      rule('copied', 'provider: next, model: next-model, share: 1, concurrent: 4'),
      rule('narrow', 'provider: next, model: next-model, share: 1, concurrent: 1'),
      rule('poor', 'provider: next, model: next-model, share: 1, daily_budget_usd: "0.0005"'),
      rule('never', 'provider: next, model: next-model, share: 0'),
      rule('foreign', 'provider: claude, model: next-claude, share: 1'),
      'prices:',
      '  - { match: "now-*", input_per_mtok: "1", output_per_mtok: "10" }',
      '  - { match: "next-*", input_per_mtok: "0.5", output_per_mtok: "2" }',
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await Promise.all([primary.stop(), other.stop()])
})

beforeEach(() => {
  for (const upstream of [primary, other]) {
    upstream.seen.length = 0
    upstream.answer = () => chatAnswer('the same words')
  }
})

const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
const chatAnswer = (content: string, message: object = {}, finish = 'stop') =>
  Response.json({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content, ...message }, finish_reason: finish }],
    usage,
  })

const ask = (model: string, body: object = {}, path = '/v1/chat/completions', signal?: AbortSignal) =>
  fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}`, 'x-secret': 's' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }], max_tokens: 50, ...body }),
    ...(signal === undefined ? {} : { signal }),
  })

interface Entry {
  readonly exchange: string
  readonly kind: string
  readonly outcome: string
  readonly provider: string
  readonly modelAnswered: string
  readonly costUsd: string | null
  readonly attempts: number
  readonly tenant?: object
  readonly keyId?: string
}

interface Pair {
  readonly route: string
  readonly copies: Record<'compared' | 'failed' | 'unreadable' | 'unfinished', number>
  readonly equivalent: { readonly hits: number; readonly of: number }
  readonly sameToolCalls: { readonly hits: number; readonly of: number }
  readonly similarity: { readonly copies: number }
  readonly cost: { readonly copies: number; readonly primaryUsd: string; readonly shadowUsd: string }
}

const entriesOf = async (kind: string): Promise<readonly Entry[]> =>
  ((await gateway.admin('/entries?limit=1000')) as { entries: readonly Entry[] }).entries.filter(
    (entry) => entry.kind === kind,
  )

const reportOf = (route: string) =>
  gateway.admin(`/shadow/report?route=${route}`) as Promise<{ pairs: readonly Pair[] }>

/** The report, once so many copies of the route have ended. */
const ended = (route: string, count: number): Promise<Pair> =>
  waitFor(async () => {
    const [pair] = (await reportOf(route)).pairs
    const { compared = 0, failed = 0, unreadable = 0 } = pair?.copies ?? {}
    return compared + failed + unreadable >= count ? pair : undefined
  })

const metric = async (route: string, result: string): Promise<number> => {
  const answer = await fetch(`${gateway.url}/metrics`, {
    headers: { authorization: `Bearer ${gateway.adminToken}` },
  })
  const line = (await answer.text())
    .split('\n')
    .find(
      (one) =>
        one.startsWith('tollgate_shadow_total{') && one.includes(`"${route}"`) && one.includes(`"${result}"`),
    )
  return Number(line?.split(' ').at(-1) ?? 0)
}

const copiesOf = async (route: string): Promise<number> => {
  const [pair] = (await reportOf(route)).pairs
  const { compared = 0, failed = 0, unreadable = 0 } = pair?.copies ?? {}
  return compared + failed + unreadable
}

const jsonOf = (bytes: Uint8Array | undefined): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(bytes))

describe('a copied exchange', () => {
  test('is asked again of the other target, whole, unkept and without the credentials of the client', async () => {
    const answer = await ask('copied', { temperature: 0.5 })
    expect(await answer.json()).toMatchObject({ choices: [{ message: { content: 'the same words' } }] })
    await ended('copied', 1)
    expect(other.seen).toHaveLength(1)
    const [copy] = other.seen
    expect(jsonOf(copy?.body)).toEqual({
      ...jsonOf(primary.seen[0]?.body),
      model: 'next-model',
    })
    expect(JSON.stringify(copy?.headers)).not.toContain(testKey)
    expect(copy?.headers['x-secret']).toBe('s')
  })

  test('streams to the client, and not to the gateway', async () => {
    const before = await copiesOf('copied')
    const stream = scriptedStream()
    primary.answer = () => stream.response()
    const pending = ask('copied', { stream: true, stream_options: { include_usage: true } })
    stream.write(`data: ${JSON.stringify(chunk({ role: 'assistant', content: 'the same ' }))}\n\n`)
    const answer = await pending
    expect(other.seen).toHaveLength(0)
    stream.write(`data: ${JSON.stringify(chunk({ content: 'words' }))}\n\n`)
    stream.write(`data: ${JSON.stringify(chunk({}, 'stop'))}\n\n`)
    stream.write(`data: ${JSON.stringify({ ...chunk({}), choices: [], usage })}\n\ndata: [DONE]\n\n`)
    stream.end()
    expect(await answer.text()).toEndWith('data: [DONE]\n\n')
    const pair = await ended('copied', before + 1)
    expect(jsonOf(other.seen[0]?.body)).toMatchObject({ stream: false, stream_options: null })
    expect(pair.copies).toMatchObject({ compared: before + 1, failed: 0, unreadable: 0 })
    expect(pair.equivalent).toMatchObject({ hits: before + 1, of: before + 1 })
  })

  test('has a ledger row of its own, and none of its cost is in the row of the client', async () => {
    const before = await copiesOf('copied')
    await (await ask('copied')).text()
    const pair = await ended('copied', before + 1)
    const [copy] = await entriesOf('shadow')
    const [client] = await entriesOf('client')
    expect(copy).toMatchObject({ outcome: 'success', provider: 'next', attempts: 1, costUsd: '0.000015' })
    expect(client).toMatchObject({ outcome: 'success', provider: 'now', attempts: 1, costUsd: '0.00006' })
    expect(pair.cost.copies).toBe(before + 1)
    const usageByKey = (await gateway.admin('/usage?by=key&kind=client')) as {
      rows: readonly { costUsd: string }[]
    }
    const usageOfCopies = (await gateway.admin('/usage?by=key&kind=shadow')) as {
      rows: readonly { group: string }[]
    }
    expect(usageOfCopies.rows).toHaveLength(1)
    expect(usageOfCopies.rows[0]).toMatchObject({
      group: (usageByKey.rows[0] as unknown as { group: string }).group,
    })
  })

  test('of tools is equivalent only with the same calls', async () => {
    const before = await ended('copied', 1)
    const calls = (path: string) => ({
      content: null,
      tool_calls: [
        {
          id: `call_${path}`,
          type: 'function',
          function: { name: 'read', arguments: JSON.stringify({ path }) },
        },
      ],
    })
    const tools = [{ type: 'function', function: { name: 'read', parameters: { type: 'object' } } }]
    for (const [ours, theirs] of [
      ['a', 'a'],
      ['a', 'b'],
    ] as const) {
      const count = await copiesOf('copied')
      primary.answer = () => chatAnswer('', calls(ours), 'tool_calls')
      other.answer = () => chatAnswer('', calls(theirs), 'tool_calls')
      await (await ask('copied', { tools })).text()
      await ended('copied', count + 1)
    }
    const [after] = (await reportOf('copied')).pairs
    expect(after?.sameToolCalls).toMatchObject({ hits: 1, of: 2 })
    expect((after?.equivalent.of ?? 0) - before.equivalent.of).toBe(2)
    expect((after?.equivalent.hits ?? 0) - before.equivalent.hits).toBe(1)
  })

  test('may go to a provider of another protocol', async () => {
    other.answer = () =>
      Response.json({
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'next-claude',
        content: [{ type: 'text', text: 'the same words' }],
        stop_reason: 'end_turn',
        stop_sequence: null,
        usage: { input_tokens: 8, output_tokens: 5 },
      })
    await (await ask('foreign')).text()
    const pair = await ended('foreign', 1)
    expect(other.seen[0]?.path).toBe('/v1/messages')
    expect(pair.copies.compared).toBe(1)
    expect(pair.equivalent).toMatchObject({ hits: 1, of: 1 })
  })

  test('of a Responses client is stored neither here nor there', async () => {
    const before = await copiesOf('copied')
    const response = (store: boolean) => ({
      id: 'resp_1',
      object: 'response',
      created_at: 1,
      status: 'completed',
      model: 'm',
      store,
      output: [
        {
          type: 'message',
          id: 'msg_1',
          status: 'completed',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'the same words', annotations: [] }],
        },
      ],
      usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
    })
    primary.answer = () => Response.json(response(true))
    other.answer = () => Response.json(response(false))
    const body = { input: 'hello', messages: undefined, max_tokens: undefined }
    await (await ask('copied', body, '/v1/responses')).text()
    const pair = await ended('copied', before + 1)
    expect(pair.copies.unreadable).toBe(0)
    expect(jsonOf(other.seen[0]?.body)).toMatchObject({ store: false, input: 'hello' })
    expect(jsonOf(primary.seen[0]?.body)).not.toHaveProperty('store')
  })
})

const chunk = (delta: object, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
})

describe('the client does not notice', () => {
  test('that the other target refuses, and its row is that of an exchange without a copy', async () => {
    other.answer = () => Response.json({ error: { message: 'no' } }, { status: 500 })
    const before = await ended('copied', 1)
    const count = await copiesOf('copied')
    const answer = await ask('copied')
    expect(answer.status).toBe(200)
    await answer.text()
    await ended('copied', count + 1)
    const [after] = (await reportOf('copied')).pairs
    expect((after?.copies.failed ?? 0) - before.copies.failed).toBe(1)
    // Copies are asked once: retries belong to the clients.
    expect(other.seen).toHaveLength(1)
    const [client] = await entriesOf('client')
    await (await ask('never')).text()
    const [uncopied] = await entriesOf('client')
    const row = ({ exchange: _, ...entry }: Entry) =>
      Object.fromEntries(
        Object.entries(entry).filter(
          ([name]) => !/^(at|openedAt|latencyMs|ttftMs|modelAsked|requestBytes)$/.test(name),
        ),
      )
    if (client === undefined || uncopied === undefined) throw new Error('rows are missing')
    expect(row(client)).toEqual(row(uncopied))
  })

  test('that the other target never answers, and copies beyond the bound are dropped', async () => {
    const release = Promise.withResolvers<void>()
    other.answer = async () => {
      await release.promise
      return chatAnswer('late')
    }
    const slowest: number[] = []
    for (let count = 0; count < 5; count++) {
      const start = performance.now()
      const answer = await ask('narrow')
      expect(answer.status).toBe(200)
      await answer.text()
      slowest.push(performance.now() - start)
    }
    expect(Math.max(...slowest)).toBeLessThan(5_000)
    expect(await metric('narrow', 'concurrent')).toBe(4)
    await waitFor(() => (other.seen.length === 1 ? true : undefined))
    release.resolve()
    const pair = await ended('narrow', 1)
    expect(pair.copies).toMatchObject({ compared: 1, unfinished: 0 })
    expect(await metric('narrow', 'compared')).toBe(1)
  })

  test('that nothing listens there', async () => {
    const gone = startUpstream()
    const lonely = await startGateway({
      config: [
        'providers:',
        `  now: { kind: openai-compatible, protocols: [openai-chat], base_url: "${primary.url}/v1", api_key: k, models: ["now-model"] }`,
        `  next: { kind: openai-compatible, protocols: [openai-chat], base_url: "${gone.url}/v1", api_key: k, models: ["next-model"] }`,
        'routes:',
        rule('copied', 'provider: next, model: next-model, share: 1'),
      ],
    })
    await gone.stop()
    const answer = await fetch(`${lonely.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}` },
      body: JSON.stringify({ model: 'copied', messages: [{ role: 'user', content: 'hello' }] }),
    })
    expect(answer.status).toBe(200)
    const failed = await waitFor(async () => {
      const { pairs } = (await lonely.admin('/shadow/report')) as { pairs: readonly Pair[] }
      return pairs[0]?.copies.failed === 1 ? pairs[0] : undefined
    })
    expect(failed.copies.compared).toBe(0)
    expect(await lonely.stop()).toBe(0)
  })

  test('a gateway that stops while a copy hangs stops at once, and leaves no row open', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-shadow-'))
    const config = [
      'providers:',
      `  now: { kind: openai-compatible, protocols: [openai-chat], base_url: "${primary.url}/v1", api_key: k, models: ["now-model"] }`,
      `  next: { kind: openai-compatible, protocols: [openai-chat], base_url: "${other.url}/v1", api_key: k, models: ["next-model"] }`,
      'routes:',
      rule('copied', 'provider: next, model: next-model, share: 1'),
    ]
    other.answer = () => new Promise(() => {})
    const first = await startGateway({ config, dataDir })
    const answer = await fetch(`${first.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}` },
      body: JSON.stringify({ model: 'copied', messages: [{ role: 'user', content: 'hello' }] }),
    })
    await answer.text()
    await waitFor(() => (other.seen.length === 1 ? true : undefined))
    const start = performance.now()
    expect(await first.stop()).toBe(0)
    expect(performance.now() - start).toBeLessThan(10_000)
    const second = await startGateway({ config, dataDir })
    const { entries } = (await second.admin('/entries?limit=10')) as { entries: readonly Entry[] }
    expect(entries.map(({ kind, outcome }) => [kind, outcome])).toEqual([
      ['shadow', 'client_aborted'],
      ['client', 'success'],
    ])
    const { pairs } = (await second.admin('/shadow/report')) as { pairs: readonly Pair[] }
    expect(pairs[0]?.copies).toMatchObject({ failed: 1, unfinished: 0 })
    await second.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
})

describe('nothing is copied', () => {
  test('where the share is 0, or the primary fails, or the request asks for tools of the provider', async () => {
    await (await ask('never')).text()
    primary.answer = () => Response.json({ error: { message: 'bad', type: 'x' } }, { status: 400 })
    const noAnswers = await metric('copied', 'no_answer')
    await (await ask('copied')).text()
    expect(await metric('copied', 'no_answer')).toBe(noAnswers + 1)
    primary.answer = () => chatAnswer('found')
    await (await ask('copied', { web_search_options: {} })).text()
    await waitFor(async () => ((await metric('copied', 'server_tools')) === 1 ? true : undefined))
    expect(other.seen).toHaveLength(0)
  })

  test('to a provider that the key may not use', async () => {
    const issued = (await gateway.admin('/keys', {
      method: 'POST',
      body: JSON.stringify({ name: 'narrow', scopes: { providers: ['now'] } }),
    })) as { secret: string }
    const before = await copiesOf('copied')
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${issued.secret}` },
      body: JSON.stringify({ model: 'copied', messages: [{ role: 'user', content: 'hello' }] }),
    })
    expect(answer.status).toBe(200)
    await answer.text()
    // Whoever may is copied after it, and nobody before.
    await (await ask('copied')).text()
    await ended('copied', before + 1)
    expect(other.seen).toHaveLength(1)
  })

  test('that refers to what the gateway keeps', async () => {
    const responses = '/v1/responses'
    const asked = { input: 'hello', messages: undefined, max_tokens: undefined }
    await (await ask('copied', { ...asked, background: true }, responses)).text()
    await (await ask('copied', { ...asked, previous_response_id: 'resp_unknown' }, responses)).text()
    const before = await copiesOf('copied')
    await (await ask('copied')).text()
    await ended('copied', before + 1)
    expect(other.seen).toHaveLength(1)
  })

  test('beyond the budget of the day', async () => {
    // Two dollars a million output tokens: 50 of them, and at most as many input tokens as bytes, are about 0.00015.
    let count = 0
    for (; count < 100 && (await metric('poor', 'budget')) === 0; count++) {
      await (await ask('poor')).text()
      await waitFor(async () =>
        (await metric('poor', 'budget')) + (await metric('poor', 'compared')) > count ? true : undefined,
      )
    }
    const [pair] = (await reportOf('poor')).pairs
    expect(Number(pair?.cost.shadowUsd)).toBeLessThanOrEqual(0.0005)
    expect(count).toBeGreaterThan(10)
    expect(count).toBeLessThan(60)
  })
})

test('the command line says what a switch saves', async () => {
  const run = (flags: readonly string[]) =>
    Bun.spawnSync([...tgwProgram, 'shadow', 'report', '--data-dir', gateway.dataDir, ...flags], {
      cwd: gateway.dataDir,
      env: { PATH: process.env['PATH'] ?? '', HOME: gateway.dataDir, TGW_CONFIG: gateway.configFile },
    })
  const text = run(['--route', 'copied']).stdout.toString()
  expect(text).toContain('copied: now/now-model now, next/next-model instead')
  expect(text).toMatch(/saves per 1,000, \$ +0\.045 +0\.045 to 0\.045/)
  const report = JSON.parse(run(['--json']).stdout.toString())
  expect(report.pairs.length).toBeGreaterThan(2)
  expect(report.isComplete).toBe(true)
})
