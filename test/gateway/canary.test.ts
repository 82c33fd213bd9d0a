import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { oneCall, startGateway, type TestGateway, testAdminToken, testKey } from '../support/gateway.ts'
import { scriptedStream, startUpstream, type TestUpstream } from '../support/upstream.ts'

/** Planted secrets: none of them may turn up in a log, a row, a metric, an error or an answer. */
const canaries = {
  providerKey: 'canary-provider-key-1111',
  sealedKey: 'canary-sealed-key-2222',
  prompt: 'canary-prompt-3333',
  answer: 'canary-answer-4444',
  cookie: 'canary-cookie-5555',
  wrongKey: 'tgw-sk-canary-wrong-6666666666',
  queryKey: 'canary-query-key-7777',
  upstreamError: 'canary-upstream-error-8888',
}

let upstream: TestUpstream
let gateway: TestGateway

beforeAll(async () => {
  upstream = startUpstream()
  gateway = await startGateway({
    config: [
      ...oneCall,
      'telemetry: { log: { level: trace } }',
      'providers:',
      `  up: { kind: openai-compatible, base_url: "${upstream.url}/v1", api_key: ${canaries.providerKey}, models: ["test-model"] }`,
      `  up-gemini: { kind: gemini-compatible, base_url: "${upstream.url}", api_key: ${canaries.providerKey}, models: ["test-gemini"] }`,
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
})

const ask = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${testKey}`, cookie: canaries.cookie, ...headers },
    body,
  })

const chat = (content: string, rest = ''): string =>
  `{"model":"test-model","messages":[{"role":"user","content":"${content}"}]${rest}}`

test('planted secrets are nowhere but where they belong', async () => {
  const heard: string[] = []
  const hear = async (response: Response): Promise<void> => {
    heard.push(JSON.stringify([...response.headers]), await response.text().catch(() => ''))
  }
  // Success, refusals of every kind, provider errors, a dying stream.
  upstream.answer = () =>
    Response.json({ id: 'x', model: 'm', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } })
  await hear(await ask('/v1/chat/completions', chat(canaries.prompt)))
  upstream.answer = () =>
    Response.json(
      { error: { message: `key ${canaries.providerKey} ${canaries.upstreamError}` } },
      { status: 401 },
    )
  await hear(await ask('/v1/chat/completions', chat(canaries.prompt)))
  await gateway.admin('/config/reload', { method: 'POST' })
  await hear(await ask('/v1/chat/completions', `{"broken ${canaries.prompt}`))
  await hear(
    await ask('/v1/chat/completions', chat(canaries.prompt), {
      authorization: `Bearer ${canaries.wrongKey}`,
    }),
  )
  await hear(
    await ask(`/v1beta/models/test-gemini:generateContent?key=${canaries.queryKey}`, '{"contents":[]}', {
      authorization: '',
    }),
  )
  const script = scriptedStream()
  upstream.answer = () => script.response()
  script.write(`data: {"id":"x","choices":[{"index":0,"delta":{"content":"${canaries.answer}"}}]}\n\n`)
  const dying = await ask('/v1/chat/completions', chat(canaries.prompt, ',"stream":true'))
  script.die()
  await dying.text().catch(() => '')
  // The provider repeats what it was given, as some do in their refusals.
  const post = async (path: string, body: object) => {
    const answer = (await gateway.admin(path, { method: 'POST', body: JSON.stringify(body) })) as {
      readonly id?: string
    }
    heard.push(JSON.stringify(answer))
    return answer.id ?? ''
  }
  upstream.answer = ({ headers }) =>
    Response.json({ error: { message: `no ${headers['authorization']}` } }, { status: 401 })
  await post('/credentials', { provider: 'up', label: 'second', secret: canaries.sealedKey })
  upstream.answer = () => Response.json({ data: [] })
  await post('/credentials', { provider: 'up', label: 'second', secret: `${canaries.sealedKey} with spaces` })
  const sealed = await post('/credentials', { provider: 'up', label: 'second', secret: canaries.sealedKey })
  upstream.answer = ({ headers }) => new Response(headers['authorization'] ?? '', { status: 403 })
  await post(`/credentials/${sealed}/test`, {})
  await post(`/credentials/${sealed}/rotate`, { secret: canaries.sealedKey })
  await post(`/credentials/${sealed}/rotate`, { secret: canaries.sealedKey, force: true })
  for (const path of [
    '/keys',
    '/config',
    '/providers',
    '/credentials',
    '/entries',
    '/usage',
    '/models',
    '/health',
  ]) {
    heard.push(JSON.stringify(await gateway.admin(path)))
  }
  const metrics = await fetch(`${gateway.url}/metrics`, {
    headers: { authorization: `Bearer ${testAdminToken}` },
  })
  heard.push(await metrics.text())
  gateway.supervisor.kill('SIGTERM')
  await gateway.supervisor.exited

  const files = allFiles(gateway.dataDir).filter((path) => path !== gateway.configFile)
  expect(files.some((path) => path.endsWith('tollgate.db'))).toBe(true)
  expect(files.some((path) => path.includes('server-'))).toBe(true)
  const places = [
    ...heard.map((text, index) => ({ name: `answer ${index}`, text })),
    ...files.map((path) => ({ name: path, text: readFileSync(path, 'latin1') })),
  ]
  for (const [name, canary] of Object.entries({ ...canaries, testKey, testAdminToken })) {
    const found = places.filter((place) => place.text.includes(canary)).map((place) => place.name)
    expect([name, found]).toEqual([name, []])
  }
}, 60_000)

const allFiles = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? allFiles(path) : [path]
  })
