import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  collect,
  type GenerateRequest,
  type Part,
  type ProtocolId,
  type ReasoningPart,
  type ReasoningPiece,
  type ReasoningState,
  replay,
  type Turn,
} from '../../ir/index.ts'
import { isSealedState } from '../../sessions/index.ts'
import { createLosses } from '../losses.ts'
import type { TranslationTarget } from '../pass.ts'
import { translateAnswer } from '../translate-answer.ts'
import { translateRequest } from '../translate-request.ts'
import { skipSignature } from './lost-signatures.ts'
import { reasoningSettings } from './reasoning-settings.ts'
import { reasoningState } from './reasoning-state.ts'
import {
  capabilityOf,
  contextOf,
  keysOf,
  requestOf,
  type TargetOptions,
  targetOf,
} from './test-target.fixture.ts'

const pass = reasoningState(keysOf)

const claude = (options: TargetOptions = {}) =>
  targetOf('anthropic-messages', {
    ...options,
    capabilities: { reasoning: capabilityOf.claudeBudget, ...options.capabilities },
  })
const openai = (options?: TargetOptions) => targetOf('openai-responses', options)
const gemini = (options: TargetOptions = {}) =>
  targetOf('gemini', {
    ...options,
    capabilities: { reasoning: capabilityOf.level, signaturesEnforced: true, ...options.capabilities },
  })
const deepseek = (options: TargetOptions = {}) =>
  targetOf('openai-chat', {
    ...options,
    capabilities: { reasoningTextInHistory: true, ...options.capabilities },
  })

const text = (said: string): Part => ({ type: 'text', text: said })
const call = (id: string): Part => ({ type: 'tool-call', kind: 'function', id, name: 'look', input: '{}' })
const result = (callId: string): Part => ({
  type: 'tool-result',
  kind: 'function',
  callId,
  content: [{ type: 'text', text: 'seen' }],
})
const pieces = (...texts: readonly string[]): readonly ReasoningPiece[] =>
  texts.map((piece) => ({ kind: 'summary', text: piece }))
const thought = (state: ReasoningState | undefined, ...texts: readonly string[]): ReasoningPart => ({
  type: 'reasoning',
  pieces: pieces(...texts),
  ...(state === undefined ? {} : { state }),
})
const signature = (value: string): ReasoningState => ({
  protocol: 'anthropic-messages',
  kind: 'signature',
  value,
})
const encrypted = (value: string): ReasoningState => ({
  protocol: 'openai-responses',
  kind: 'encrypted',
  value,
})
const thoughtSignature = (value: string): ReasoningState => ({
  protocol: 'gemini',
  kind: 'thought-signature',
  value,
})
const rsItem = (id: string) => ({ 'openai-responses': { item: { id } } })

/** What a client of this protocol is given when the target says these parts. */
const answered = (
  client: ProtocolId,
  target: TranslationTarget,
  said: readonly Part[],
  more: Partial<GenerateRequest> = {},
): readonly Part[] => {
  const { answer } = pass.run(requestOf(client, [], more), contextOf(target))
  const machine = answer?.()
  if (machine === undefined) return said
  const events = replay({ protocol: target.protocol, choices: [{ index: 0, parts: said }] })
  const seen = [...events.flatMap((event) => machine.push(event)), ...machine.end()]
  return collect(client, seen).response.choices[0]?.parts ?? []
}

/** How a client of this protocol sends back what it was given: its wire's shape, as its decoder reads it. */
const echoed: Readonly<Partial<Record<ProtocolId, (parts: readonly Part[]) => readonly Turn[]>>> = {
  'anthropic-messages': (parts) => [
    {
      role: 'assistant',
      parts: parts.map((part) =>
        part.type === 'reasoning' && part.pieces.length > 1
          ? { ...part, pieces: pieces(part.pieces.map((piece) => piece.text).join('\n\n')) }
          : part,
      ),
    },
  ],
  'openai-responses': (parts) =>
    parts.map((part) => ({
      role: 'assistant',
      parts: [part],
      extensions: { 'openai-responses': { id: `made_${parts.indexOf(part)}` } },
    })),
  gemini: (parts) => {
    const result: Part[] = []
    let carried: ReasoningState | undefined
    for (const part of parts) {
      if (part.type === 'reasoning') {
        carried = part.state ?? carried
        if (part.pieces.length > 0)
          result.push(thought(undefined, part.pieces.map((p) => p.text).join('\n\n')))
      } else {
        result.push(carried === undefined ? part : { ...part, state: carried })
        carried = undefined
      }
    }
    if (carried !== undefined) result.push({ type: 'text', text: '', state: carried })
    return [{ role: 'assistant', parts: result }]
  },
  'openai-chat': (parts) => [
    {
      role: 'assistant',
      parts: [
        ...parts.filter((part) => part.type === 'reasoning'),
        ...parts.filter((part) => part.type === 'text'),
        ...parts.filter((part) => part.type === 'tool-call'),
      ],
    },
  ],
}

