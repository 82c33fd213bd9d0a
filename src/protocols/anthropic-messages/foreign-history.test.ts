import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { Capabilities, GenerateRequest, Part, Turn } from '../../ir/index.ts'
import { encodeRequest } from './encode-request.ts'

const media = { images: true, imageUrls: true, pdf: true, audio: false, video: false }

const capabilities = (midSystem: boolean, prefill = false): Capabilities => ({
  minOutputTokens: 1,
  chatLimitField: 'max_tokens',
  sampling: 'free',
  reasoning: { control: 'none', efforts: [], canDisable: true, readable: true },
  prefill,
  midSystem,
  forcedToolWithReasoning: false,
  strictTools: true,
  jsonSchema: true,
  jsonSchemaWithTools: true,
  serverTools: [],
  serverToolsWithFunctions: true,
  customTools: false,
  input: media,
  toolResults: media,
  callIds: true,
  signaturesEnforced: false,
  reasoningTextInHistory: false,
  developerRole: false,
  stopSequences: 8,
  candidates: 1,
  logprobs: false,
  seed: false,
  penalties: false,
  cache: 'marks',
  cacheKey: false,
  verbosity: false,
})

interface Block {
  readonly type: string
  readonly text?: string
  readonly id?: string
  readonly tool_use_id?: string
  readonly input?: unknown
  readonly content?: unknown
  readonly cache_control?: { readonly ttl?: string }
}

interface Message {
  readonly role: string
  readonly content: string | readonly Block[]
}

interface Body {
  readonly messages: readonly Message[]
  readonly system?: string | readonly Block[]
  readonly tools?: readonly Block[]
}

const encoded = (members: Partial<GenerateRequest>, capable: Capabilities) => {
  const { body, warnings } = encodeRequest(
    {
      protocol: 'openai-responses',
      model: 'gpt',
      stream: true,
      turns: [],
      tools: [],
      sampling: {},
      ...members,
    },
    { model: 'claude-x', stream: true, maxOutputTokens: 64_000, capabilities: capable },
  )
  const parsed: Body = JSON.parse(body)
  return { body: parsed, warnings }
}

const blocksOf = (content: Message['content'] | undefined): readonly Block[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? [])

/** What the API demands of messages. */
const flaws = ({ messages }: Body): readonly string[] =>
  messages.flatMap((message, index) => {
    const before = messages[index - 1]
    const after = messages[index + 1]
    const blocks = blocksOf(message.content)
    const calls = blocksOf(before?.content).flatMap(({ type, id }) => (type === 'tool_use' ? [id] : []))
    const results = blocks.flatMap(({ type, tool_use_id }) => (type === 'tool_result' ? [tool_use_id] : []))
    const firstOther = blocks.findIndex(({ type }) => type !== 'tool_result')
    const found: string[] = []
    const demand = (rule: string, holds: boolean) => {
      if (!holds) found.push(`${index}: ${rule}`)
    }
    demand('roles alternate', before?.role !== message.role)
    demand('content is not empty', blocks.length > 0)
    demand(
      'texts say something',
      blocks.every(({ text }) => text === undefined || text.trim() !== ''),
    )
    demand('every call is answered in the next message, in order', String(calls) === String(results))
    demand('results come first', firstOther < 0 || firstOther >= results.length)
    demand(
      'system messages stand behind the user and before the assistant or the end',
      message.role !== 'system' ||
        (before?.role === 'user' && (after === undefined || after.role === 'assistant')),
    )
    demand(
      'the assistant shows no media',
      message.role !== 'assistant' || blocks.every(({ type }) => type !== 'image' && type !== 'document'),
    )
    return found
  })

const words = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }) },
  fc.constantFrom('', ' \n', 'tail \n'),
)
const text = words.map((said): Part => ({ type: 'text', text: said }))
const image: Part = { type: 'image', source: { type: 'base64', mediaType: 'image/png', data: 'AAAA' } }
const thought: Part = { type: 'reasoning', pieces: [{ kind: 'summary', text: 'hm' }] }
const answer: Part = { type: 'text', text: 'answer' }
const refusal: Part = { type: 'refusal', text: 'no' }

