import { describe, expect, test } from 'bun:test'
import { type GenerateRequest, type Part, type ReasoningState, replay, type Turn } from '../../ir/index.ts'
import {
  callKey,
  createReasoningRegistry,
  type ReasoningRegistry,
  type ReasoningStore,
} from '../../sessions/index.ts'
import type { TranslationTarget } from '../pass.ts'
import { answerStates } from './answer-states.ts'
import { reasoningState } from './reasoning-state.ts'
import { recallReasoning } from './recall-reasoning.ts'
import { rememberReasoning } from './remember-reasoning.ts'
import { capabilityOf, contextOf, keysOf, requestOf, targetOf } from './test-target.fixture.ts'

const claude = targetOf('anthropic-messages', { capabilities: { reasoning: capabilityOf.claudeBudget } })
const openai = targetOf('openai-responses')
const gemini = targetOf('gemini', {
  capabilities: { reasoning: capabilityOf.level, signaturesEnforced: true },
})

const emptyStore: ReasoningStore = {
  write: async () => {},
  find: async () => [],
  purge: async () => 0,
  trim: async () => 0,
}
const newRegistry = () => createReasoningRegistry(emptyStore, keysOf)

const text = (said: string): Part => ({ type: 'text', text: said })
const call = (id: string): Extract<Part, { type: 'tool-call' }> => ({
  type: 'tool-call',
  kind: 'function',
  id,
  name: 'look',
  input: '{"a":1}',
})
const thought = (value: string, said: string): Part => ({
  type: 'reasoning',
  pieces: [{ kind: 'summary', text: said }],
  state: { protocol: 'anthropic-messages', kind: 'signature', value },
})
const signed = (value: string): ReasoningState => ({ protocol: 'gemini', kind: 'thought-signature', value })

/** Gives a Chat client an answer, and remembers it on the way. */
const answer = (
  registry: ReasoningRegistry,
  target: TranslationTarget,
  parts: readonly Part[],
  isCut = false,
) => {
  const seal = answerStates({ request: requestOf('openai-chat', []), target, key: keysOf('org_a').sign })
  const watch = rememberReasoning(registry, 'org_a')
  const events = replay({
    protocol: target.protocol,
    choices: [{ index: 0, parts, finish: { reason: 'end' } }],
  })
  const out = events
    .filter(({ type }) => !isCut || type !== 'end')
    .flatMap((event) => seal.push(event))
    .flatMap((event) => watch.push(event))
  return [...out, ...watch.end()]
}

/** A Chat client that forgets every thought: text first, then the calls. */
const forgetful = (parts: readonly Part[]): GenerateRequest =>
  requestOf('openai-chat', [
    { role: 'user', parts: [text('where?')] },
    {
      role: 'assistant',
      parts: [
        ...parts.filter((part) => part.type === 'text'),
        ...parts.flatMap((part) => {
          if (part.type !== 'tool-call') return []
          const { state: _state, ...rest } = part
          return [rest]
        }),
      ],
    },
    ...parts.flatMap((part): Turn[] =>
      part.type === 'tool-call' && part.id !== undefined
        ? [{ role: 'user', parts: [{ type: 'tool-result', kind: 'function', callId: part.id, content: [] }] }]
        : [],
    ),
  ])

const recalled = async (
  registry: ReasoningRegistry,
  request: GenerateRequest,
  target: TranslationTarget,
  organisation = 'org_a',
) => {
  const whole = await recallReasoning(request, organisation, target, { registry, keysOf })
  const context = contextOf(target, organisation)
  const { request: passed } = reasoningState(keysOf).run(whole, context)
  const parts = passed.turns.filter(({ role }) => role === 'assistant').flatMap((turn) => turn.parts)
  return { whole, passed, parts, warnings: context.warnings }
}

