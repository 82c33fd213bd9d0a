import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { processorTime } from '../../../test/support/processor-time.ts'
import { isJsonObject, type Part, type ProtocolId, type ToolDefinition } from '../../ir/index.ts'
import { protocols } from '../../protocols/index.ts'
import { requestOf } from '../settings/context.fixture.ts'
import { createCalibration } from './calibration.ts'
import { estimateText } from './estimate-text.ts'
import { imageSize } from './image-size.ts'
import { geminiTiles, patchedImage, tiledImage } from './image-tokens.ts'
import { createTokenCounter } from './index.ts'
import { renderTools } from './render-tools.ts'
import { runsCut } from './tokenizer.ts'

const counter = createTokenCounter()
const said = (parts: readonly Part[], tools: readonly ToolDefinition[] = []) =>
  requestOf('openai-chat', { turns: [{ role: 'user', parts }], tools })
const text = (words: string): Part => ({ type: 'text', text: words })
const at = (model: string) => ({ provider: 'p', model })

describe('counting in OpenAIs alphabets', () => {
  test('counts words exactly, and what stands around them', async () => {
    // 5 and 6 tokens of text, 4 for each message, 3 for the request.
    const request = requestOf('openai-chat', {
      turns: [
        { role: 'system', parts: [text('You are helpful assistant.')] },
        { role: 'user', parts: [text("What's 2+2?")] },
      ],
    })
    expect(await counter.count(request, at('gpt-4o-mini'))).toEqual({ inputTokens: 22, method: 'counted' })
  })

  test('takes marks of the alphabet for the text that they are', async () => {
    const { inputTokens } = await counter.count(said([text('<|endoftext|>')]), at('gpt-5'))
    expect(inputTokens).toBeGreaterThan(8)
  })

  test('counts a long text as it counts a short one', async () => {
    const sentence = 'The quick brown fox jumps over the lazy dog, and then it rests for 125 minutes. '
    const one = (await counter.count(said([text(sentence.repeat(10))]), at('gpt-5'))).inputTokens
    const hundred = (await counter.count(said([text(sentence.repeat(1000))]), at('gpt-5'))).inputTokens
    expect(Math.abs((hundred - 6) / ((one - 6) * 100) - 1)).toBeLessThan(0.02)
    const huge = (await counter.count(said([text(sentence.repeat(20_000))]), at('gpt-5'))).inputTokens
    expect(Math.abs((huge - 6) / ((one - 6) * 2000) - 1)).toBeLessThan(0.05)
  })

  test('shows tools as declarations', () => {
    const parameters =
      '{"type":"object","properties":{"city":{"type":"string","description":"A city."},"unit":{"enum":["c","f"]},"deep":{"type":"object","properties":{"a":{"type":"array","items":{"type":"integer"}}}}},"required":["city"]}'
    expect(
      renderTools([{ type: 'function', name: 'weather', description: 'The weather.', parameters }]),
    ).toBe(
      [
        '# Tools\n\n## functions\n\nnamespace functions {\n',
        '// The weather.',
        'type weather = (_: {',
        '// A city.',
        'city: string,',
        'unit?: "c" | "f",',
        'deep?: {',
        '  a?: number[],',
        '},',
        '}) => any;\n',
        '} // namespace functions',
      ].join('\n'),
    )
    expect(renderTools([{ type: 'function', name: 'now' }])).toContain('type now = () => any;')
    expect(renderTools([])).toBe('')
    expect(renderTools([{ type: 'function', name: 'f', parameters: 'no json' }])).toContain('type f')
  })

  test('has time for others beside texts that cannot be split', async () => {
    const worst = ['a', ' ', '=', '😀', '漢', 'aé', 'e\u0301', '1', '\n', 'ß.'].map((unit) =>
      unit.repeat(50_000),
    )
    const counts = await Promise.all(worst.map((each) => counter.count(said([text(each)]), at('gpt-5'))))
    for (const { inputTokens } of counts) expect(inputTokens).toBeGreaterThan(300)
  }, 30_000)

  test('cuts every long run, and loses nothing', () => {
    const unit = fc.constantFrom('a', 'Z', '1', ' ', '\n', '=', 'é', '漢', '😀', '\u0301')
    const run = fc.tuple(unit, fc.integer({ min: 1, max: 900 })).map(([each, times]) => each.repeat(times))
    fc.assert(
      fc.property(fc.array(run, { maxLength: 6 }), (runs) => {
        const whole = runs.join('')
        const pieces = runsCut(whole)
        expect(pieces.join('')).toBe(whole)
        for (const piece of pieces) {
          expect(/[a-zA-Z]{258}|[ \n]{258}|={258}|[^ -~\n]{260}/.test(piece)).toBe(false)
          expect(/^[\udc00-\udfff]/.test(piece)).toBe(false)
        }
      }),
      { numRuns: 60 },
    )
    expect(runsCut('an ordinary text, with 12 words and no run of anything in it')).toHaveLength(1)
  })
})