const asking: fc.Arbitrary<readonly Turn[]> = fc.array(
  fc.oneof(
    fc
      .array(fc.oneof(text, fc.constant(image)), { maxLength: 2 })
      .map((parts): Turn => ({ role: 'user', parts })),
    words.map((said): Turn => ({ role: 'user', parts: [{ type: 'text', text: said }], form: 'string' })),
    words.map(
      (said): Turn => ({
        role: 'system',
        placement: 'inline',
        authority: 'developer',
        parts: [{ type: 'text', text: said }],
      }),
    ),
  ),
  { minLength: 1, maxLength: 3 },
)

interface Said {
  readonly parts: readonly Part[]
  readonly calls: number
  /** Is each part a turn of its own, as in Responses? */
  readonly isSplit: boolean
  /** Whose answer comes when. */
  readonly order: readonly number[]
  /** What stands between the answers. */
  readonly between: 'nothing' | 'system' | 'user'
}

const answering: fc.Arbitrary<Said> = fc.record({
  parts: fc.array(fc.oneof(text, fc.constantFrom(thought, image, refusal)), { maxLength: 3 }),
  calls: fc.nat({ max: 3 }),
  isSplit: fc.boolean(),
  order: fc.array(fc.nat({ max: 9 }), { minLength: 3, maxLength: 3 }),
  between: fc.constantFrom('nothing', 'system', 'user'),
})

/**
 * Turns of whole rounds, and after how many turns a client would have asked.
 * @param always the assistant never answers nothing
 */
const history = (always: Part[] = []) =>
  fc.array(fc.tuple(asking, answering), { minLength: 1, maxLength: 5 }).map((rounds) => {
    const turns: Turn[] = [
      { role: 'system', placement: 'preamble', parts: [{ type: 'text', text: 'S' }] },
      { role: 'user', parts: [{ type: 'text', text: 'first words' }] },
    ]
    const asked: number[] = []
    rounds.forEach(([question, said], round) => {
      turns.push(...question)
      asked.push(turns.length)
      const ids = Array.from({ length: said.calls }, (_, call) => `call_${round}_${call}`)
      const calls = ids.map(
        (id): Part => ({ type: 'tool-call', id, name: 'f', kind: 'function', input: '{}' }),
      )
      const parts = [...said.parts, ...always, ...calls]
      if (said.isSplit) turns.push(...parts.map((part): Turn => ({ role: 'assistant', parts: [part] })))
      else turns.push({ role: 'assistant', parts })
      const answers = ids
        .map((callId, index) => ({ callId, rank: said.order[index] ?? 0 }))
        .sort((a, b) => a.rank - b.rank)
      answers.forEach(({ callId }, index) => {
        if (index > 0 && said.between !== 'nothing') {
          turns.push({ role: said.between, placement: 'inline', parts: [{ type: 'text', text: 'between' }] })
        }
        const content: readonly Part[] = [{ type: 'text', text: `result of ${callId}` }]
        turns.push({ role: 'user', parts: [{ type: 'tool-result', kind: 'function', callId, content }] })
      })
      if (answers.length > 0) asked.push(turns.length)
    })
    return { turns, asked }
  })

/** Blocks with the role of their message: what the model reads, in order. */
const flat = (body: Body): readonly string[] =>
  body.messages.flatMap(({ role, content }) => blocksOf(content).map((block) => role + JSON.stringify(block)))

