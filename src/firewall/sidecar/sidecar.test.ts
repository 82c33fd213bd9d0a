import { afterAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createAsker } from '../../egress/index.ts'
import { createByteCache } from './byte-cache.ts'
import { createOffsetMap } from './code-points.ts'
import {
  createFilter,
  createLabelClassifier,
  createPresidioRecogniser,
  createShieldClassifier,
  isPresidioHealthy,
  type SidecarFault,
  type SidecarOptions,
} from './index.ts'

type Answer = (body: Record<string, unknown>, request: Request) => Response | Promise<Response>

const servers: Bun.Server<undefined>[] = []
afterAll(() => Promise.all(servers.map((server) => server.stop(true))))

/** A service that answers as told and remembers what it was asked. */
const serve = (
  answer: Answer,
): { readonly options: SidecarOptions; readonly asked: Record<string, unknown>[] } => {
  const asked: Record<string, unknown>[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const text = await request.text()
      const body: Record<string, unknown> = text === '' ? {} : JSON.parse(text)
      asked.push({ path: new URL(request.url).pathname, ...body })
      return answer(body, request)
    },
  })
  servers.push(server)
  const options = {
    id: 'side',
    url: `http://127.0.0.1:${server.port}`,
    ask: createAsker({ reach: 'anywhere' }),
  }
  return { options, asked }
}

const { signal } = new AbortController()

/** Finds a word as Presidio would: places in code points. */
const findName =
  (name: string): Answer =>
  ({ text }) =>
    Response.json(
      (text as string[]).map((one) => {
        const points = [...one]
        const start = points.findIndex(
          (_, index) => points.slice(index, index + name.length).join('') === name,
        )
        return start < 0
          ? []
          : [
              {
                entity_type: 'PERSON',
                start,
                end: start + name.length,
                score: 0.85,
                analysis_explanation: null,
              },
            ]
      }),
    )

const faultOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no fault',
    (error: SidecarFault) => error.reason,
  )