describe('estimating', () => {
  test('is near the count for plain text', async () => {
    const words =
      'Estimates are for admission and limits; the provider’s own numbers settle the ledger. '.repeat(20)
    const { inputTokens } = await counter.count(said([text(words)]), at('gpt-5'))
    expect(Math.abs(estimateText(words) / inputTokens - 1)).toBeLessThan(0.15)
  })

  test('never falls when a text grows, and is finite for every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Number.isFinite(estimateText(a))).toBe(true)
        expect(estimateText(a + b)).toBeGreaterThanOrEqual(estimateText(a) - 1)
      }),
    )
  })

  test('knows that newer Claudes cut texts finer, and that tools cost a preface', () => {
    const request = said([text('word '.repeat(1000))])
    const older = counter.estimate(request, at('claude-sonnet-4-5'))
    expect(counter.estimate(request, at('claude-opus-5-5')) / older).toBeCloseTo(1.25, 1)
    const tool: ToolDefinition = { type: 'function', name: 'f' }
    const withTool = counter.estimate(said([text('hi')], [tool]), at('claude-sonnet-4-5'))
    expect(withTool).toBeGreaterThan(500)
  })

  test('counts calls, results, documents and schemas', () => {
    const bare = counter.estimate(said([text('hi')]), at('claude-opus-5'))
    const more: readonly Part[] = [
      { type: 'tool-call', kind: 'function', name: 'f', input: '{"a":"some long argument here"}' },
      { type: 'tool-result', kind: 'function', content: [text('some answer of the tool')] },
      { type: 'document', source: { type: 'text', text: 'a document' } },
      {
        type: 'document',
        source: { type: 'base64', data: Buffer.from('a text').toString('base64'), mediaType: 'text/plain' },
      },
    ]
    for (const part of more) {
      expect(counter.estimate(said([text('hi'), part]), at('claude-opus-5'))).toBeGreaterThan(bare)
    }
    const output = { type: 'json-schema', schema: '{"type":"object"}' } as const
    expect(counter.estimate({ ...said([text('hi')]), output }, at('claude-opus-5'))).toBeGreaterThan(bare)
  })

  test('is corrected by what providers reported', async () => {
    const calibration = createCalibration()
    const calibrated = createTokenCounter(calibration)
    const request = said([text('word '.repeat(500))])
    const before = calibrated.estimate(request, at('claude-opus-5'))
    calibration.observe('p', 'claude-opus-5', before, before * 1.2)
    expect(calibrated.estimate(request, at('claude-opus-5')) / before).toBeCloseTo(1.2, 2)
    expect(calibrated.estimate(request, { provider: 'other', model: 'claude-opus-5' })).toBe(before)
    expect((await calibrated.count(request, at('claude-opus-5'))).method).toBe('estimated')
  })

  test('of a prompt of ten megabytes is as quick as one of one', () => {
    const request = said([text('lorem ipsum dolor sit amet '.repeat(400_000))])
    const start = processorTime()
    const tokens = counter.estimate(request, at('claude-opus-5'))
    expect(processorTime() - start).toBeLessThan(500)
    expect(tokens).toBeGreaterThan(2_000_000)
  })
})