const history = (
  client: ProtocolId,
  answers: readonly Part[],
  more: Partial<GenerateRequest> = {},
): GenerateRequest => {
  const question: Turn = { role: 'user', parts: [text('where?')] }
  const calls = answers.flatMap((part) => (part.type === 'tool-call' ? [result(part.id ?? '')] : []))
  return requestOf(
    client,
    [
      question,
      ...(echoed[client]?.(answers) ?? []),
      ...(calls.length > 0 ? [{ role: 'user' as const, parts: calls }] : []),
    ],
    more,
  )
}

const sent = (request: GenerateRequest, target: TranslationTarget, organisation?: string) => {
  const context = contextOf(target, organisation)
  const { request: passed } = pass.run(request, context)
  return { request: passed, warnings: context.warnings, turns: passed.turns.slice(1) }
}

const assistantParts = (turns: readonly Turn[]): readonly Part[] =>
  turns.filter((turn) => turn.role === 'assistant').flatMap((turn) => turn.parts)

const visible = (parts: readonly Part[]): readonly unknown[] =>
  parts.filter((part) => part.type !== 'reasoning').map(({ state: _state, ...part }) => part)

const clients = ['anthropic-messages', 'openai-responses', 'gemini', 'openai-chat'] as const

/** One answer of each provider, and what it wants back. */
const answers = {
  'anthropic-messages': {
    target: claude(),
    said: [thought(signature('sig=='), 'Let me look.'), text('Looking.'), call('call_1')],
  },
  'openai-responses': {
    target: openai(),
    said: [
      { ...thought(encrypted('gAAAAAB='), 'Two cities.', 'Call the tool.'), extensions: rsItem('rs_1') },
      text('Looking.'),
      call('call_1'),
    ],
  },
  gemini: {
    target: gemini(),
    said: [
      thought(undefined, 'Let me look.'),
      { ...call('call_1'), state: thoughtSignature('AQID') },
      call('call_2'),
    ],
  },
} as const satisfies Readonly<
  Partial<Record<ProtocolId, { target: TranslationTarget; said: readonly Part[] }>>
>

