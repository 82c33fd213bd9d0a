/** Answers of questions that mean the same, in a real gateway with a provider of embeddings and a model that judges. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  ledgerEntries,
  oneCall,
  startGateway,
  type TestGateway,
  testKey,
  waitFor,
} from '../support/gateway.ts'
import { type SayingUpstream, startSaying } from '../support/saying-upstream.ts'
import { answerTo, type Embedder, startEmbedder, wordings } from '../support/semantic-questions.ts'
import { githubToken } from '../support/test-secrets.ts'

setDefaultTimeout(90_000)

let upstream: SayingUpstream
let embedder: Embedder
let gateway: TestGateway

const token = githubToken('semantic')

beforeAll(async () => {
  upstream = startSaying()
  upstream.say = (request, calls) => ({ parts: [{ type: 'text', text: answerTo(request, calls) }] })
  embedder = startEmbedder()
  gateway = await startGateway({
    config: [
      ...oneCall,
      'providers:',
      `  chat: { kind: openai-compatible, protocols: [openai-chat], base_url: "${upstream.url}/chat/v1", api_key: sk-up }`,
      `  local: { kind: openai-compatible, protocols: [openai-embeddings], base_url: "${embedder.url}/v1", api_key: sk-e }`,
      'prices:',
      '  - { match: "e", input_per_mtok: "0.1", output_per_mtok: "0" }',
      '  - { match: "m", input_per_mtok: "1", output_per_mtok: "2" }',
      '  - { match: "judge", input_per_mtok: "1", output_per_mtok: "2" }',
      'routes:',
      '  - { match: "off", cache: { semantic: off }, targets: [{ provider: chat, model: m }] }',
      '  - { match: "*", targets: [chat] }',
      'firewall: { input: redact, output: off, secrets: reversible }',
      'cache:',
      '  exact: on',
      '  semantic: on',
      '  similar:',
      '    embeddings: { provider: local, model: e }',
      '    judge: { provider: chat, model: judge }',
      '    most_error: 0.1',
      '    wait: 700ms',
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
  await embedder.stop()
})

interface Asked {
  readonly model?: string
  readonly system?: string
  readonly temperature?: number
  readonly key?: string
  readonly more?: Readonly<Record<string, unknown>>
}

const ask = async (
  text: string,
  { model = 'm', system = 'be brief', key = testKey, ...asked }: Asked = {},
) => {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      temperature: asked.temperature ?? 0,
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: text },
      ],
      ...asked.more,
    }),
  })
  const body = (await response.json()) as { choices?: readonly { message: { content: string } }[] }
  return {
    status: response.status,
    cache: response.headers.get('x-tollgate-cache'),
    similarity: response.headers.get('x-tollgate-cache-similarity'),
    cost: response.headers.get('x-tollgate-cost'),
    id: response.headers.get('x-tollgate-request-id') ?? '',
    text: body.choices?.[0]?.message.content,
  }
}

const stats = async () =>
  (await gateway.admin('/cache/stats')) as {
    similarHits: number
    judgedRight: number
    judgedWrong: number
    similar: { questions: number }
  }

const explain = async (id: string) =>
  (await gateway.admin(`/cache/explain?exchange=${id}`)) as {
    similar: { result: string; difference?: string } | null
  }

const makeKey = async (more: object): Promise<string> => {
  const body = JSON.stringify({ name: `key ${crypto.randomUUID()}`, ...more })
  return ((await gateway.admin('/keys', { method: 'POST', body })) as { secret: string }).secret
}

/** Waits until what was learned of the last answers is known. */
const learned = async (of: { readonly questions?: number; readonly judged?: number }): Promise<void> => {
  await waitFor(async () => {
    const now = await stats()
    const judged = now.judgedRight + now.judgedWrong
    return now.similar.questions >= (of.questions ?? 0) && judged >= (of.judged ?? 0) ? true : undefined
  }, 10_000)
}