describe('calibration', () => {
  test('averages the first observations, and then follows the newer ones', () => {
    const calibration = createCalibration({ weight: 0.5 })
    expect(calibration.factor('p', 'm')).toBe(1)
    calibration.observe('p', 'm', 1000, 1200)
    expect(calibration.factor('p', 'm')).toBeCloseTo(1.2, 10)
    calibration.observe('p', 'm', 1000, 1000)
    expect(calibration.factor('p', 'm')).toBeCloseTo(1.1, 10)
    calibration.observe('p', 'm', 1000, 2100)
    expect(calibration.factor('p', 'm')).toBeCloseTo(1.6, 10)
  })

  test('does not listen to small prompts or to nonsense', () => {
    const calibration = createCalibration()
    for (const [estimated, reported] of [
      [10, 100],
      [1000, 0],
      [1000, Number.NaN],
      [Number.NaN, 5],
      [1000, Number.POSITIVE_INFINITY],
    ] as const) {
      calibration.observe('p', 'm', estimated, reported)
    }
    expect(calibration.factor('p', 'm')).toBe(1)
    calibration.observe('p', 'm', 1000, 1_000_000)
    expect(calibration.factor('p', 'm')).toBe(4)
  })

  test('remembers so many models and no more, the latest ones', () => {
    const calibration = createCalibration({ maximum: 2 })
    calibration.observe('p', 'a', 100, 200)
    calibration.observe('p', 'b', 100, 200)
    calibration.observe('p', 'a', 100, 200)
    calibration.observe('p', 'c', 100, 200)
    expect(['a', 'b', 'c'].map((model) => calibration.factor('p', model))).toEqual([2, 1, 2])
  })
})

describe('pictures', () => {
  const png = Buffer.alloc(24)
  png.write('\x89PNG\r\n\x1a\n', 'latin1')
  png.writeUInt32BE(1092, 16)
  png.writeUInt32BE(1092, 20)
  const picture = (data: string): Part => ({
    type: 'image',
    source: { type: 'base64', data, mediaType: 'image/png' },
  })

  test('tell their size', () => {
    expect(imageSize(png.toString('base64'))).toEqual({ width: 1092, height: 1092 })
    const gif = Buffer.from('GIF89a\x20\x03\x58\x02', 'latin1')
    expect(imageSize(gif.toString('base64'))).toEqual({ width: 800, height: 600 })
    const jpeg = Buffer.from([
      0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 17, 8, 2, 0x58, 3, 0x20, 3, 0, 0,
    ])
    expect(imageSize(jpeg.toString('base64'))).toEqual({ width: 800, height: 600 })
    expect(imageSize('')).toBeUndefined()
    expect(imageSize('AAAA')).toBeUndefined()
    fc.assert(fc.property(fc.base64String(), (data) => imageSize(data) !== null))
  })

  test('cost what the vendors say', () => {
    const bare = counter.estimate(said([]), at('claude-sonnet-4-5'))
    const claude = counter.estimate(said([picture(png.toString('base64'))]), at('claude-sonnet-4-5'))
    expect(claude - bare).toBeCloseTo(1590, -2)
    expect(tiledImage(85, 170)({ width: 1024, height: 1024 }, 'high')).toBe(765)
    expect(tiledImage(85, 170)({ width: 2048, height: 4096 }, 'high')).toBe(1105)
    expect(tiledImage(85, 170)({ width: 4096, height: 8192 }, 'low')).toBe(85)
    expect(patchedImage(1536, 1)({ width: 1024, height: 1024 }, undefined)).toBe(1024)
    expect(geminiTiles({ width: 300, height: 300 }, undefined)).toBe(258)
    expect(geminiTiles({ width: 960, height: 540 }, undefined)).toBe(258 * 6)
  })
})

const shared = process.env['TGW_SHARED'] ?? join(import.meta.dir, '../../../../shared')
const hasShared = existsSync(join(shared, 'corpus'))
if (!hasShared) console.warn(`skipped: counts against recorded usage (${shared} is absent)`)

