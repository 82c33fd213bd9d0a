import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Part, ProtocolId, StreamEvent, ToolCallPart, ToolResultPart, Turn } from '../../ir/index.ts'
import { isCallIdFor } from './call-id-rule.ts'
import { callIds } from './call-ids.ts'
import { callEvents, requestOf, runPasses, targetOf } from './tool-target.fixture.ts'

const call = (name: string, id?: string, input = '{}'): ToolCallPart => ({
  type: 'tool-call',
  kind: 'function',
  name,
  input,
  ...(id === undefined ? {} : { id }),
})
const result = (name: string, text: string, callId?: string): ToolResultPart => ({
  type: 'tool-result',
  kind: 'function',
  name,
  content: [{ type: 'text', text }],
  ...(callId === undefined ? {} : { callId }),
})
const assistant = (...parts: Part[]): Turn => ({ role: 'assistant', parts })
const user = (...parts: Part[]): Turn => ({ role: 'user', parts })

const run = (from: ProtocolId, to: ProtocolId, turns: readonly Turn[]) =>
  runPasses([callIds], requestOf(from, { turns }), targetOf(to))

const idsOf = (turns: readonly Turn[]): readonly (string | undefined)[] =>
  turns.flatMap(({ parts }) =>
    parts.flatMap((part) =>
      part.type === 'tool-call' ? [part.id] : part.type === 'tool-result' ? [part.callId] : [],
    ),
  )

describe('ids in the history', () => {
  test('pass unchanged where the target takes them', () => {
    const turns = [assistant(call('f', 'toolu_01')), user(result('f', 'x', 'toolu_01'))]
    for (const to of ['openai-chat', 'openai-responses'] as const) {
      expect(run('anthropic-messages', to, turns).request.turns).toBe(turns)
    }
  })

  test('are made for calls without any, and results find theirs by name and order', () => {
    const turns = [
      assistant(call('a'), call('b'), call('a')),
      user(result('b', '2'), result('a', '1'), result('a', '3')),
    ]
    const [a, b, c, ...results] = idsOf(run('gemini', 'anthropic-messages', turns).request.turns)
    expect(new Set([a, b, c]).size).toBe(3)
    expect(a).toMatch(/^toolu_[A-Za-z0-9]{24}$/)
    expect(results).toEqual([b, a, c])
    expect(idsOf(run('gemini', 'openai-chat', turns).request.turns)[0]).toMatch(/^call_[A-Za-z0-9]{24}$/)
  })

  test('that the target does not take are replaced, the same for call and result', () => {
    const long = `call_${'x'.repeat(80)}`
    const turns = [assistant(call('f', long)), user(result('f', 'x', long))]
    const [made, answered] = idsOf(run('anthropic-messages', 'openai-chat', turns).request.turns)
    expect(made).toHaveLength(29)
    expect(answered).toBe(made)
    const odd = [assistant(call('f', 'functions.f:0')), user(result('f', 'x', 'functions.f:0'))]
    expect(idsOf(run('openai-chat', 'anthropic-messages', odd).request.turns)[0]).toMatch(/^toolu_/)
    expect(run('openai-chat', 'openai-responses', odd).request.turns).toBe(odd)
  })

  test('that come twice are told apart, with their results', () => {
    const turns = [
      assistant(call('f', 'call_0')),
      user(result('f', '1', 'call_0')),
      assistant(call('f', 'call_0')),
      user(result('f', '2', 'call_0')),
    ]
    const [first, one, second, two] = idsOf(run('openai-chat', 'anthropic-messages', turns).request.turns)
    expect([first, one]).toEqual(['call_0', 'call_0'])
    expect(second).not.toBe('call_0')
    expect(two).toBe(second)
  })

  test('bring the name that Gemini wants in results', () => {
    const turns = [
      assistant(call('lookup', 'c1')),
      user({ type: 'tool-result', callId: 'c1', kind: 'function', content: [] }),
    ]
    expect(run('openai-chat', 'gemini', turns).request.turns[1]?.parts).toMatchObject([
      { name: 'lookup', callId: 'c1' },
    ])
  })

  test('of a longer history are those of the shorter one, and more', () => {
    const name = fc.constantFrom('a', 'b')
    const id = fc.option(fc.constantFrom('x', 'y', 'functions.a:0', `z${'z'.repeat(70)}`), { nil: undefined })
    const exchange = fc
      .array(fc.tuple(name, id), { minLength: 1, maxLength: 4 })
      .map((calls) => [
        assistant(...calls.map(([tool, given]) => call(tool, given))),
        user(...calls.map(([tool, given]) => result(tool, 'ok', given))),
      ])
    const target = fc.constantFrom<ProtocolId>('openai-chat', 'openai-responses', 'anthropic-messages')
    fc.assert(
      fc.property(target, fc.array(exchange, { maxLength: 5 }), exchange, (to, history, next) => {
        const from = to === 'openai-chat' ? 'gemini' : 'openai-chat'
        const before = run(from, to, history.flat()).request.turns
        const after = run(from, to, [...history, next].flat()).request.turns
        expect(after.slice(0, before.length)).toEqual([...before])
        const ids = after.flatMap(({ parts }) =>
          parts.flatMap((part) => (part.type === 'tool-call' ? [part.id ?? ''] : [])),
        )
        expect(new Set(ids).size).toBe(ids.length)
        for (const made of ids) expect(isCallIdFor(to, made)).toBe(true)
      }),
    )
  })
})

describe('ids in the answer', () => {
  const started = (id: string): StreamEvent => ({ type: 'start', id })
  const answered = (turns: readonly Turn[], events: readonly StreamEvent[], client: ProtocolId) =>
    run(client, client === 'gemini' ? 'openai-chat' : 'gemini', turns)
      .answer(events)
      .flatMap((event) =>
        event.type === 'tool-call-start' && event.part.type === 'tool-call' ? [event.part.id] : [],
      )

  test('are made where the upstream gave none, each its own, the same for the same answer', () => {
    const events = [started('r1'), ...callEvents({ name: 'f' }, []), ...callEvents({ name: 'f' }, [], 1)]
    const ids = answered([], events, 'anthropic-messages')
    expect(ids[0]).toMatch(/^toolu_/)
    expect(new Set(ids).size).toBe(2)
    expect(answered([], events, 'anthropic-messages')).toEqual(ids)
    expect(answered([], [started('r2'), ...events.slice(1)], 'anthropic-messages')[0]).not.toBe(ids[0])
    expect(answered([user()], events, 'anthropic-messages')[0]).not.toBe(ids[0])
  })

  test('of the upstream stay, unless the client’s protocol refuses them or they come twice', () => {
    const events = [
      ...callEvents({ name: 'f', id: 'functions.f:0' }, []),
      ...callEvents({ name: 'f', id: 'same' }, [], 1),
      ...callEvents({ name: 'f', id: 'same' }, [], 2),
    ]
    const [odd, same, again] = answered([], events, 'anthropic-messages')
    expect(odd).toMatch(/^toolu_/)
    expect(same).toBe('same')
    expect(again).toMatch(/^toolu_/)
    expect(answered([], events, 'gemini').slice(0, 2)).toEqual(['functions.f:0', 'same'])
  })
})