describe('what a client is given', () => {
  for (const client of clients) {
    for (const [protocol, { target, said }] of Object.entries(answers)) {
      if (protocol === client) continue
      test(`${protocol} to ${client}: nothing but envelopes, whatever the part`, () => {
        const given = answered(client, target, said)
        const states = given.flatMap((part) => (part.state === undefined ? [] : [part.state]))
        expect(states.length).toBeGreaterThan(0)
        for (const { value } of states) expect(isSealedState(value)).toBe(true)
        expect(visible(given)).toEqual(visible(said))
      })
    }
  }

  test('Anthropic’s clients get a signature on readable thoughts and redacted data for hidden ones', () => {
    const said = [
      thought(encrypted('e1'), 'One.', 'Two.'),
      thought(encrypted('e2')),
      text('Hello.'),
      thought(undefined, 'No state.'),
    ]
    const given = answered('anthropic-messages', openai(), said)
    expect(given.map((part) => part.state?.kind)).toEqual(['signature', 'redacted', undefined, 'signature'])
    expect(given[0]).toMatchObject({ pieces: pieces('One.', 'Two.') })
  })

  test('Gemini’s state on a call goes to the thought before it, and makes one where there is none', () => {
    for (const client of ['anthropic-messages', 'openai-responses'] as const) {
      const given = answered(client, gemini(), [
        thought(undefined, 'Think.'),
        { ...call('call_1'), state: thoughtSignature('AQID') },
        { ...call('call_2'), state: thoughtSignature('BAUG') },
        { ...text('Then.'), state: thoughtSignature('CQgH') },
        { ...text(''), state: thoughtSignature('DA0O') },
      ])
      expect(given.map((part) => [part.type, part.state !== undefined])).toEqual([
        ['reasoning', true],
        ['tool-call', false],
        ['reasoning', true],
        ['tool-call', false],
        ['reasoning', true],
        ['text', false],
        ['reasoning', true],
      ])
      expect(given[2]).toMatchObject({ pieces: [] })
    }
  })

  test('a thought of Gemini without any state ends with the next part', () => {
    const given = answered('openai-responses', gemini(), [thought(undefined, 'Think.'), text('Hello.')])
    expect(given.map((part) => part.type)).toEqual(['reasoning', 'text'])
  })

  test('Chat’s clients get the state of a call on the call', () => {
    const given = answered('openai-chat', gemini(), [
      thought(undefined, 'Think.'),
      { ...call('call_1'), state: thoughtSignature('AQID') },
    ])
    expect(given.map((part) => part.state?.kind)).toEqual([undefined, 'thought-signature'])
  })

  test('Gemini’s clients get thoughts only when they ask for them, and state in any case', () => {
    const { target, said } = answers['anthropic-messages']
    const shown = answered('gemini', target, said, { reasoning: { display: 'summarized' } })
    expect(shown[0]).toEqual(thought(undefined, 'Let me look.'))
    for (const more of [{}, { reasoning: { display: 'none' } }]) {
      const hidden = answered('gemini', target, said, more)
      expect(hidden.map((part) => part.type)).toEqual(['reasoning', 'text', 'tool-call'])
      expect(hidden[0]).toMatchObject({ pieces: [] })
      expect(hidden[0]?.state?.kind).toBe('thought-signature')
    }
  })

  test('Gemini’s clients get the thoughts that they ask for also from models that cannot be asked for them', () => {
    const target = targetOf('openai-chat')
    const translation = translateRequest(requestOf('gemini', [], { reasoning: { display: 'summarized' } }), {
      upstream: { encodeRequest: () => ({ path: '/', body: '', headers: {}, warnings: [] }) },
      organisation: 'org_a',
      target,
      passes: [reasoningSettings, pass],
      losses: createLosses({ target: 'p', fieldPath: (path) => path, strict: false }),
    })
    const said = [thought(undefined, 'Think.'), text('Hello.')]
    const answer = translateAnswer(
      { protocol: target.protocol, choices: [{ index: 0, parts: said }] },
      translation,
    )
    expect(answer.choices[0]?.parts).toEqual(said)
  })
})