describe('presidio', () => {
  test('offsets are its code points, also behind emoji', async () => {
    const { options } = serve(findName('Dan'))
    const texts = ['😀😀 Dan 😀', 'no one', 'Dan', '']
    const found = await createPresidioRecogniser(options).recognise(texts, { signal })
    expect(found.map((list) => list.length)).toEqual([1, 0, 1, 0])
    const [first] = found[0] ?? []
    expect(texts[0]?.slice(first?.start, first?.end)).toBe('Dan')
    expect(first).toMatchObject({ detector: 'side', type: 'PERSON', rule: 'PERSON', confidence: 0.85 })
  })

  test('texts go in batches, each text once, and are remembered', async () => {
    const { options, asked } = serve(findName('Dan'))
    const recogniser = createPresidioRecogniser({
      ...options,
      batch: 2,
      entities: ['PERSON'],
      scoreThreshold: 0.3,
    })
    await recogniser.recognise(['a', 'b', 'a', 'Dan'], { signal, language: 'de' })
    expect(asked.map(({ text }) => text)).toEqual([['a', 'b'], ['Dan']])
    expect(asked[0]).toMatchObject({
      language: 'de',
      entities: ['PERSON'],
      score_threshold: 0.3,
      path: '/analyze',
    })
    const again = await recogniser.recognise(['Dan', 'a'], { signal, language: 'de' })
    expect(again.map((list) => list.length)).toEqual([1, 0])
    expect(asked).toHaveLength(2)
    await recogniser.recognise(['Dan'], { signal, language: 'fr' })
    expect(asked).toHaveLength(3)
  })

  test('of results that overlap the likelier is kept', async () => {
    const { options } = serve(() =>
      Response.json([
        [
          { entity_type: 'URL', start: 5, end: 12, score: 0.5 },
          { entity_type: 'EMAIL_ADDRESS', start: 0, end: 12, score: 1 },
          { entity_type: 'Org-Name', start: 13, end: 15, score: 0.6 },
        ],
      ]),
    )
    const [found] = await createPresidioRecogniser(options).recognise(['dan@home.xyz ok'], { signal })
    expect(found?.map(({ type }) => type)).toEqual(['EMAIL_ADDRESS', 'ORG_NAME'])
  })

  const faults: readonly (readonly [name: string, answer: Answer, reason: string])[] = [
    ['500', () => Response.json({ error: 'x' }, { status: 500 }), 'status'],
    ['bad JSON', () => new Response('<html>'), 'not-understood'],
    ['a shape of another service', () => Response.json({ ok: true }), 'not-understood'],
    ['too few answers', () => Response.json([]), 'not-understood'],
    [
      'offsets out of range',
      () => Response.json([[{ entity_type: 'PERSON', start: 0, end: 99, score: 1 }]]),
      'not-understood',
    ],
    [
      'offsets the wrong way round',
      () => Response.json([[{ entity_type: 'PERSON', start: 3, end: 1, score: 1 }]]),
      'not-understood',
    ],
    ['an answer that is too long', () => new Response(`[${' '.repeat(100_000)}`), 'too-large'],
    ['no answer', () => new Promise<Response>(() => {}), 'timeout'],
    [
      'a redirect',
      () => new Response(null, { status: 302, headers: { location: 'http://127.0.0.1:1/' } }),
      'status',
    ],
  ]
  for (const [name, answer, reason] of faults) {
    test(`${name}: refused, or nothing found, as told, and never remembered`, async () => {
      const { options, asked } = serve(answer)
      const told: string[] = []
      const bounded = {
        ...options,
        timeoutMs: 200,
        maximumResponseBytes: 10_000,
        onFault: (fault: SidecarFault) => told.push(fault.reason),
      }
      const strict = createPresidioRecogniser(bounded)
      expect(await faultOf(strict.recognise(['some text'], { signal }))).toBe(reason)
      const lenient = createPresidioRecogniser({ ...bounded, onError: 'allow' })
      expect(await lenient.recognise(['some text'], { signal })).toEqual([[]])
      await lenient.recognise(['some text'], { signal })
      expect(asked).toHaveLength(3)
      expect(told).toEqual([reason, reason, reason])
    })
  }

  test('nobody there, a text too long, and a caller who gave up', async () => {
    const { options } = serve(findName('x'))
    const away = createPresidioRecogniser({ ...options, url: 'http://127.0.0.1:1' })
    expect(await faultOf(away.recognise(['a'], { signal }))).toBe('unreachable')
    const short = createPresidioRecogniser({ ...options, maximumTextLength: 3 })
    expect(await faultOf(short.recognise(['long'], { signal }))).toBe('too-large')
    const lenient = createPresidioRecogniser({ ...options, onError: 'allow' })
    expect(await faultOf(lenient.recognise(['a'], { signal: AbortSignal.abort() }))).toBe('aborted')
  })

  test('no more calls at once than allowed; those who wait may leave', async () => {
    let now = 0
    let most = 0
    const held: (() => void)[] = []
    const { options } = serve(async ({ text }) => {
      most = Math.max(most, ++now)
      await new Promise<void>((resolve) => held.push(resolve))
      now--
      return Response.json((text as string[]).map(() => []))
    })
    const recogniser = createPresidioRecogniser({ ...options, concurrency: 2, batch: 1, timeoutMs: 5_000 })
    const leaver = new AbortController()
    const all = recogniser.recognise(['a', 'b', 'c', 'd'], { signal })
    const left = faultOf(recogniser.recognise(['e'], { signal: leaver.signal }))
    while (held.length < 2) await Bun.sleep(1)
    leaver.abort()
    expect(await left).toBe('aborted')
    const pump = setInterval(() => held.shift()?.(), 1)
    expect(await all).toEqual([[], [], [], []])
    clearInterval(pump)
    expect(most).toBe(2)
  })

  test('its health is asked for', async () => {
    const { options } = serve(() => new Response('Presidio Analyzer service is up'))
    expect(await isPresidioHealthy(options)).toBe(true)
    expect(await isPresidioHealthy({ ...options, url: 'http://127.0.0.1:1' })).toBe(false)
  })
})

