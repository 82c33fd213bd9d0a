/** Recorded answers through a client's real wire and back to the provider that gave them. */
import { describe, expect, test } from 'bun:test'
import {
  type CorpusFolder,
  type CorpusRecord,
  corpus,
  corpusAvailable,
} from '../../../test/support/corpus.ts'
import {
  collect,
  type GenerateRequest,
  type GenerateResponse,
  isJsonObject,
  type Part,
  type ProtocolId,
  replay,
  type StreamEvent,
  type Turn,
} from '../../ir/index.ts'
import { type GenerateCodec, protocols } from '../../protocols/index.ts'
import type { TranslationTarget } from '../pass.ts'
import { reasoningState } from './reasoning-state.ts'
import { capabilityOf, contextOf, keysOf, requestOf, targetOf } from './test-target.fixture.ts'

const pass = reasoningState(keysOf)

const codecOf = (protocol: ProtocolId): GenerateCodec => {
  const codec = protocols[protocol].generate
  if (codec === undefined) throw new Error(`${protocol} has no codec`)
  return codec
}

const targets: Readonly<Partial<Record<CorpusFolder, TranslationTarget>>> = {
  anthropic: targetOf('anthropic-messages', { capabilities: { reasoning: capabilityOf.claudeBudget } }),
  responses: targetOf('openai-responses'),
  gemini: targetOf('gemini', { capabilities: { reasoning: capabilityOf.level, signaturesEnforced: true } }),
}

const clients = ['anthropic-messages', 'openai-responses', 'gemini', 'openai-chat'] as const

const eventsOf = (record: CorpusRecord, target: TranslationTarget): readonly StreamEvent[] => {
  const codec = codecOf(target.protocol)
  if (!record.stream) {
    const body = new TextEncoder().encode(record.response?.text ?? '{}')
    return replay(codec.decodeResponse({ status: 200, headers: new Headers(), body }))
  }
  const decoder = codec.streamDecoder()
  return [...record.frames.flatMap((frame) => decoder.push(frame)), ...decoder.end()]
}

const known: ReadonlySet<Part['type']> = new Set(['text', 'tool-call', 'reasoning'])

/** Recorded answers with reasoning state, of parts that every client can hold. */
const answersWithState = (folder: CorpusFolder, target: TranslationTarget) =>
  corpus(folder)
    .filter((record) => record.status === 200 && (record.stream || record.response !== undefined))
    .map((record) => ({ record, events: eventsOf(record, target) }))
    .filter(({ events }) => {
      const { choices } = collect(target.protocol, events).response
      const parts = choices[0]?.parts ?? []
      return (
        choices.length === 1 &&
        parts.every((part) => known.has(part.type)) &&
        parts.some((part) => part.type !== 'reasoning') &&
        parts.some((part) => part.state !== undefined)
      )
    })

/** The client's next request: what it asked, what it was answered, and what its tools said. */
const nextRequest = (client: ProtocolId, response: GenerateResponse): GenerateRequest => {
  const codec = codecOf(client)
  const asked = requestOf(client, [], { model: 'asked', reasoning: { display: 'summarized' } })
  const encoded = codec.encodeResponse(response, {
    request: asked,
    headers: new Headers(),
    id: 'exchange1',
    now: 1_700_000_000,
  })
  const calls = (response.choices[0]?.parts ?? []).flatMap((part) =>
    part.type === 'tool-call' ? [part] : [],
  )
  const body = bodyOf(client, JSON.parse(encoded.body), calls)
  return codec.decodeRequest({
    method: 'POST',
    path: client === 'gemini' ? '/v1beta/models/asked:generateContent' : '/',
    parameters: { model: 'asked' },
    query: new URLSearchParams(),
    headers: new Headers(),
    body: new TextEncoder().encode(JSON.stringify(body)),
  })
}

interface Call {
  readonly id?: string
  readonly name: string
}

