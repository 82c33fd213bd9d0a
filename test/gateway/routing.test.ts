import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RouteExplanation } from '../../src/admin/index.ts'
import { startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { runTgw } from '../support/run-tgw.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

let folder = ''
let upstream: TestUpstream
let gateway: TestGateway

const aliasFile = (name: string) => join(folder, 'aliases', name)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'routing-'))
  mkdirSync(join(folder, 'aliases'))
  upstream = startUpstream()
  upstream.answer = ({ body }) =>
    Response.json({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: JSON.parse(new TextDecoder().decode(body)).model,
      choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    })
  const at = (
    id: string,
    models: string,
    kind = 'openai-compatible, protocols: [openai-chat]',
    path = '/v1',
  ) => `  ${id}: { kind: ${kind}, base_url: "${upstream.url}${path}", api_key: k, models: [${models}] }`
  gateway = await startGateway({
    config: [
      `alias_folder: ${join(folder, 'aliases')}`,
      'providers:',
      at('one', 'model-one, claude-sonnet-4-5, claude-sonnet-5'),
      at('two', 'model-two'),
      at('claude', 'model-claude', 'anthropic-compatible', ''),
      'routes:',
      '  - { name: expression, match: "/^team-(red|blue)-\\\\d+$/", targets: [{ provider: two, model: model-two }] }',
      '  - { name: long, match: "any-*", when: { input_tokens: { over: 1500 } }, targets: [{ provider: two, model: long }] }',
      '  - { name: tools, match: "any-*", when: { tools: true }, targets: [{ provider: two, model: tools }] }',
      '  - { name: pictures, match: "any-*", when: { images: true }, targets: [{ provider: two, model: pictures }] }',
      '  - { name: canary, match: ["any-*", other], when: { headers: { x-canary: "yes*" } }, targets: [{ provider: two, model: canary }] }',
      '  - { name: night, match: any-*, when: { hours: { from: "22:00", to: "06:00", zone: Europe/Zurich } }, targets: [{ provider: two, model: night }] }',
      '  - { name: session, match: any-*, when: { sessions: ["batch-*"] }, targets: [{ provider: two, model: session }] }',
      '  - { name: rest, match: any-*, strategy: weighted, targets: [{ provider: one, model: model-one, weight: 3 }, claude] }',
      '  - { name: strict, match: strict, work_mode: passthrough, targets: [claude, one] }',
      'aliases: { short: team-red-1 }',
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
  rmSync(folder, { recursive: true, force: true })
})

const chat = (model: string, body: object = {}, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}`, ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }], ...body }),
  })

/** Provider and model that were asked. */
const reached = async (...request: Parameters<typeof chat>): Promise<string> => {
  const answer = await chat(...request)
  const { model } = (await answer.json()) as { readonly model: string }
  return `${answer.headers.get('x-tollgate-provider')}/${model}`
}

const explain = async (query: Record<string, string>, headers: readonly string[] = []) =>
  (await gateway.admin(
    `/routes/explain?${new URLSearchParams([...Object.entries(query), ...headers.map((one) => ['header', one])])}`,
  )) as RouteExplanation

describe('a request goes where the first rule that fits says', () => {
  const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }
  const picture = {
    role: 'user',
    content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }],
  }

  test('by regular expression, also behind an alias', async () => {
    expect(await reached('team-blue-12')).toBe('two/model-two')
    expect(await reached('short')).toBe('two/model-two')
    expect((await chat('team-green-12')).status).toBe(404)
  })

  test('by what the request demands', async () => {
    const words = { messages: [{ role: 'user', content: 'word '.repeat(2000) }] }
    expect(await reached('any-x', words)).toBe('two/long')
    expect(await reached('any-x', { tools: [tool] })).toBe('two/tools')
    expect(await reached('any-x', { messages: [picture] })).toBe('two/pictures')
  })

  test('by header', async () => {
    expect(await reached('any-x', {}, { 'x-canary': 'yes-1' })).toBe('two/canary')
    expect(await reached('other', {}, { 'x-canary': 'yes' })).toBe('two/canary')
    expect((await chat('other', {}, { 'x-canary': 'no' })).status).toBe(404)
  })

  test('and the name of a family is its newest model', async () => {
    expect(await reached('claude-sonnet')).toBe('one/claude-sonnet-5')
  })
})

describe('an explanation', () => {
  const noon = '2026-11-18T12:00:00Z'

  test('agrees with what happens', async () => {
    for (const [model, headers] of [
      ['team-red-1', {}],
      ['short', {}],
      ['other', { 'x-canary': 'yes' }],
      ['claude-sonnet', {}],
      ['model-one', {}],
      ['one/whatever', {}],
    ] as const) {
      const { outcome, targets } = await explain(
        { model },
        Object.entries(headers).map(([name, value]) => `${name}=${value}`),
      )
      expect([model, outcome]).toEqual([model, 'routed'])
      expect(`${targets[0]?.provider}/${targets[0]?.model}`).toBe(await reached(model, {}, headers))
    }
  })

  test('names each rule that was passed over with the condition that failed, and who would be asked how', async () => {
    const said = await explain({ model: 'any-x', at: noon })
    expect(said).toMatchObject({ outcome: 'routed', rule: 'route rest', strategy: 'weighted', sticky: true })
    const failed = said.steps.map(({ name, because }) => [
      name,
      /when\.[\w.-]+/.exec(because)?.[0] ?? because,
    ])
    expect(failed).toEqual([
      ['expression', expect.stringContaining('does not fit any-x')],
      ['long', 'when.input_tokens'],
      ['tools', 'when.tools'],
      ['pictures', 'when.images'],
      ['canary', 'when.headers.x-canary'],
      ['night', 'when.hours'],
      ['session', 'when.sessions'],
      ['rest', expect.any(String)],
    ])
    expect(said.targets).toEqual([
      {
        provider: 'one',
        model: 'model-one',
        weight: 3,
        served: 'untouched',
        protocol: 'openai-chat',
        capable: true,
      },
      {
        provider: 'claude',
        model: 'any-x',
        weight: 1,
        served: 'translated',
        protocol: 'anthropic-messages',
        capable: true,
      },
    ])
  })

  test('follows the clock where the operator lives', async () => {
    const ruleAt = async (at: string) => (await explain({ model: 'any-x', at })).rule
    expect(await ruleAt('2026-11-18T20:59:59Z')).toBe('route rest')
    expect(await ruleAt('2026-11-18T21:00:00Z')).toBe('route night')
    expect(await ruleAt('2026-07-01T20:00:00Z')).toBe('route night')
    expect(await ruleAt('2026-11-18T05:00:00Z')).toBe('route rest')
  })

  test('takes demands, sessions and keys as they would be, and refuses what there is not', async () => {
    const ruleFor = async (query: Record<string, string>) =>
      (await explain({ model: 'any-x', at: noon, ...query })).rule
    expect(await ruleFor({ input_tokens: '1501' })).toBe('route long')
    expect(await ruleFor({ tools: 'true' })).toBe('route tools')
    expect(await ruleFor({ images: 'true' })).toBe('route pictures')
    expect(await ruleFor({ session: 'batch-1' })).toBe('route session')
    for (const wrong of [
      { key: 'nobody' },
      { endpoint: 'openai-chta' },
      { tools: 'perhaps' },
      { colour: 'red' },
    ]) {
      expect(await explain({ model: 'any-x', ...wrong })).toMatchObject({
        error: { code: 'gateway_request_invalid' },
      })
    }
  })

  test('tells who is refused by work mode, what a key may not use, and what an unknown name may mean', async () => {
    expect(
      (await explain({ model: 'strict' })).targets.map(({ provider, served }) => [provider, served]),
    ).toEqual([
      ['one', 'untouched'],
      ['claude', 'refused'],
    ])
    await gateway.admin('/keys', {
      method: 'POST',
      body: JSON.stringify({ name: 'narrow', scopes: { models: ['any-*'], providers: ['claude'] } }),
    })
    const narrow = await explain({ model: 'any-x', key: 'narrow', at: noon })
    expect(narrow.targets.map(({ provider, served }) => [provider, served])).toEqual([
      ['claude', 'translated'],
      ['one', 'denied'],
    ])
    expect((await explain({ model: 'model-one', key: 'narrow' })).outcome).toBe('denied')
    expect(await explain({ model: 'model-on' })).toMatchObject({ outcome: 'unknown', nearest: ['model-one'] })
  })

  test('is what the command line prints', async () => {
    const run = (...words: readonly string[]) => runTgw(gateway, 'route', ...words)
    const place = ['--url', gateway.url]
    const explained = await run('explain', 'any-x', '--tools', '--header', 'x-canary=no', ...place)
    expect(explained).toMatchObject({ code: 0, error: '' })
    expect(explained.out).toContain('any-x: route tools (strategy fallback, work mode auto)')
    expect(explained.out).toMatch(/rule +long +no +its condition `when.input_tokens` does not hold/)
    const unknown = await run('explain', 'model-on', ...place)
    expect(unknown).toMatchObject({ code: 1 })
    expect(unknown.out).toContain('404, nobody knows it, did you mean model-one?')
    const json = await run('explain', 'short', '--json', ...place)
    expect(JSON.parse(json.out)).toMatchObject({
      outcome: 'routed',
      steps: [{ looked: 'alias' }, { looked: 'rule' }],
    })
    const list = await run('list', ...place)
    expect(list.out).toMatch(/^6 +night +any-\* +hours +fallback +two\/night$/m)
  })
})

describe('files of aliases', () => {
  const asked = async (model: string) => (await explain({ model })).outcome

  test('count when they appear, change and go, and a wrong one leaves the old ones in force', async () => {
    expect((await chat('nick')).status).toBe(404)
    writeFileSync(aliasFile('a.yaml'), 'nick: one/first\n')
    await waitFor(async () => ((await asked('nick')) === 'routed' ? true : undefined))
    expect(await reached('nick')).toBe('one/first')

    writeFileSync(aliasFile('b.json'), '{ "nick": "two/second", "other-nick": "model-one" }')
    await waitFor(async () => ((await asked('other-nick')) === 'routed' ? true : undefined))
    expect(await reached('nick')).toBe('two/second')

    writeFileSync(aliasFile('a.yaml'), 'nick: one/first\nwrong: [list]\nnew: model-one\n')
    await waitFor(() =>
      /a\.yaml:2:1: wrong: must be a text, not a list/.test(gateway.log()) ? true : undefined,
    )
    expect(await reached('nick')).toBe('two/second')
    expect(await asked('new')).toBe('unknown')

    writeFileSync(aliasFile('a.yaml'), 'new: model-one\n')
    await waitFor(async () => ((await asked('new')) === 'routed' ? true : undefined))

    unlinkSync(aliasFile('b.json'))
    await waitFor(async () => ((await asked('nick')) === 'unknown' ? true : undefined))
    expect((await chat('nick')).status).toBe(404)
    expect(await reached('new')).toBe('one/model-one')
  }, 60_000)
})