describe('filters', () => {
  const request = {
    direction: 'input',
    text: 'my key',
    model: 'm',
    endpoint: 'generate',
    tenantId: 't',
  } as const

  test('what is allowed, blocked and rewritten', async () => {
    const { options, asked } = serve(({ input, output }) => {
      if (output !== undefined)
        return Response.json({ allowed: true, redacted_output: '[X]', entities: [{ type: 'KEY' }] })
      return Response.json({ block: input === 'my key', block_reason: 'secret', detections: ['secret'] })
    })
    const filter = createFilter(options)
    expect(await filter.judge(request, signal)).toEqual({
      isAllowed: false,
      reason: 'secret',
      types: ['secret'],
    })
    expect(asked[0]).toEqual({
      path: '/filter',
      input: 'my key',
      model: 'm',
      endpoint: 'generate',
      tenant_id: 't',
    })
    expect(await filter.judge({ ...request, text: 'hi' }, signal)).toMatchObject({ isAllowed: true })
    expect(await filter.judge({ direction: 'output', text: 'abc' }, signal)).toEqual({
      isAllowed: true,
      redacted: '[X]',
      types: ['KEY'],
    })
    await filter.judge(request, signal)
    expect(asked).toHaveLength(3)
    await filter.judge({ ...request, tenantId: 'u' }, signal)
    expect(asked).toHaveLength(4)
  })

  test('an answer without a verdict lets nothing pass', async () => {
    const { options } = serve(() => Response.json({ status: 'ok' }))
    expect(await faultOf(createFilter(options).judge(request, signal))).toBe('not-understood')
    const lenient = createFilter({ ...options, onError: 'allow' })
    expect(await lenient.judge(request, signal)).toEqual({ isAllowed: true, types: [] })
  })
})

describe('classifiers', () => {
  test('labels, in each of the shapes that model servers give', async () => {
    const shapes: readonly (readonly [unknown, number])[] = [
      [[{ label: 'INJECTION', score: 0.9 }], 0.9],
      [
        [
          [
            { label: 'BENIGN', score: 0.2 },
            { label: 'JAILBREAK', score: 0.5 },
            { label: 'INJECTION', score: 0.25 },
          ],
        ],
        0.75,
      ],
      [{ label: 'SAFE', score: 0.75 }, 0.25],
      [
        [
          { label: 'LABEL_0', score: 0.5 },
          { label: 'LABEL_3', score: 0.5 },
        ],
        0,
      ],
    ]
    for (const [shape, score] of shapes) {
      const { options, asked } = serve(() => Response.json(shape))
      expect(await createLabelClassifier(options).classify('text', 'user', signal)).toEqual({ score })
      expect(asked).toEqual([{ path: '/predict', inputs: 'text' }])
    }
  })

  test('prompt shields judge people and documents apart', async () => {
    const { options, asked } = serve(({ userPrompt, documents }) =>
      Response.json({
        userPromptAnalysis: { attackDetected: userPrompt === 'bad' },
        documentsAnalysis: (documents as string[]).map((text) => ({ attackDetected: text === 'bad' })),
      }),
    )
    const classifier = createShieldClassifier(options)
    expect(await classifier.classify('bad', 'user', signal)).toEqual({ score: 1 })
    expect(await classifier.classify('bad', 'document', signal)).toEqual({ score: 1 })
    expect(await classifier.classify('good', 'document', signal)).toEqual({ score: 0 })
    await classifier.classify('good', 'document', signal)
    expect(asked.map(({ userPrompt, documents }) => [userPrompt, documents])).toEqual([
      ['bad', []],
      ['', ['bad']],
      ['', ['good']],
    ])
  })

  test('scores that are none', async () => {
    for (const answer of [[], [{ label: 'INJECTION', score: 7 }], { score: 1 }, 'yes']) {
      const { options } = serve(() => Response.json(answer))
      expect(await faultOf(createLabelClassifier(options).classify('x', 'user', signal))).toBe(
        'not-understood',
      )
      expect(await faultOf(createShieldClassifier(options).classify('x', 'document', signal))).toBe(
        'not-understood',
      )
    }
  })
})

test('offsets in code points become places in UTF-16, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      const toUnits = createOffsetMap(text)
      const points = [...text]
      for (let count = 0; count <= points.length; count++) {
        expect(toUnits(count)).toBe(points.slice(0, count).join('').length)
      }
      expect(toUnits(points.length + 1)).toBeUndefined()
      expect(toUnits(-1)).toBeUndefined()
      expect(toUnits(0.5)).toBeUndefined()
    }),
    { numRuns: 500, seed: 3 },
  )
})

test('the cache forgets what was not used for the longest time', () => {
  const cache = createByteCache(350)
  for (const name of ['a', 'b', 'c']) cache.set([name], name)
  expect(cache.get<string>(['a'])).toBe('a')
  cache.set(['d'], 'd')
  expect([cache.get(['a']), cache.get(['b']), cache.get(['c']), cache.get(['d'])]).toEqual([
    'a',
    undefined,
    'c',
    'd',
  ])
  cache.set(['huge'], 'x'.repeat(400))
  expect(cache.get(['huge'])).toBeUndefined()
  cache.set(['ab', 'c'], 1)
  expect(cache.get(['a', 'bc'])).toBeUndefined()
})
