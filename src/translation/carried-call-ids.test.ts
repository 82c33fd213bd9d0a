import { describe, expect, test } from 'bun:test'
import { createSecretKey } from 'node:crypto'
import type { Capabilities, GenerateRequest, Part, ProtocolId, StreamEvent, Turn } from '../ir/index.ts'
import { createStateKeys, openState, sealState } from '../sessions/index.ts'
import { carriedCallIds } from './carried-call-ids.ts'
import type { TranslationContext } from './pass.ts'

const keysOf = createStateKeys((organisation) => createSecretKey(Buffer.alloc(32, organisation)))
const key = keysOf('org').sign

const context = (protocol: ProtocolId): TranslationContext => ({
  organisation: 'org',
  target: { protocol, provider: 'p', credential: 'p/1', model: 'm', capabilities: {} as Capabilities },
  warn: () => undefined,
  refuse: () => {
    throw new Error('refused')
  },
})

const asked = (turns: readonly Turn[] = [], protocol: ProtocolId = 'gemini'): GenerateRequest => ({
  protocol,
  model: 'm',
  stream: true,
  turns,
  tools: [],
  sampling: {},
})

const call = (index: number, more: object = {}): StreamEvent => ({
  type: 'tool-call-start',
  index,
  part: { type: 'tool-call', kind: 'function', id: `call_${index}`, name: 'run', input: '', ...more },
})

/** What the client hears of these events. */
const heard = (events: readonly StreamEvent[]): readonly StreamEvent[] => {
  const machine = carriedCallIds(keysOf).run(asked(), context('openai-chat')).answer?.()
  if (machine === undefined) throw new Error('the answer is not rewritten')
  return [...events.flatMap((event) => machine.push(event)), ...machine.end()]
}

/** The calls of these events as such a client sends them back: without ids. */
const remembered = (events: readonly StreamEvent[]): Turn => ({
  role: 'assistant',
  parts: events.flatMap((event): Part[] => {
    if (event.type !== 'tool-call-start' || event.part.type !== 'tool-call') return []
    const { id: _id, ...part } = event.part
    return [{ ...part, input: '{}' }]
  }),
})

const result = (text: string): Part => ({
  type: 'tool-result',
  kind: 'function',
  name: 'run',
  content: [{ type: 'text', text }],
})

const restored = (turns: readonly Turn[], protocol: ProtocolId = 'openai-chat'): readonly Turn[] =>
  carriedCallIds(keysOf).run(asked(turns), context(protocol)).request.turns

describe('ids of calls, at a client of Gemini that sends none back', () => {
  test('come back with the calls, and with their results in order', () => {
    const turns = restored([
      remembered(heard([call(0), call(1)])),
      { role: 'user', parts: [result('one'), result('two')] },
    ])
    expect(turns).toMatchObject([
      { parts: [{ id: 'call_0' }, { id: 'call_1' }] },
      { parts: [{ callId: 'call_0' }, { callId: 'call_1' }] },
    ])
    expect(turns[0]?.parts.some((part) => part.state !== undefined)).toBe(false)
  })

  test('travel with the state of thoughts where that will stand on the call', () => {
    const value = sealState(
      {
        protocol: 'anthropic-messages',
        account: 'ab'.repeat(8),
        model: 'm',
        kind: 'signature',
        position: 'self',
        pieces: [],
        payload: 'sig',
      },
      key,
    )
    const end: StreamEvent = {
      type: 'reasoning-end',
      index: 0,
      state: { protocol: 'gemini', kind: 'thought-signature', value },
    }
    const [state, after] = heard([end, call(1)])
    const sealed = state?.type === 'reasoning-end' ? state.state : undefined
    expect(openState(sealed?.value ?? '', key)).toMatchObject({ payload: 'sig', callId: 'call_1' })
    expect(after).toEqual(call(1))
    if (sealed === undefined) return
    const back = restored([
      {
        role: 'assistant',
        parts: [{ type: 'tool-call', kind: 'function', name: 'run', input: '{}', state: sealed }],
      },
    ])
    expect(back[0]?.parts[0]).toMatchObject({ id: 'call_1', state: sealed })
    const text: StreamEvent = { type: 'text-start', index: 1, part: { type: 'text', text: '' } }
    expect(heard([end, text])).toEqual([end, text])
    expect(heard([end])).toEqual([end])
  })

  test('that the client does send stay as they are', () => {
    const turn = remembered(heard([call(0)]))
    const given = { ...turn, parts: turn.parts.map((part) => ({ ...part, id: 'own' }) as Part) }
    const answered: Turn = { role: 'user', parts: [{ ...result('one'), callId: 'own' } as Part] }
    const turns = restored([given, answered])
    expect(turns[0]?.parts[0]).toMatchObject({ id: 'own' })
    expect(turns[1]).toBe(answered)
  })

  test('are not for Gemini itself, which takes neither them nor their envelopes', () => {
    const turns = restored([remembered(heard([call(0)]))], 'gemini')
    expect(turns[0]?.parts).toEqual([{ type: 'tool-call', kind: 'function', name: 'run', input: '{}' }])
  })

  test('change nothing for other clients, nor what no envelope of this organisation holds', () => {
    const other = asked([remembered(heard([call(0)]))], 'openai-chat')
    const { request, answer } = carriedCallIds(keysOf).run(other, context('anthropic-messages'))
    expect(request).toBe(other)
    expect(answer).toBeUndefined()
    const turns: readonly Turn[] = [
      {
        role: 'assistant',
        parts: [
          {
            type: 'tool-call',
            kind: 'function',
            name: 'run',
            input: '{}',
            state: { protocol: 'gemini', kind: 'thought-signature', value: 'TGWstate' },
          },
        ],
      },
      { role: 'user', parts: [result('one')] },
    ]
    expect(restored(turns)).toBe(turns)
  })
})