describe('any history of another protocol', () => {
  test('becomes messages that the API takes', () => {
    fc.assert(
      fc.property(history(), fc.boolean(), ({ turns, asked }, midSystem) => {
        for (const length of asked) {
          expect(flaws(encoded({ turns: turns.slice(0, length) }, capabilities(midSystem)).body)).toEqual([])
        }
      }),
      { numRuns: 300 },
    )
  })

  test('extends what was sent before', () => {
    fc.assert(
      fc.property(history([answer]), fc.boolean(), ({ turns, asked }, midSystem) => {
        const sent = asked.map((length) =>
          flat(encoded({ turns: turns.slice(0, length) }, capabilities(midSystem)).body),
        )
        sent.slice(1).forEach((longer, index) => {
          const shorter = sent[index] ?? []
          expect(longer.slice(0, shorter.length)).toEqual([...shorter])
        })
      }),
      { numRuns: 300 },
    )
  })

  test('loses no word of anybody', () => {
    fc.assert(
      fc.property(history(), fc.boolean(), ({ turns, asked }, midSystem) => {
        const length = asked.at(-1) ?? 0
        const { body, warnings } = encoded({ turns: turns.slice(0, length) }, capabilities(midSystem))
        // A question without a word leaves the assistant's at the end, which no model continues.
        fc.pre(warnings.every(({ feature }) => feature !== 'prefill'))
        const said = JSON.stringify(body)
        for (const turn of turns.slice(0, length)) {
          for (const part of turn.parts) {
            const words = part.type === 'text' || part.type === 'refusal' ? part.text.trim() : ''
            expect(said).toContain(JSON.stringify(words).slice(1, -1))
            if (part.type === 'image') expect(said).toContain('"type":"image"')
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})

const say = (role: Turn['role'], ...parts: readonly Part[]): Turn => ({ role, parts })
const saying = (said: string): Part => ({ type: 'text', text: said })
const call = (id: string): Part => ({ type: 'tool-call', id, name: 'f', kind: 'function', input: '{}' })
const result = (callId: string): Part => ({
  type: 'tool-result',
  kind: 'function',
  callId,
  content: [saying(callId)],
})
const brief = ({ messages }: Body) =>
  messages.map(({ role, content }) => [
    role,
    ...blocksOf(content).map((block) => block.text ?? block.id ?? block.tool_use_id ?? block.type),
  ])

describe('results and media', () => {
  test('a result that came late, behind more words, stands with the others of its turn', () => {
    const { body } = encoded(
      {
        turns: [
          say('user', saying('U')),
          say('assistant', call('a'), call('b')),
          say('user', result('b')),
          say('assistant', saying('X')),
          say('user', result('a')),
          say('user', saying('V')),
        ],
      },
      capabilities(true),
    )
    expect(brief(body)).toEqual([
      ['user', 'U'],
      ['assistant', 'a', 'b'],
      ['user', 'a', 'b'],
      ['assistant', 'X'],
      ['user', 'V'],
    ])
  })

  test('what the assistant drew stands in the next user message, also when nobody has spoken since', () => {
    const drawn = [say('user', saying('U')), say('assistant', saying('Here'), image)]
    const marker = '[image produced by the assistant]'
    expect(brief(encoded({ turns: drawn }, capabilities(true)).body)).toEqual([
      ['user', 'U'],
      ['assistant', 'Here'],
      ['user', marker, 'image'],
    ])
    expect(
      brief(encoded({ turns: [...drawn, say('user', saying('V'))] }, capabilities(true)).body).at(-1),
    ).toEqual(['user', marker, 'image', 'V'])
  })
})

describe('a last message of the assistant', () => {
  const turns = [say('user', saying('U')), say('assistant', saying('A \n'))]

  test('is continued where the model can, without white space at its end', () => {
    const { body, warnings } = encoded({ turns }, capabilities(true, true))
    expect([brief(body).at(-1), warnings]).toEqual([['assistant', 'A'], []])
  })

  test('is left out where it cannot, and said to be', () => {
    const { body, warnings } = encoded({ turns }, capabilities(true))
    expect(brief(body).at(-1)).toEqual(['user', 'U'])
    expect(warnings.map(({ code, feature, path }) => [code, feature, path])).toEqual([
      ['dropped', 'prefill', 'turns[1]'],
    ])
  })

  test('that is the whole history stays: there is nothing else to answer', () => {
    const { body, warnings } = encoded({ turns: turns.slice(1) }, capabilities(true))
    expect(brief(body)).toEqual([['assistant', 'A']])
    expect(warnings.map(({ code, feature }) => [code, feature])).toEqual([['approximated', 'prefill']])
  })

  test('that an agent replays behind the results of the calls it came with, goes back to them', () => {
    const { body, warnings } = encoded(
      {
        turns: [
          say('user', saying('U')),
          say('assistant', call('a')),
          say('user', result('a')),
          say('assistant', saying('I look')),
        ],
      },
      capabilities(true),
    )
    expect(brief(body)).toEqual([
      ['user', 'U'],
      ['assistant', 'I look', 'a'],
      ['user', 'a'],
    ])
    expect(warnings.map(({ feature }) => feature)).toEqual(['prefill'])
  })

  test('is left out as well where the calls before it came with words of their own', () => {
    const before = [
      say('user', saying('U')),
      say('assistant', saying('W'), call('a')),
      say('user', result('a')),
    ]
    const { body } = encoded({ turns: [...before, say('assistant', saying('I lo'))] }, capabilities(true))
    expect(brief(body)).toEqual(brief(encoded({ turns: before }, capabilities(true)).body))
  })
})

describe('cache marks', () => {
  const marked = (said: string, ttl?: string): Part => ({
    type: 'text',
    text: said,
    cache: ttl === undefined ? {} : { ttl },
  })
  const marksOf = (body: Body) => {
    const all = [
      ...(body.tools ?? []),
      ...blocksOf(body.system),
      ...body.messages.flatMap(({ content }) => blocksOf(content)),
    ]
    return all.flatMap(({ cache_control, text, id, tool_use_id }) =>
      cache_control === undefined ? [] : [[text ?? tool_use_id ?? id ?? 'tool', cache_control.ttl]],
    )
  }

  test('the last four stay, the others are named', () => {
    const turns = ['a', 'b', 'c', 'd', 'e'].map((said) =>
      say('user', { ...marked(said), at: `input[${said}]` }),
    )
    const { body, warnings } = encoded({ turns }, capabilities(true))
    expect(marksOf(body).map(([said]) => said)).toEqual(['b', 'c', 'd', 'e'])
    expect(warnings.map(({ feature, path }) => [feature, path])).toEqual([['cache mark', 'input[a]']])
    const whole = encoded({ turns, cache: { ttl: '12h' } }, capabilities(true))
    expect(whole.body).toMatchObject({ cache_control: { type: 'ephemeral', ttl: '1h' } })
    expect(marksOf(whole.body).map(([said]) => said)).toEqual(['c', 'd', 'e'])
  })

  test('lifetimes are ours, and none follows a shorter one', () => {
    const { body, warnings } = encoded(
      {
        tools: [{ type: 'function', name: 'f', cache: { ttl: '12h' } }],
        turns: [
          { role: 'system', placement: 'preamble', parts: [marked('S', '24h')] },
          say('user', marked('U', '30m')),
          say('assistant', saying('A')),
          say('user', marked('V', '1h')),
        ],
      },
      capabilities(true),
    )
    expect(marksOf(body)).toEqual([
      ['tool', '1h'],
      ['S', '1h'],
      ['U', '5m'],
      ['V', '5m'],
    ])
    expect(warnings.map(({ feature, reason }) => [feature, reason.split(' ')[0]])).toEqual([
      ['cache lifetime', 'kept'],
      ['cache lifetime', 'a'],
    ])
  })

  test('a mark on what is not sent goes to what stands before it, one inside a result to the result', () => {
    const { body } = encoded(
      {
        turns: [
          say('user', saying('U')),
          say('assistant', saying('A'), { ...thought, cache: {} }, call('a')),
          say('user', { type: 'tool-result', kind: 'function', callId: 'a', content: [marked('R', '12h')] }),
          say('user', marked('')),
        ],
        promptCacheOptions: { ttl: '12h' },
      },
      capabilities(true),
    )
    expect(marksOf(body)).toEqual([
      ['A', '1h'],
      ['a', '1h'],
    ])
  })
})
