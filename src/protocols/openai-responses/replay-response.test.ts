/** Streams of every other protocol, said to a Responses client, kept as the whole answer, and said again. */
import { expect, test } from 'bun:test'
import { type CorpusFolder, corpus, corpusAvailable, runMachine } from '../../../test/support/corpus.ts'
import type { ProtocolId, StreamEvent } from '../../ir/index.ts'
import type { SseFrame } from '../../wire/index.ts'
import { protocols } from '../index.ts'
import type { ReplyContext } from '../protocol.ts'
import { conform } from './conform.ts'
import { streamEncoder } from './encode-stream.ts'
import { cutOf, replayResponse } from './replay-response.ts'
import { sessions } from './sessions.ts'

const reply: ReplyContext = {
  request: {
    protocol: 'openai-responses',
    model: 'm',
    stream: true,
    turns: [],
    tools: [],
    sampling: {},
    metadata: { a: 'b' },
  },
  headers: new Headers(),
  id: `tgw${'0'.repeat(26)}`,
  responseId: `resp_tgw${'0'.repeat(26)}`,
  now: 1_700_000_000,
}

/** What a client saw, and what is kept of it. */
const say = (events: readonly StreamEvent[]) => {
  const machine = streamEncoder(reply)
  const cuts: number[] = []
  const noted = (event: StreamEvent | undefined, frames: readonly SseFrame[]) => {
    cuts.push(...frames.map((frame) => cutOf(event, frame)).filter((cut) => cut !== undefined))
    return frames
  }
  const frames = events.flatMap((event) => noted(event, machine.push(event)))
  frames.push(...noted(undefined, machine.end()))
  const last = frames.at(-1)
  const response = last === undefined ? undefined : sessions.responseIn(last)
  return { frames, response, cuts }
}

const withoutResponse = ({ event, data }: SseFrame): unknown => {
  const { response, ...rest }: { response?: { id?: unknown; status?: unknown } } = JSON.parse(data)
  return { event, ...rest, ...(response === undefined ? {} : { id: response.id, status: response.status }) }
}

const folders: readonly (readonly [CorpusFolder, ProtocolId])[] = [
  ['chat', 'openai-chat'],
  ['anthropic', 'anthropic-messages'],
  ['gemini', 'gemini'],
]

test.skipIf(!corpusAvailable('replayed answers'))(
  'a recorded stream of another protocol is said again event by event',
  () => {
    let same = 0
    const others: string[] = []
    for (const [folder, id] of folders) {
      const codec = protocols[id].generate
      if (codec === undefined) throw new Error(id)
      for (const record of corpus(folder)) {
        if (!record.stream) continue
        const { frames, response, cuts } = say(runMachine(codec.streamDecoder(), record.frames))
        if (response === undefined || frames.some(({ event }) => event === 'error')) continue
        const again = replayResponse(response, cuts)
        // Whatever else, it is a stream of the protocol and ends with the answer itself.
        expect(runMachine(conform(), again)).toEqual([])
        expect(sessions.responseIn(again.at(-1) ?? { data: '' })).toBe(response)
        expect(replayResponse(response, cuts)).toEqual(again)
        if (Bun.deepEquals(again.map(withoutResponse), frames.map(withoutResponse))) same++
        else others.push(record.name)
      }
    }
    expect(others).toEqual([])
    expect(same).toBeGreaterThan(50)
  },
)
