import { expect, test } from 'bun:test'
import { generateCodec } from '../../../test/support/mirror-upstream.ts'
import { type GenerateRequest, type GenerateResponse, type ProtocolId, replay } from '../../ir/index.ts'
import { createTokenCounter } from '../../translation/index.ts'
import { formatFrame } from '../../wire/index.ts'
import { type AnsweredCall, compareCall } from './compare-call.ts'

const counter = createTokenCounter()
const target = { provider: 'p', model: 'gpt-4o' }
const usage = { inputTokens: 12, outputTokens: 30 }
const requestOf = (protocol: ProtocolId): GenerateRequest => ({
  protocol,
  model: 'gpt-4o',
  stream: true,
  // Else Chat would report nothing.
  streamUsage: true,
  maxOutputTokens: 100,
  turns: [{ role: 'user', parts: [{ type: 'text', text: 'Which rivers flow through Paris and Vienna?' }] }],
  tools: [],
  sampling: {},
})
const answerOf = (protocol: ProtocolId): GenerateResponse => ({
  protocol,
  id: 'answer_1',
  model: 'm',
  created: 1,
  choices: [
    {
      index: 0,
      parts: [
        { type: 'text', text: 'The Seine flows through Paris, and the Danube through Vienna.' },
        { type: 'tool-call', id: 'call_1', kind: 'function', name: 'look_up', input: '{"q":"Danube"}' },
      ],
      finish: { reason: 'tool-calls' },
    },
  ],
  usage,
})

/** A call in the words of a protocol, with its answer in bytes. */
const callOf = (protocol: ProtocolId, streams: boolean): AnsweredCall => {
  const codec = generateCodec(protocol)
  const [request, answer] = [requestOf(protocol), answerOf(protocol)]
  const { body } = codec.encodeRequest(request, { model: 'gpt-4o', stream: streams })
  const reply = { request, headers: new Headers(), id: 'answer_1', now: 1 }
  const encoder = codec.streamEncoder(reply)
  const stream = () =>
    [...replay(answer).flatMap((event) => encoder.push(event)), ...encoder.end()].map(formatFrame).join('')
  const type = streams ? 'text/event-stream' : 'application/json'
  const bytes = Buffer.from(streams ? stream() : codec.encodeResponse(answer, reply).body)
  const said = { headers: [['content-type', type]] as const, isStreamed: streams, bytes }
  return { protocol, target, usage, sent: Buffer.from(body), said }
}

const expected = async (protocol: ProtocolId) => ({
  method: 'counted' as const,
  input: { reported: 12, counted: (await counter.count(requestOf(protocol), target)).inputTokens },
  output: {
    reported: 30,
    counted: (await counter.countAnswer(answerOf(protocol).choices[0]?.parts ?? [], target)).outputTokens,
  },
  hiddenReasoning: 0,
})

test.each<ProtocolId>(['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'])(
  'a call in the words of %s counts the same whole, streamed, and read already',
  async (protocol) => {
    const [whole, streamed] = [callOf(protocol, false), callOf(protocol, true)]
    for (const call of [whole, streamed, { ...whole, said: answerOf(protocol) }]) {
      expect(await compareCall(counter, call)).toEqual(await expected(protocol))
      // It comes from another thread.
      expect(await compareCall(counter, structuredClone(call))).toEqual(await expected(protocol))
    }
  },
)

test('only the answer is compared where the prompt is not there or cannot be read', async () => {
  const call = callOf('openai-chat', false)
  const { output } = await expected('openai-chat')
  for (const sent of [undefined, Buffer.from('{"messages":7')]) {
    expect(await compareCall(counter, { ...call, sent })).toMatchObject({ input: null, output })
  }
})

test('nothing is compared where the answer cannot be read', async () => {
  const call = callOf('openai-chat', false)
  const said = { headers: [], isStreamed: false, bytes: Buffer.from('<html>') }
  expect(await compareCall(counter, { ...call, said })).toBeUndefined()
})
