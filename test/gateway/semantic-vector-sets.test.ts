/** Two gateways that look for questions in the vector sets of one Redis; and what happens where it has none, or is away. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { oneCall, startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { tgwProgram } from '../support/program.ts'
import { type RedisServer, redisProgram, startRedis } from '../support/redis.ts'
import { type SayingUpstream, startSaying } from '../support/saying-upstream.ts'
import { answerTo, type Embedder, startEmbedder, wordings } from '../support/semantic-questions.ts'

setDefaultTimeout(90_000)

let upstream: SayingUpstream
let embedder: Embedder

beforeAll(() => {
  upstream = startSaying()
  upstream.say = (request, calls) => ({ parts: [{ type: 'text', text: answerTo(request, calls) }] })
  embedder = startEmbedder()
})
afterAll(async () => {
  await upstream.stop()
  await embedder.stop()
})

const configOf = (redis: RedisServer): readonly string[] => [
  ...oneCall,
  'providers:',
  `  chat: { kind: openai-compatible, protocols: [openai-chat], base_url: "${upstream.url}/chat/v1", api_key: sk-up }`,
  `  local: { kind: openai-compatible, protocols: [openai-embeddings], base_url: "${embedder.url}/v1", api_key: sk-e }`,
  'routes: [{ match: "*", targets: [chat] }]',
  `redis: { url: "${redis.url}" }`,
  'cache:',
  '  exact: on',
  '  semantic: on',
  '  backend: redis',
  '  similar:',
  '    index: redis-vector-sets',
  '    embeddings: { provider: local, model: e }',
  '    judge: { provider: chat, model: judge }',
  '    most_error: 0.1',
]

const ask = async (gateway: TestGateway, content: string) => {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', temperature: 0, messages: [{ role: 'user', content }] }),
  })
  const body = (await response.json()) as { choices?: readonly { message: { content: string } }[] }
  const id = response.headers.get('x-tollgate-request-id') ?? ''
  return {
    cache: response.headers.get('x-tollgate-cache'),
    text: body.choices?.[0]?.message.content,
    similar: async () => {
      const said = (await gateway.admin(`/cache/explain?exchange=${id}`)) as { similar: { result: string } }
      return said.similar.result
    },
  }
}

interface Stats {
  readonly judgedRight: number
  readonly similar: { readonly questions: number; readonly isShared: boolean } | null
}

const stats = async (gateway: TestGateway): Promise<Stats> => (await gateway.admin('/cache/stats')) as Stats

const onRedis = (...gateways: readonly TestGateway[]): Promise<true> =>
  waitFor(async () => {
    const health = (await Promise.all(gateways.map((gateway) => gateway.admin('/health')))) as {
      redis?: string
    }[]
    return health.every(({ redis }) => redis === 'connected') ? true : undefined
  }, 20_000)

const withVectorSets = redisProgram('gateways with vector sets of Redis', true)

describe.skipIf(withVectorSets === undefined)('two gateways', () => {
  let redis: RedisServer
  let one: TestGateway
  let other: TestGateway
  let folder: string

  beforeAll(async () => {
    redis = await startRedis([], withVectorSets)
    // The keys that seal what is shared are those of the installation: a copy of its folder has them.
    folder = mkdtempSync(join(tmpdir(), 'tollgate-vector-sets-'))
    const config = configOf(redis)
    const first = await startGateway({ dataDir: folder, config })
    await first.stop()
    const copy = `${folder}-copy`
    cpSync(folder, copy, { recursive: true })
    rmSync(join(copy, 'tollgate.lock'), { force: true })
    one = await startGateway({ dataDir: folder, config })
    other = await startGateway({ dataDir: copy, config })
    await onRedis(one, other)
  })
  afterAll(async () => {
    await one?.stop()
    await other?.stop()
    await redis.stop()
    rmSync(folder, { recursive: true, force: true })
    rmSync(`${folder}-copy`, { recursive: true, force: true })
  })

  /** Asks both in turn until one gives an answer of another question; then the same at the other one. */
  const learn = async (ending: string): Promise<void> => {
    let compared = 0
    let [next, after] = [one, other]
    for (const [at, wording] of wordings.entries()) {
      const before = (await stats(one)).similar?.questions ?? 0
      const answer = await ask(next, `${wording} ${ending}`)
      expect(answer.text).toEndWith('about the password')
      if (answer.cache === 'hit-semantic') {
        // The bound of 10 % wants 90 % of certainty, which no handful of answers gives.
        expect(compared).toBeGreaterThan(10)
        let more = at
        await waitFor(async () => {
          const again = await ask(after, `${wordings[++more]} ${ending} once more`)
          return again.cache === 'hit-semantic' ? true : undefined
        })
        return
      }
      const isCompared = (await answer.similar()) === 'asked'
      if (isCompared) compared++
      await waitFor(async () => {
        const [first, second] = [await stats(one), await stats(other)]
        expect(first.similar).toEqual(second.similar)
        const judged = first.judgedRight + second.judgedRight
        return judged >= judgedBefore + compared &&
          (first.similar?.questions ?? 0) >= before + (isCompared ? 0 : 1)
          ? true
          : undefined
      })
      ;[next, after] = [after, next]
    }
    throw new Error('nothing was found')
  }
  let judgedBefore = 0

  test('find what either learned, of what both have compared', async () => {
    await learn('please')
    expect((await stats(other)).similar).toMatchObject({ isShared: true })
    expect((await stats(other)).similar?.questions).toBeGreaterThan(0)
  })

  test('forget it together', async () => {
    await other.admin('/cache/purge', { method: 'POST' })
    expect((await stats(one)).similar).toMatchObject({ questions: 0 })
    const answer = await ask(one, `${wordings[2]} after all`)
    expect(answer.cache).toBe('miss')
    expect(await answer.similar()).toBe('none')
  })

  test('answer without it while Redis is away, and go on by themselves when it is back', async () => {
    await redis.crash()
    for (const gateway of [one, other, one]) {
      const texts = embedder.texts.length
      const answer = await ask(gateway, `${wordings[3]} while it is away`)
      expect(answer).toMatchObject({ cache: 'miss', text: expect.stringContaining('about the password') })
      expect(await answer.similar()).toBe('away')
      // Nobody pays for an embedding that nobody could look for.
      expect(embedder.texts.length).toBe(texts)
    }
    expect((await stats(one)).similar).toBeNull()
    await redis.restart()
    await onRedis(one, other)
    const [first, second] = [await stats(one), await stats(other)]
    judgedBefore = first.judgedRight + second.judgedRight
    await learn('again')
  })

  test('are held up by a Redis that does not answer no longer than they may', async () => {
    redis.freeze()
    try {
      const started = performance.now()
      const answer = await ask(one, `${wordings[4]} frozen`)
      expect(answer.cache).toBe('miss')
      expect(performance.now() - started).toBeLessThan(10_000)
    } finally {
      redis.thaw()
    }
  })
})