describe('what comes back to the provider that said it', () => {
  test('is Anthropic’s block with its signature, by way of every client', () => {
    const { target, said } = answers['anthropic-messages']
    for (const client of clients) {
      const back = sent(history(client, answered(client, target, said)), target)
      expect(assistantParts(back.turns)).toEqual([...said])
      expect(back.warnings).toEqual([])
    }
  })

  test('is OpenAI’s item with its id and its pieces, by way of every client', () => {
    const { target, said } = answers['openai-responses']
    for (const client of clients) {
      if (client === target.protocol) continue
      const back = sent(history(client, answered(client, target, said)), target)
      const [reasoning] = back.turns
      expect(reasoning?.parts).toEqual([thought(encrypted('gAAAAAB='), 'Two cities.', 'Call the tool.')])
      expect(reasoning?.extensions).toEqual({ 'openai-responses': { id: 'rs_1' } })
      expect(assistantParts(back.turns).slice(1)).toEqual(said.slice(1))
      expect(back.warnings).toEqual([])
    }
  })

  test('is Gemini’s signature on the part it stood on, by way of every client', () => {
    const { target, said } = answers.gemini
    for (const client of clients) {
      const back = sent(history(client, answered(client, target, said)), target)
      const calls = assistantParts(back.turns).filter((part) => part.type === 'tool-call')
      expect<readonly Part[]>(calls).toEqual(said.slice(1))
      expect(back.warnings).toEqual([])
    }
  })

  test('is every signature of Gemini at its place, with or without a thought before it', () => {
    const said = [
      thought(undefined, 'Think.'),
      text('First.'),
      { ...text('Then.'), state: thoughtSignature('CQgH') },
      { ...call('call_1'), state: thoughtSignature('AQID') },
      { ...text(''), state: thoughtSignature('DA0O') },
    ]
    for (const client of ['anthropic-messages', 'openai-responses'] as const) {
      const back = sent(history(client, answered(client, gemini(), said)), gemini())
      expect(assistantParts(back.turns)).toEqual(said.slice(1))
    }
  })

  test('is redacted data of Anthropic, and thinking whose text was left out', () => {
    const said = [
      thought({ protocol: 'anthropic-messages', kind: 'redacted', value: 'hidden==' }),
      thought(signature('sig==')),
      text('Hello.'),
    ]
    for (const client of ['openai-responses', 'openai-chat'] as const) {
      const back = sent(history(client, answered(client, claude(), said)), claude())
      expect(assistantParts(back.turns)).toEqual(said)
    }
  })

  test('is exactly the state that was given, whatever strings and layouts', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...clients),
        fc.string({ unit: 'binary' }),
        fc.array(fc.string(), { maxLength: 4 }),
        (client, value, texts) => {
          for (const [target, state] of [
            [claude(), signature(value)],
            [openai(), encrypted(value)],
          ] as const) {
            if (target.protocol === client) continue
            // Anthropic says one text, and nobody says an empty one.
            const said = texts.filter((piece) => piece !== '')
            const layout = target.protocol === 'anthropic-messages' ? said.slice(0, 1) : said
            const parts = [thought(state, ...layout), text('Hello.')]
            const back = sent(history(client, answered(client, target, parts)), target)
            expect(assistantParts(back.turns)).toEqual(parts)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('also where the model is another snapshot of the same family', () => {
    const { target, said } = answers['anthropic-messages']
    const dated = claude({ model: 'claude-sonnet-4-5-20250929' })
    const back = sent(history('openai-responses', answered('openai-responses', target, said)), dated)
    expect(assistantParts(back.turns)).toEqual([...said])
  })

  test('not where the thoughts were changed, for Anthropic refuses them', () => {
    const { target, said } = answers['anthropic-messages']
    const given = answered('openai-responses', target, said).map((part) =>
      part.type === 'reasoning' ? { ...part, pieces: pieces('Something else entirely.') } : part,
    )
    const back = sent(history('openai-responses', given), target)
    expect(assistantParts(back.turns).map((part) => part.type)).toEqual(['text', 'tool-call'])
    expect(back.warnings).toMatchObject([{ code: 'dropped', feature: 'reasoning' }])
  })

  test('also where a Gemini client sends no thoughts back, or sends them in slices', () => {
    const { target, said } = answers['anthropic-messages']
    const given = answered('gemini', target, said, { reasoning: { display: 'summarized' } })
    const request = history('gemini', given)
    const answer = request.turns[1]
    if (answer === undefined) throw new Error('no answer')
    const withThoughts = (...slices: readonly string[]): GenerateRequest => ({
      ...request,
      turns: request.turns.with(1, {
        ...answer,
        parts: [...slices.map((slice) => thought(undefined, slice)), ...answer.parts.slice(1)],
      }),
    })
    for (const slices of [[], ['Let ', 'me ', 'look.']]) {
      expect(assistantParts(sent(withThoughts(...slices), target).turns)).toEqual([...said])
    }
  })
})

describe('what comes to another provider, account or model', () => {
  const others = [
    ['another account', claude({ credential: 'cred_2' })],
    ['another provider', claude({ provider: 'bedrock' })],
    ['another model', claude({ model: 'claude-opus-4-5' })],
    ['OpenAI', openai()],
    ['Gemini', targetOf('gemini')],
    ['a model of Chat Completions', targetOf('openai-chat')],
  ] as const
  for (const [name, target] of others) {
    test(`${name}: no state and no thoughts, and one warning for all of them`, () => {
      const { said, target: first } = answers['anthropic-messages']
      for (const client of clients) {
        if (client === 'anthropic-messages') continue
        const given = answered(client, first, [...said, thought(signature('2'), 'More.'), text('Done.')])
        const back = sent(history(client, given), target)
        const parts = assistantParts(back.turns)
        expect(parts.some((part) => part.type === 'reasoning' || part.state !== undefined)).toBe(false)
        expect(parts).toHaveLength(3)
        expect(back.warnings.filter(({ feature }) => feature === 'reasoning')).toHaveLength(1)
      }
    })
  }

  test('is readable thoughts alone where the model wants them back', () => {
    const { said, target } = answers['openai-responses']
    for (const client of ['anthropic-messages', 'gemini'] as const) {
      const given = answered(client, target, said, { reasoning: { display: 'summarized' } })
      const back = sent(history(client, given), deepseek())
      expect(assistantParts(back.turns)[0]).toEqual(thought(undefined, 'Two cities.', 'Call the tool.'))
      expect(assistantParts(back.turns).slice(1)).toEqual(said.slice(1))
    }
    const own = [thought(undefined, 'Think.'), call('call_1')]
    const given = answered('anthropic-messages', deepseek(), own)
    expect(assistantParts(sent(history('anthropic-messages', given), deepseek()).turns)).toEqual(own)
  })

  test('is nothing of the raw state of the client’s own protocol, which its own provider keeps', () => {
    const raw = [thought(signature('raw=='), 'Mine.'), text('Hello.'), call('call_1')]
    const elsewhere = sent(history('anthropic-messages', raw), openai())
    expect(assistantParts(elsewhere.turns)).toEqual(raw.slice(1))
    const request = history('anthropic-messages', raw)
    expect(sent(request, claude()).request).toBe(request)
    const signed = [{ ...call('call_1'), state: thoughtSignature('raw') }]
    expect(assistantParts(sent(history('gemini', signed), claude()).turns)).toEqual([call('call_1')])
    expect(assistantParts(sent(history('openai-chat', signed), gemini()).turns)).toEqual(signed)
  })

  test('names the place in the client’s request', () => {
    const raw: Part[] = [
      { ...thought(signature('raw=='), 'Mine.'), at: 'messages.1.content.0' },
      text('Hello.'),
    ]
    expect(sent(history('anthropic-messages', raw), openai()).warnings).toMatchObject([
      { path: 'messages.1.content.0' },
    ])
  })
})

describe('an envelope that was tampered with', () => {
  const { said, target } = answers['openai-responses']
  const given = answered('anthropic-messages', target, said)
  const forged = (change: (value: string) => string) =>
    given.map((part) =>
      part.state === undefined
        ? part
        : { ...part, state: { ...part.state, value: change(part.state.value) } },
    )
  const flip = (value: string): string => {
    const bytes = Buffer.from(value, 'base64')
    bytes[40] = (bytes[40] ?? 0) ^ 1
    return bytes.toString('base64')
  }

  test('goes with its thoughts, with a warning', () => {
    for (const change of [flip, (value: string) => value.slice(0, -8), () => 'TGWstate']) {
      for (const to of [target, claude()]) {
        const back = sent(history('anthropic-messages', forged(change)), to)
        expect(assistantParts(back.turns)).toEqual(said.slice(1))
        expect(back.warnings).toMatchObject([{ feature: 'reasoning' }])
      }
    }
  })

  test('or was given to another organisation, as well', () => {
    const back = sent(history('anthropic-messages', given), target, 'org_b')
    expect(assistantParts(back.turns)).toEqual(said.slice(1))
    expect(back.warnings).toHaveLength(1)
  })

  test('does not pass in a user’s turn either', () => {
    const [state] = given.flatMap((part) => part.state ?? [])
    if (state === undefined) throw new Error('no state')
    const request = requestOf('gemini', [{ role: 'user', parts: [{ ...text('x'), state }] }])
    expect(JSON.stringify(pass.run(request, contextOf(gemini())).request)).not.toContain('TGWstate')
  })
})

describe('failover there and back', () => {
  const there = [thought(signature('there=='), 'Claude thinks.'), call('call_1')]
  const away = [{ ...thought(encrypted('gAAA'), 'GPT thinks.'), extensions: rsItem('rs_9') }, call('call_2')]

  test('gives each provider its own state back, byte for byte, and nothing of the other', () => {
    // An Anthropic client: its own provider first, then OpenAI, then its own again.
    const first = history('anthropic-messages', there)
    const toOpenAi = sent(first, openai())
    expect(assistantParts(toOpenAi.turns)).toEqual([call('call_1')])
    const second: GenerateRequest = {
      ...first,
      turns: [
        ...first.turns,
        ...(echoed['anthropic-messages']?.(answered('anthropic-messages', openai(), away)) ?? []),
        { role: 'user', parts: [result('call_2')] },
      ],
    }
    const toClaude = sent(second, claude())
    expect(assistantParts(toClaude.turns)).toEqual([...there, call('call_2')])
    expect(toClaude.request.turns[1] === second.turns[1]).toBe(true)
    const again = sent(second, openai())
    expect(assistantParts(again.turns)).toEqual([
      call('call_1'),
      thought(encrypted('gAAA'), 'GPT thinks.'),
      call('call_2'),
    ])
    expect(again.turns.find((turn) => turn.parts[0]?.type === 'reasoning')?.extensions).toEqual({
      'openai-responses': { id: 'rs_9' },
    })
  })

  test('the other way round as well', () => {
    const own = [thought(encrypted('raw'), 'GPT thinks.'), call('call_1')]
    const first = history('openai-responses', own)
    const toClaude = answered('openai-responses', claude(), there.slice(0, 1))
    const second: GenerateRequest = {
      ...first,
      turns: [...first.turns, ...(echoed['openai-responses']?.([...toClaude, call('call_3')]) ?? [])],
    }
    const back = sent(second, openai())
    expect(assistantParts(back.turns)).toEqual([...own, call('call_3')])
    // The id of what the lost reasoning led to would be asked for its reasoning.
    expect(back.turns.at(-1)).not.toHaveProperty('extensions')
    expect(back.turns[1]?.extensions).toEqual({ 'openai-responses': { id: 'made_1' } })
    expect(assistantParts(sent(second, claude()).turns)).toEqual([
      call('call_1'),
      ...there.slice(0, 1),
      call('call_3'),
    ])
  })

  test('a longer history extends what was sent of the shorter one', () => {
    const { target, said } = answers['anthropic-messages']
    const shorter = history('openai-responses', answered('openai-responses', target, said))
    const longer: GenerateRequest = {
      ...shorter,
      turns: [
        ...shorter.turns,
        ...(echoed['openai-responses']?.(answered('openai-responses', target, there)) ?? []),
        { role: 'user', parts: [result('call_1')] },
      ],
    }
    const one = sent(shorter, target).request.turns
    expect(sent(longer, target).request.turns.slice(0, one.length)).toEqual([...one])
  })
})

describe('OpenAI’s pairs', () => {
  test('a reasoning item without its follower goes', () => {
    const { target, said } = answers['openai-responses']
    const given = answered('anthropic-messages', target, [...said.slice(0, 1)])
    const back = sent(history('anthropic-messages', given), target)
    expect(back.turns).toEqual([])
    expect(back.warnings).toMatchObject([{ feature: 'reasoning' }])
    const empty = sent(history('anthropic-messages', [...given, text('')]), target)
    expect(assistantParts(empty.turns)).toEqual([text('')])
  })

  test('two reasoning items in a row share their follower', () => {
    const said = [thought(encrypted('a')), thought(encrypted('b')), call('call_1')]
    const given = answered('anthropic-messages', openai(), said)
    expect(assistantParts(sent(history('anthropic-messages', given), openai()).turns)).toEqual(said)
  })

  test('an item stands alone in its turn, and the rest of the turn keeps what it had', () => {
    const said = [thought(encrypted('a')), text('One.'), thought(encrypted('b')), call('call_1')]
    const given = answered('anthropic-messages', openai(), said)
    const request = history('anthropic-messages', given)
    const named = { ...request, turns: request.turns.map((turn) => ({ ...turn, at: 'messages.1' })) }
    const back = sent(named, openai())
    expect(back.turns.slice(0, 4).map((turn) => turn.parts.length)).toEqual([1, 1, 1, 1])
    expect(back.turns.every((turn) => turn.at === 'messages.1')).toBe(true)
  })
})

describe('Anthropic’s tool loop', () => {
  const thinking = { reasoning: { mode: 'enabled', budgetTokens: 2_000, display: 'summarized' } } as const
  const lost = [thought(encrypted('raw'), 'GPT thinks.'), call('call_1')]

  test('that lost its thoughts goes on without thinking, with a warning', () => {
    const back = sent(history('openai-responses', lost, thinking), claude())
    expect(back.request.reasoning).toEqual({ mode: 'disabled' })
    expect(back.warnings.map(({ code }) => code)).toEqual(['dropped', 'approximated'])
  })

  test('that kept them goes on thinking', () => {
    const { target, said } = answers['anthropic-messages']
    const back = sent(
      history('openai-responses', answered('openai-responses', target, said), thinking),
      target,
    )
    expect(back.request.reasoning).toEqual(thinking.reasoning)
  })

  test('goes on thinking where only a later step has none, for that is how it thinks', () => {
    const { target, said } = answers['anthropic-messages']
    const request = history('openai-responses', answered('openai-responses', target, said), thinking)
    const later: GenerateRequest = {
      ...request,
      turns: [
        ...request.turns,
        { role: 'assistant', parts: [call('call_2')] },
        { role: 'user', parts: [result('call_2'), text('Hurry.')] },
      ],
    }
    expect(sent(later, target).request.reasoning).toEqual(thinking.reasoning)
  })

  test('is over when the user speaks, and of no matter to adaptive models', () => {
    const request = history('openai-responses', lost, thinking)
    const spoken: GenerateRequest = {
      ...request,
      turns: [
        ...request.turns,
        { role: 'assistant', parts: [text('Done.')] },
        { role: 'user', parts: [text('And?')] },
      ],
    }
    expect(sent(spoken, claude()).request.reasoning).toEqual(thinking.reasoning)
    const adaptive = claude({ capabilities: { reasoning: capabilityOf.adaptive } })
    const settings = { reasoning: { mode: 'adaptive', effort: 'high' } } as const
    expect(sent(history('openai-responses', lost, settings), adaptive).request.reasoning).toEqual(
      settings.reasoning,
    )
  })

  test('is the client’s own matter where it speaks to its own provider and nothing was taken out', () => {
    const request = history('anthropic-messages', [call('call_1')], thinking)
    expect(sent(request, claude()).request).toBe(request)
    const foreign = history('anthropic-messages', answered('anthropic-messages', openai(), lost), thinking)
    expect(sent(foreign, claude()).request.reasoning).toEqual({ mode: 'disabled' })
  })
})

describe('Gemini’s signatures', () => {
  test('that are lost are said to be skipped, on the first call of each step', () => {
    const lost = [thought(signature('raw'), 'Claude thinks.'), call('call_1'), call('call_2')]
    const back = sent(history('anthropic-messages', lost), gemini())
    expect(assistantParts(back.turns).map((part) => part.state?.value)).toEqual([skipSignature, undefined])
    expect(back.warnings.map(({ feature }) => feature)).toEqual(['reasoning', 'thought signature'])
  })

  test('are of no matter to models that do not check them', () => {
    const back = sent(history('anthropic-messages', [call('call_1')]), targetOf('gemini'))
    expect(assistantParts(back.turns)).toEqual([call('call_1')])
    expect(back.warnings).toEqual([])
  })

  test('replace an envelope of another provider in a Gemini client’s own history', () => {
    const { target, said } = answers['anthropic-messages']
    const request = history('gemini', answered('gemini', target, said))
    const withRaw: GenerateRequest = {
      ...request,
      turns: request.turns.map((turn) => ({
        ...turn,
        parts: turn.parts.map((part) => ({ ...part, raw: { protocol: 'gemini', json: '{}' } as const })),
      })),
    }
    const back = sent(withRaw, gemini())
    expect(JSON.stringify(back.request)).not.toContain('TGWstate')
    const [first, second] = assistantParts(back.turns)
    expect(first).toEqual(text('Looking.'))
    expect(second).toMatchObject({ type: 'tool-call', state: { value: skipSignature } })
    expect(second).not.toHaveProperty('raw')
  })
})

test('thoughts never become visible text', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...clients),
      fc.constantFrom(claude(), openai(), gemini(), deepseek(), targetOf('openai-chat')),
      fc.constantFrom(claude(), openai(), gemini(), deepseek(), targetOf('openai-chat')),
      (client, from, to) => {
        const given = answered(client, from, [thought(undefined, 'SECRET'), text('Hello.'), call('call_1')])
        const visible = assistantParts(sent(history(client, given), to).turns).filter(
          (part) => part.type !== 'reasoning',
        )
        expect(JSON.stringify(visible)).not.toContain('SECRET')
      },
    ),
  )
})

test('a request without reasoning comes back itself', () => {
  const request = history('openai-responses', [text('Hello.'), call('call_1')])
  for (const target of [claude(), openai(), deepseek()]) expect(sent(request, target).request).toBe(request)
})