describe.skipIf(!hasShared)('against what providers reported', () => {
  test('the words of OpenAIs models are counted to the token, without tools and media', async () => {
    const errors = [
      ...(await errorsOf('responses', 'openai-responses', /^gpt-/)),
      ...(await errorsOf('chat', 'openai-chat', /^gpt-/)),
    ]
    expect(errors.length).toBeGreaterThan(20)
    expect(errors.filter((error) => Math.abs(error.by) <= 1).length / errors.length).toBeGreaterThan(0.9)
  })

  test('Claude is estimated within a fifth, for prompts of a hundred tokens and more', async () => {
    const errors = (await errorsOf('anthropic', 'anthropic-messages', /^claude-/, true)).filter(
      ({ reported }) => reported >= 100,
    )
    expect(errors.length).toBeGreaterThan(8)
    for (const { by, reported } of errors) expect(Math.abs(by) / reported).toBeLessThan(0.2)
  })
})

/** Recorded requests of plain text, and optionally functions, with the tokens that the provider counted. */
const errorsOf = async (folder: string, protocol: ProtocolId, models: RegExp, withTools = false) => {
  const errors: { readonly by: number; readonly reported: number }[] = []
  for (const name of readdirSync(join(shared, 'corpus', folder))) {
    const record: unknown = JSON.parse(readFileSync(join(shared, 'corpus', folder, name), 'utf8'))
    if (!isJsonObject(record) || !isJsonObject(record['source']) || !isJsonObject(record['request'])) continue
    const own = record['dialect'] === 'openai' || record['dialect'] === 'anthropic'
    const reported = reportedInput(record['response'])
    if (!own || record['source']['origin'] !== 'recorded' || reported === undefined) continue
    const request = protocols[protocol].generate?.decodeRequest({
      method: 'POST',
      path: '/v1/x',
      parameters: {},
      query: new URLSearchParams(),
      headers: new Headers(),
      body: new TextEncoder().encode(JSON.stringify(record['request'])),
    })
    if (
      request === undefined ||
      !models.test(request.model) ||
      request.tools.some(({ type }) => type === 'server')
    ) {
      continue
    }
    if (/"type":"(?:image|document|audio|video)"/.test(JSON.stringify(request.turns))) continue
    const parts = request.turns.flatMap((turn) => turn.parts)
    const isPlain = parts.every(
      ({ type }) => type === 'text' || (withTools && /^(?:tool-|reasoning)/.test(type)),
    )
    const hasMore = ['mcp_servers', 'output_config', 'context_management'].some(
      (key) => record['request'] !== null && isJsonObject(record['request']) && key in record['request'],
    )
    if (
      !isPlain ||
      hasMore ||
      (!withTools && request.tools.length > 0) ||
      request.previousResponseId !== undefined
    )
      continue
    if (request.conversation !== undefined || reported > 20_000) continue
    const { inputTokens } = await counter.count(request, { provider: 'p', model: request.model })
    errors.push({ by: inputTokens - reported, reported })
  }
  return errors
}

const reportedInput = (response: unknown): number | undefined => {
  const answers: readonly unknown[] = Array.isArray(response)
    ? response.map((event: unknown) => (isJsonObject(event) ? event['data'] : undefined))
    : [response]
  let total: number | undefined
  for (const answer of answers) {
    if (!isJsonObject(answer)) continue
    for (const holder of [answer, answer['message'], answer['response']]) {
      const usage = isJsonObject(holder) ? holder['usage'] : undefined
      if (!isJsonObject(usage)) continue
      if (typeof usage['prompt_tokens'] === 'number') total = usage['prompt_tokens']
      if (typeof usage['input_tokens'] !== 'number') continue
      const cached = [usage['cache_read_input_tokens'], usage['cache_creation_input_tokens']]
      total = cached.reduce<number>(
        (sum, each) => sum + (typeof each === 'number' ? each : 0),
        usage['input_tokens'],
      )
    }
  }
  return total
}