const withoutVectorSets = redisProgram('a gateway whose Redis has no vector sets', false)

test.skipIf(withoutVectorSets === undefined)(
  'a gateway whose Redis has no vector sets serves, finds exact matches, and says once what is missing',
  async () => {
    const redis = await startRedis([], withoutVectorSets)
    const gateway = await startGateway({ config: configOf(redis) })
    await onRedis(gateway)
    for (const wording of wordings.slice(0, 4)) {
      const answer = await ask(gateway, wording)
      expect(answer.cache).toBe('miss')
      expect(await answer.similar()).toBe('away')
    }
    const [first = ''] = wordings
    await waitFor(async () => ((await ask(gateway, first)).cache === 'hit-exact' ? true : undefined))
    expect(gateway.log().split('redis has no vector sets')).toHaveLength(2)
    expect(await gateway.admin('/cache/purge', { method: 'POST' })).toMatchObject({
      purged: expect.any(Number),
    })
    const doctor = Bun.spawn([...tgwProgram, 'doctor', '--json', '--config', gateway.configFile], {
      stdout: 'pipe',
      stderr: 'ignore',
      env: { PATH: process.env['PATH'] ?? '', HOME: gateway.dataDir },
    })
    const { findings } = (await new Response(doctor.stdout).json()) as {
      findings: readonly { check: string }[]
    }
    expect(findings.find(({ check }) => check === 'redis')).toMatchObject({
      state: 'note',
      message: expect.stringContaining('no vector sets'),
    })
    await gateway.stop()
    await redis.stop()
  },
)