describe('a question that means the same as one that was answered', () => {
  test('gets its answer once enough answers were compared, without asking anybody', async () => {
    let given: Awaited<ReturnType<typeof ask>> | undefined
    let compared = 0
    for (const wording of wordings) {
      const before = await stats()
      const asked = upstream.seen.length
      const answer = await ask(wording)
      expect(answer.text).toEndWith('about the password')
      if (answer.cache === 'hit-semantic') {
        expect(upstream.seen.length).toBe(asked)
        given = answer
        break
      }
      expect(answer.cache).toBe('miss')
      const { similar } = await explain(answer.id)
      if (similar?.result === 'asked') await learned({ judged: ++compared })
      else await learned({ questions: before.similar.questions + 1 })
    }
    // The bound of 10 % wants 90 % of certainty, which no handful of answers gives.
    expect(compared).toBeGreaterThan(10)
    expect(given?.cost).toBe('0.00')
    expect(Number(given?.similarity)).toBeGreaterThan(0.9)
    expect(await stats()).toMatchObject({ similarHits: 1, judgedWrong: 0, judgedRight: compared })
    const { similar } = await explain(given?.id ?? '')
    expect(similar).toMatchObject({ result: 'given', certainty: expect.any(Number) })
  })

  test('shows in the ledger what it cost to find that out: embeddings and judgements, on the bill of the key', async () => {
    const entries = await ledgerEntries(gateway)
    const own = entries.filter(({ kind }) => kind === 'cache')
    expect(own.some(({ operation }) => operation === 'embed')).toBe(true)
    expect(own.some(({ operation, modelAsked }) => operation === 'generate' && modelAsked === 'judge')).toBe(
      true,
    )
    const [hit] = entries.filter(({ cache }) => cache?.includes('hit-semantic'))
    expect(hit).toMatchObject({ attempts: 0, costUsd: '0.00' })
    expect(own.every(({ costUsd, tenant }) => costUsd !== null && tenant.key === hit?.tenant.key)).toBe(true)
  })

  test('is not the same question under another system prompt, model, temperature, tool or conversation', async () => {
    const [first = '', , third = ''] = wordings
    for (const [asked, result] of [
      [{ system: 'be verbose' }, 'none'],
      [{ model: 'm2' }, 'none'],
      [{ more: { max_tokens: 7 } }, 'none'],
      [{ temperature: 0.2 }, 'none'],
      [{ temperature: 0.9 }, 'temperature'],
      [{ more: { temperature: undefined } }, 'temperature'],
      [{ more: { tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] } }, 'tools'],
      [{ model: 'off' }, undefined],
    ] as const) {
      const answer = await ask(`${third} anew`, asked)
      expect([asked, answer.cache]).toEqual([asked, 'miss'])
      const { similar } = await explain(answer.id)
      expect([asked, similar?.result]).toEqual([asked, result])
    }
    const talk = await ask('', {
      more: {
        messages: [
          { role: 'user', content: first },
          { role: 'assistant', content: 'about the password' },
          { role: 'user', content: third },
        ],
      },
    })
    expect((await explain(talk.id)).similar?.result).toBe('not-one-question')
  })

  test('is kept apart where its words decide: numbers, names, negation, identifiers', async () => {
    const { questions } = (await stats()).similar
    await ask('what is the capital city of France')
    await learned({ questions: questions + 1 })
    for (const [text, difference] of [
      ['what is the capital town of France', 'one-word'],
      ['tell me which city is the Capital of Germany', 'names'],
      ['which city is not the capital of France', 'negation'],
      ['name the 2 capital cities of France', 'numbers'],
      ['when was the capital of France founded', 'question-word'],
      ['what does capitalOf(France) return as the capital', 'code'],
    ] as const) {
      const answer = await ask(text)
      expect([text, answer.cache]).toEqual([text, 'miss'])
      expect((await explain(answer.id)).similar).toMatchObject({ result: 'kept-apart', difference })
    }
    // What another answer would be right for tomorrow is not even looked for.
    const today = await ask('what is the weather today')
    expect((await explain(today.id)).similar).toEqual({ result: 'time' })
  })

  test('never leaves the organisation', async () => {
    const [, second = ''] = wordings
    const send = (path: string, body: object) =>
      gateway.admin(path, { method: 'POST', body: JSON.stringify(body) })
    const { id } = (await send('/organisations', { name: 'Acme' })) as { id: string }
    const { secret: key } = (await send('/keys', { name: 'theirs', organisation: id })) as { secret: string }
    const answer = await ask(`${second} once more`, { key })
    expect(answer.cache).toBe('miss')
    expect((await explain(answer.id)).similar?.result).toBe('none')
  })

  test('is nothing for a key that wants none, also where another one finds it at the same time', async () => {
    const careful = await makeKey({ options: { cache: { semantic: 'off' } } })
    let found: string | null = null
    for (const wording of wordings.slice(40)) {
      const question = `${wording} at once`
      embedder.delay = 300
      const first = ask(question)
      await waitFor(() => (embedder.texts.at(-1) === question ? true : undefined))
      const second = await ask(question, { key: careful })
      embedder.delay = 0
      found = (await first).cache
      if (found !== 'hit-semantic') continue
      expect(second.cache).toBe('miss')
      break
    }
    expect(found).toBe('hit-semantic')
  })

  test('is not looked for with a key that may not use the embedder', async () => {
    const key = await makeKey({ scopes: { providers: ['chat'] } })
    const from = embedder.texts.length
    const answer = await ask(`${wordings[5]} for me alone`, { key })
    expect(answer).toMatchObject({ status: 200, cache: 'miss' })
    expect((await explain(answer.id)).similar).toEqual({ result: 'not-allowed' })
    expect(embedder.texts.length).toBe(from)
  })

  test('is another one where the model refuses it', async () => {
    const say = upstream.say
    await ask('please tell how invoices are paid')
    await learned({ questions: (await stats()).similar.questions })
    const { judgedWrong } = await stats()
    upstream.say = () => ({ parts: [{ type: 'refusal', text: 'no' }], finish: { reason: 'refusal' } })
    await waitFor(async () => {
      await ask('whoever wants to skip payment of some invoice')
      return (await stats()).judgedWrong > judgedWrong ? true : undefined
    })
    upstream.say = say
  })

  test('is embedded, judged and kept with placeholders in place of secrets', async () => {
    const from = embedder.texts.length
    await ask(`why is my token ${token} refused`)
    await waitFor(async () => (embedder.texts.length > from ? true : undefined))
    expect(embedder.texts.slice(from).join()).not.toContain(token)
    expect(embedder.texts.at(-1)).toMatch(/\[GITHUB_TOKEN_\w+\]/)
  })
})

describe('where no embedding comes', () => {
  test('in time, or at all, a provider is asked', async () => {
    embedder.delay = 1_500
    const late = await ask('please say how the parcel gets here')
    expect(late).toMatchObject({ status: 200, cache: 'miss' })
    expect(late.text).toEndWith('about the parcel')
    embedder.delay = 0
    embedder.isAway = true
    const [first = ''] = wordings
    const away = await ask(`${first} yet again`)
    expect(away).toMatchObject({ status: 200, cache: 'miss' })
    expect(away.text).toEndWith('about the password')
    expect((await explain(away.id)).similar).toEqual({ result: 'away' })
    embedder.isAway = false
  })
})

test('a purge removes the questions as well', async () => {
  expect((await stats()).similar.questions).toBeGreaterThan(0)
  await gateway.admin('/cache/purge', { method: 'POST' })
  expect((await stats()).similar.questions).toBe(0)
})