const memberOf = (value: unknown, ...keys: readonly (string | number)[]): unknown =>
  keys.reduce<unknown>((inner, key) => {
    if (Array.isArray(inner)) return inner[Number(key)]
    return isJsonObject(inner) ? inner[key] : undefined
  }, value)

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const bodyOf = (client: ProtocolId, answer: unknown, calls: readonly Call[]): object => {
  switch (client) {
    case 'anthropic-messages': {
      const content = memberOf(answer, 'content')
      const ids = listOf(content).flatMap((block) => memberOf(block, 'id') ?? [])
      return {
        model: 'asked',
        max_tokens: 9_000,
        messages: [
          { role: 'user', content: 'where?' },
          { role: 'assistant', content },
          {
            role: 'user',
            content:
              calls.length === 0
                ? 'go on'
                : ids.map((id) => ({ type: 'tool_result', tool_use_id: id, content: 'seen' })),
          },
        ],
      }
    }
    case 'openai-responses': {
      const output = listOf(memberOf(answer, 'output'))
      const ids = output.flatMap((item) => memberOf(item, 'call_id') ?? [])
      return {
        model: 'asked',
        input: [
          { role: 'user', content: 'where?' },
          ...output,
          ...ids.map((id) => ({ type: 'function_call_output', call_id: id, output: 'seen' })),
        ],
      }
    }
    case 'gemini':
      return {
        contents: [
          { role: 'user', parts: [{ text: 'where?' }] },
          memberOf(answer, 'candidates', 0, 'content'),
          {
            role: 'user',
            parts:
              calls.length === 0
                ? [{ text: 'go on' }]
                : calls.map(({ name }) => ({ functionResponse: { name, response: { output: 'seen' } } })),
          },
        ],
      }
    default: {
      const message = memberOf(answer, 'choices', 0, 'message')
      const ids = listOf(memberOf(message, 'tool_calls')).map((call) => memberOf(call, 'id'))
      return {
        model: 'asked',
        messages: [
          { role: 'user', content: 'where?' },
          message,
          ...ids.map((id) => ({ role: 'tool', tool_call_id: id, content: 'seen' })),
        ],
      }
    }
  }
}

/** State by the part that it is said to belong to. */
const statesOf = (parts: readonly Part[]): readonly string[] => {
  const states: string[] = []
  for (const part of parts) {
    if (part.state !== undefined) states.push(`${part.type} ${part.state.kind} ${part.state.value}`)
  }
  return states
}

describe.skipIf(!corpusAvailable('reasoning state over the wire'))('recorded reasoning state', () => {
  for (const [folder, target] of Object.entries(targets)) {
    for (const client of clients) {
      if (client === target.protocol) continue
      test(`of ${target.protocol} comes back from ${client} byte for byte`, () => {
        const answers = answersWithState(folder as CorpusFolder, target)
        expect(answers.length).toBeGreaterThan(3)
        for (const { record, events } of answers) {
          const parts = collect(target.protocol, events).response.choices[0]?.parts ?? []
          const asked = requestOf(client, [], { reasoning: { display: 'summarized' } })
          const machine = pass.run(asked, contextOf(target)).answer?.()
          if (machine === undefined) throw new Error('no machine')
          const out = [...events.flatMap((event) => machine.push(event)), ...machine.end()]
          const given = collect(target.protocol, out).response
          // A Chat message holds one thought; the others are remembered by the gateway.
          const thoughts = given.choices[0]?.parts.filter((part) => part.type === 'reasoning') ?? []
          if (client === 'openai-chat' && thoughts.length > 1) continue
          const request = nextRequest(client, given)
          const context = contextOf(target)
          const passed = pass.run(request, context).request
          const back = passed.turns.filter(({ role }) => role === 'assistant').flatMap((turn) => turn.parts)
          const name = `${record.name}: ${JSON.stringify(context.warnings)}`
          expect([name, ...statesOf(back)]).toEqual([name, ...statesOf(parts)])
          // A last message of the assistant would be words to go on from, which not every model takes.
          const going: Turn = { role: 'user', parts: [{ type: 'text', text: 'go on' }] }
          const sent = { ...passed, turns: [...passed.turns, going] }
          const wire = codecOf(target.protocol).encodeRequest(sent, {
            model: target.model,
            stream: false,
            capabilities: target.capabilities,
            provider: target.provider,
          })
          for (const { state } of parts) {
            if (state !== undefined) expect(wire.body).toContain(JSON.stringify(state.value))
          }
          expect(wire.body).not.toContain('TGWstate')
        }
      })
    }
  }
})
