import { describe, expect, test } from 'bun:test'
import type { GenerateRequest, StreamEvent } from '../../ir/index.ts'
import type { BodyStream, SettleHook } from '../../pipeline/index.ts'
import { type GenerateCodec, protocols } from '../../protocols/index.ts'
import { formatFrame, frameSplitter, parseFrame, type SseFrame } from '../../wire/index.ts'
import { RenewedStream } from './renewed-stream.ts'

const request: GenerateRequest = {
  protocol: 'openai-chat',
  model: 'm',
  stream: true,
  turns: [],
  tools: [],
  sampling: {},
}
const context = { request, headers: new Headers(), id: 'req_1', now: 1 }

/** Thinks, says something, calls a tool with long arguments; every protocol can say that. */
const story = (pieces: number): readonly StreamEvent[] => [
  { type: 'start', id: 'answer_1', model: 'm' },
  { type: 'text-start', index: 0, part: { type: 'text', text: '' } },
  ...Array.from({ length: pieces }, () => ({ type: 'text-delta', index: 0, text: 'some words ' }) as const),
  { type: 'text-end', index: 0 },
  {
    type: 'tool-call-start',
    index: 1,
    part: { type: 'tool-call', id: 'call_1', name: 'read', input: '', kind: 'function' },
  },
  { type: 'tool-call-delta', index: 1, input: '{"path":"' },
  ...Array.from(
    { length: pieces },
    () => ({ type: 'tool-call-delta', index: 1, input: 'abcdefgh' }) as const,
  ),
  { type: 'tool-call-delta', index: 1, input: '"}' },
  { type: 'tool-call-end', index: 1 },
  { type: 'usage', usage: { inputTokens: 5, outputTokens: 400 } },
  { type: 'finish', finish: { reason: 'tool-calls' } },
  { type: 'end' },
]

const encoded = (codec: GenerateCodec, events: readonly StreamEvent[]): readonly string[] => {
  const encoder = codec.streamEncoder(context)
  return [...events.flatMap((event) => encoder.push(event)), ...encoder.end()].map(formatFrame)
}

class Recorded implements BodyStream {
  cutAt: number | undefined
  private readonly pieces: string[]
  private readonly hooks: SettleHook[] = []

  constructor(pieces: readonly string[]) {
    this.pieces = [...pieces]
  }
  async next(): Promise<Uint8Array | undefined> {
    const piece = this.pieces.shift()
    return piece === undefined ? undefined : new TextEncoder().encode(piece)
  }
  cancel(): void {
    this.pieces.length = 0
  }
  async cut(outputTokens: number): Promise<void> {
    this.cutAt = outputTokens
    this.pieces.length = 0
    for (const hook of this.hooks) await hook({ result: 'success', status: 200, responseBytes: 0 })
  }
  onSettle(hook: SettleHook): void {
    this.hooks.push(hook)
  }
}

const read = async (stream: BodyStream): Promise<string> => {
  let text = ''
  for (let bytes = await stream.next(); bytes !== undefined; bytes = await stream.next())
    text += new TextDecoder().decode(bytes)
  return text
}

const framesOf = (text: string): readonly SseFrame[] => {
  const splitter = frameSplitter()
  return [...splitter.push(new TextEncoder().encode(text)), ...splitter.end()].flatMap(
    (block) => parseFrame(block) ?? [],
  )
}

const judged = (codec: GenerateCodec, text: string) => {
  const [conform, decoder] = [codec.conform(), codec.streamDecoder()]
  const frames = framesOf(text)
  const violations = [...frames.flatMap((frame) => conform.push(frame)), ...conform.end()]
  const events = [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()]
  return { violations, events }
}

for (const protocol of [
  protocols['openai-chat'],
  protocols['openai-responses'],
  protocols['anthropic-messages'],
  protocols.gemini,
]) {
  const codec = protocol.generate
  if (codec === undefined) throw new Error('it generates')
  const renewed = (pieces: readonly string[], heldTokens: number, grants: readonly number[]) => {
    const inner = new Recorded(pieces)
    const asked = [...grants]
    const stream = new RenewedStream({
      inner,
      decoder: codec.streamDecoder(),
      encoder: codec.streamEncoder(context),
      heldTokens,
      extend: async () => asked.shift() ?? 0,
    })
    return { stream, inner, asked }
  }

  describe(`a metered stream of ${protocol.id}`, () => {
    test('is untouched while its budgets have room, and holds more in time', async () => {
      const pieces = encoded(codec, story(40))
      const { stream, inner, asked } = renewed(
        pieces,
        50,
        Array.from({ length: 40 }, () => 50),
      )
      expect(await read(stream)).toBe(pieces.join(''))
      expect(inner.cutAt).toBeUndefined()
      expect(asked.length).toBeLessThan(40)
    })

    test('ends as at its limit wherever nothing more fits: in a text, in a call, with nothing left open', async () => {
      for (const held of [1, 3, 20, 110, 230, 270, 300]) {
        const pieces = encoded(codec, story(40))
        const { stream, inner } = renewed(pieces, held, [])
        const { violations, events } = judged(codec, await read(stream))
        expect(violations).toEqual([])
        if (inner.cutAt === undefined) {
          expect(events.findLast(({ type }) => type === 'finish')).toMatchObject({
            finish: { reason: 'tool-calls' },
          })
          continue
        }
        expect(inner.cutAt).toBeGreaterThanOrEqual(held)
        expect(events.at(-1)?.type).toBe('end')
        expect(events.filter(({ type }) => type === 'finish')).toMatchObject([
          { finish: { reason: 'length' } },
        ])
      }
    })
  })
}