describe('reasoning that a Chat client has forgotten', () => {
  test('comes back to Anthropic exactly as it was, at its place', async () => {
    const registry = newRegistry()
    const said = [
      thought('s1', 'First.'),
      text('Looking.'),
      thought('s2', 'Then.'),
      call('call_1'),
      call('call_2'),
    ]
    answer(registry, claude, said)
    const { parts, warnings } = await recalled(registry, forgetful(said), claude)
    expect(parts).toEqual(said)
    expect(warnings).toEqual([])
  })

  test('comes back to OpenAI with the item’s id', async () => {
    const registry = newRegistry()
    const item = {
      ...thought('', 'Think.'),
      state: { protocol: 'openai-responses', kind: 'encrypted', value: 'gAAA' },
      extensions: { 'openai-responses': { item: { id: 'rs_1' } } },
    } as const
    answer(registry, openai, [item, call('call_1')])
    const { passed } = await recalled(registry, forgetful([call('call_1')]), openai)
    expect(passed.turns[1]).toMatchObject({
      parts: [{ type: 'reasoning', state: { value: 'gAAA' } }],
      extensions: { 'openai-responses': { id: 'rs_1' } },
    })
    expect(passed.turns[2]?.parts).toEqual([call('call_1')])
  })

  test('comes back to Gemini as the signature of the call', async () => {
    const registry = newRegistry()
    const said = [{ ...call('call_1'), state: signed('AQID') }, call('call_2')]
    answer(registry, gemini, said)
    const { parts, warnings } = await recalled(registry, forgetful(said), gemini)
    expect(parts).toEqual(said)
    expect(warnings).toEqual([])
  })

  test('comes back in every turn of a long conversation', async () => {
    const registry = newRegistry()
    const said = Array.from({ length: 20 }, (_, number) => [
      thought(`s${number}`, 'T.'),
      call(`call_${number}`),
    ])
    for (const parts of said) answer(registry, claude, parts)
    const request = requestOf(
      'openai-chat',
      said.flatMap((parts) => forgetful(parts).turns),
    )
    const { parts } = await recalled(registry, request, claude)
    expect(parts).toEqual(said.flat())
  })

  test('wins over the half that the client kept', async () => {
    const registry = newRegistry()
    const said = [thought('s1', 'First.'), thought('s2', 'Then.'), call('call_1')]
    answer(registry, claude, said)
    const request = forgetful(said)
    const kept: Part = { type: 'reasoning', pieces: [{ kind: 'text', text: 'First.\n\nThen.' }] }
    const half: GenerateRequest = {
      ...request,
      turns: request.turns.map((turn) =>
        turn.role === 'assistant' ? { ...turn, parts: [kept, ...turn.parts] } : turn,
      ),
    }
    expect((await recalled(registry, half, claude)).parts).toEqual(said)
  })

  test('is not told to another organisation, target, account or model', async () => {
    const registry = newRegistry()
    const said = [thought('s1', 'First.'), call('call_1')]
    answer(registry, claude, said)
    const request = forgetful(said)
    const others: readonly TranslationTarget[] = [
      openai,
      gemini,
      { ...claude, credential: 'cred_2' },
      { ...claude, model: 'claude-opus-4-5' },
    ]
    for (const target of others) expect((await recalled(registry, request, target)).whole).toBe(request)
    expect((await recalled(registry, request, claude, 'org_b')).whole).toBe(request)
  })

  test('is not looked for where nobody wants it', async () => {
    let asked = 0
    const registry = {
      find: async () => {
        asked += 1
        return new Map()
      },
    }
    const mute = targetOf('anthropic-messages', { capabilities: { reasoning: capabilityOf.none } })
    const request = forgetful([call('call_1')])
    expect(await recallReasoning(request, 'org_a', mute, { registry, keysOf })).toBe(request)
    const other = { ...request, protocol: 'openai-responses' } as const
    expect(await recallReasoning(other, 'org_a', claude, { registry, keysOf })).toBe(other)
    const silent = forgetful([text('Hello.')])
    expect(await recallReasoning(silent, 'org_a', claude, { registry, keysOf })).toBe(silent)
    expect(asked).toBe(0)
    expect(await recallReasoning(request, 'org_a', claude, { registry, keysOf })).toBe(request)
    expect(asked).toBe(1)
  })

  test('that is lost leaves Anthropic without thinking, as any lost thought does', async () => {
    const request = {
      ...forgetful([call('call_1')]),
      reasoning: { mode: 'enabled', budgetTokens: 2000 },
    } as const
    const { passed, warnings } = await recalled(newRegistry(), request, claude)
    expect(passed.reasoning).toEqual({ mode: 'disabled' })
    expect(warnings).toHaveLength(1)
  })
})

describe('what is remembered', () => {
  const watched = (target: TranslationTarget, parts: readonly Part[], isCut = false) => {
    const remembered: string[] = []
    const registry = {
      ...newRegistry(),
      remember: (_organisation: string, calls: readonly { readonly key: string }[]) => {
        remembered.push(...calls.map(({ key }) => key))
      },
    }
    const events = answer(registry, target, parts, isCut)
    return { remembered, events }
  }

  test('is reasoning with state before a tool call, once the answer is complete', () => {
    const said = [thought('s1', 'First.'), call('call_1'), call('call_2')]
    expect(watched(claude, said).remembered).toEqual([callKey(call('call_1'))])
    expect(watched(claude, said, true).remembered).toEqual([])
    expect(watched(claude, [thought('s1', 'First.'), text('Done.')]).remembered).toEqual([])
    expect(watched(claude, [text('Looking.'), call('call_1')]).remembered).toEqual([])
  })

  test('changes nothing on its way', () => {
    const machine = rememberReasoning(newRegistry(), 'org_a')
    const events = replay({
      protocol: 'gemini',
      choices: [{ index: 0, parts: [thought('s', 'T.'), call('c')] }],
    })
    for (const event of events) expect(machine.push(event)).toEqual([event])
  })
})
