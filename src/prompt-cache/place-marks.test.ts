import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { applySplices, type Splice } from '../wire/index.ts'
import { findMarks } from './find-marks.ts'
import { placeMarks } from './place-marks.ts'
import { removeMarks } from './remove-marks.ts'

const rules = { minimumTokens: 100, ttl: '5m' } as const
const long = 'All work and no play. '.repeat(40)

const withMarks = (body: string, minimumTokens = 100): string =>
  edited(body, (view) => placeMarks(view, { ...rules, minimumTokens }))

/** As the gateway does it: on a latin1 view of the bytes. */
const edited = (body: string, edits: (view: string) => readonly Splice[]): string => {
  const bytes = Buffer.from(body)
  return Buffer.from(applySplices(bytes, edits(bytes.toString('latin1')))).toString('utf8')
}

const marksOf = (body: string): readonly string[] => {
  const found: string[] = []
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'cache_control') found.push(path)
      else walk(inner, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`)
    }
  }
  walk(JSON.parse(body), '')
  return found
}

const tool = (name: string, more: object = {}) => ({
  name,
  description: long,
  input_schema: { type: 'object', properties: {} },
  ...more,
})
const call = { type: 'tool_use', id: 'toolu_1', name: 'a', input: {} }
const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'done' }

const agent = {
  model: 'claude-sonnet-4-5',
  max_tokens: 100,
  messages: [
    { role: 'user', content: 'please' },
    { role: 'assistant', content: [{ type: 'text', text: 'I look' }, call] },
    { role: 'user', content: [result] },
    { role: 'assistant', content: 'and now?' },
    { role: 'user', content: [{ type: 'text', text: 'go on' }] },
  ],
  system: long,
  tools: [tool('a'), tool('b')],
}

describe('marks', () => {
  test('stand on the last tool, at the end of the system prompt and of the last two turns of the user', () => {
    expect(marksOf(withMarks(JSON.stringify(agent)))).toEqual([
      '.messages[2].content[0]',
      '.messages[4].content[0]',
      '.system[0]',
      '.tools[1]',
    ])
  })

  test('are not set where the client has set one, wherever it stands', () => {
    const mark = { cache_control: { type: 'ephemeral' } }
    const places: readonly object[] = [
      { ...agent, ...mark },
      { ...agent, tools: [tool('a', mark), tool('b')] },
      { ...agent, system: [{ type: 'text', text: long, ...mark }] },
      { ...agent, messages: [{ role: 'user', content: [{ type: 'text', text: long, ...mark }] }] },
      {
        ...agent,
        messages: [
          { role: 'user', content: [{ ...result, content: [{ type: 'text', text: long, ...mark }] }] },
        ],
      },
    ]
    for (const body of places) expect(placeMarks(JSON.stringify(body), rules)).toEqual([])
  })

  test('of a name that only a tool or a user knows are no marks', () => {
    const body = {
      ...agent,
      tools: [
        tool('a', { input_schema: { type: 'object', properties: { cache_control: { type: 'string' } } } }),
      ],
      messages: [
        { role: 'user', content: 'what is "cache_control"?' },
        { role: 'assistant', content: [{ ...call, input: { cache_control: { type: 'ephemeral' } } }] },
        { role: 'user', content: [result] },
      ],
    }
    expect(findMarks(JSON.stringify(body))).toEqual([])
    expect(placeMarks(JSON.stringify(body), rules)).not.toEqual([])
  })

  test('wait until the prefix is as long as the model wants it', () => {
    const short = JSON.stringify({ ...agent, system: 'short', tools: [tool('a', { description: 'x' })] })
    expect(placeMarks(short, { ...rules, minimumTokens: 200 })).toEqual([])
    const later = { ...agent, tools: [tool('a', { description: 'x' })] }
    expect(marksOf(withMarks(JSON.stringify(later)))).toEqual([
      '.messages[2].content[0]',
      '.messages[4].content[0]',
      '.system[0]',
    ])
  })

  test('never stand on thoughts, empty texts, tools that are loaded later, or what nobody knows', () => {
    const body = {
      ...agent,
      system: [
        { type: 'text', text: long },
        { type: 'text', text: ' \n' },
      ],
      tools: [tool('a'), tool('b', { defer_loading: true }), { type: 'web_search_20260101', name: 'w' }],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'a' }, { type: 'novelty' }] },
        { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: 's' }] },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'b' },
            { type: 'text', text: '' },
          ],
        },
        { role: 'user', content: '   ' },
      ],
    }
    expect(marksOf(withMarks(JSON.stringify(body)))).toEqual([
      '.messages[0].content[0]',
      '.messages[2].content[0]',
      '.system[0]',
      '.tools[0]',
    ])
  })

  test('of a single question without tools are only on the system prompt', () => {
    const { tools: _tools, ...rest } = agent
    const one = { ...rest, messages: [{ role: 'user', content: long }] }
    expect(marksOf(withMarks(JSON.stringify(one)))).toEqual(['.system[0]'])
  })

  test('say how long they last where that is an hour', () => {
    const body = JSON.stringify(agent)
    const marked = edited(body, (view) => placeMarks(view, { ...rules, ttl: '1h' }))
    expect(JSON.parse(marked).tools[1].cache_control).toEqual({ type: 'ephemeral', ttl: '1h' })
  })

  test('can be taken out again, wherever they stand in an object', () => {
    const body =
      '{"cache_control":{"type":"ephemeral"},"tools":[{"cache_control":{"type":"ephemeral"} , "name":"a"}],' +
      '"system":[{"type":"text","text":"x","cache_control":null}],"messages":[{"role":"user","content":[' +
      '{"type":"text", "cache_control": {"type":"ephemeral","ttl":"1h"}, "text":"y"}]}], "max_tokens":1}'
    const bare = edited(body, removeMarks)
    expect(findMarks(bare)).toEqual([])
    expect(JSON.parse(bare)).toEqual({
      tools: [{ name: 'a' }],
      system: [{ type: 'text', text: 'x' }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'y' }] }],
      max_tokens: 1,
    })
  })

  test('can be taken out again where an object has several, among whatever else', () => {
    const member = fc.oneof(
      fc.constantFrom('"cache_control":{"type":"ephemeral"}', ' "cache_control" : null '),
      fc.nat(9).map((name) => `"m${name}":[1, {"a":2}]`),
    )
    fc.assert(
      fc.property(fc.array(member, { maxLength: 7 }), fc.constantFrom(',', ' , '), (members, comma) => {
        const body = `{"tools":[{${members.join(comma)}}],"max_tokens":1}`
        const bare = edited(body, removeMarks)
        const { cache_control: _marks, ...left } = JSON.parse(body).tools[0]
        expect(JSON.parse(bare)).toEqual({ tools: [left], max_tokens: 1 })
      }),
      { examples: [[['"cache_control":1', '"cache_control":2', '"name":3'], ',']] },
    )
  })
})

const text = fc.oneof(
  fc.string({ maxLength: 30, unit: 'grapheme' }),
  fc.constantFrom('', ' ', '\n', '"cache_control"', '\\', 'größe 🐎', long),
)
const userBlock = fc.oneof(
  text.map((said) => ({ type: 'text', text: said })),
  text.map((said) => ({ type: 'tool_result', tool_use_id: 't', content: said })),
  fc.constant({ type: 'image', source: { type: 'url', url: 'https://a/b.png' } }),
)
const turn = fc.oneof(
  fc.record({ role: fc.constant('user'), content: fc.oneof(text, fc.array(userBlock, { maxLength: 4 })) }),
  fc.record({
    role: fc.constant('assistant'),
    content: fc.oneof(
      text,
      fc.array(
        fc.oneof(
          text.map((said) => ({ type: 'text', text: said })),
          text.map((said) => ({ type: 'thinking', thinking: said, signature: 's' })),
        ),
        { maxLength: 3 },
      ),
    ),
  }),
)
const conversation = fc.record({
  system: fc.oneof(
    text,
    fc.array(
      text.map((said) => ({ type: 'text', text: said })),
      { maxLength: 3 },
    ),
  ),
  tools: fc.array(
    fc.record({ name: text, description: text, input_schema: fc.constant({ type: 'object' }) }),
    { maxLength: 4 },
  ),
  turns: fc.array(turn, { minLength: 1, maxLength: 20 }),
  minimum: fc.constantFrom(1, 20, 100, 400),
})

describe('of any conversation, marks', () => {
  const bodyOf = ({ system, tools, turns }: { system: unknown; tools: unknown; turns: unknown }): string =>
    JSON.stringify({ model: 'm', system, tools, messages: turns, max_tokens: 9 })

  test('are four at most, only put something in, and say nothing else', () => {
    fc.assert(
      fc.property(conversation, (all) => {
        const body = bodyOf(all)
        let splices: readonly Splice[] = []
        const marked = edited(body, (view) => {
          splices = placeMarks(view, { ...rules, minimumTokens: all.minimum })
          return splices
        })
        expect(splices.every(({ start, end }) => start === end)).toBe(true)
        expect(marksOf(marked).length).toBeLessThanOrEqual(4)
        expect(meaning(marked)).toEqual(meaning(body))
        if (splices.length > 0) expect(placeMarks(marked, rules)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('leave what was before a mark as it was, turn for turn', () => {
    fc.assert(
      fc.property(conversation, (all) => {
        let before = ''
        for (let count = 1; count <= all.turns.length; count++) {
          const body = bodyOf({ ...all, turns: all.turns.slice(0, count) })
          const marked = withMarks(body, all.minimum)
          const prefix = prefixOf(marked)
          expect(bareHistory(marked).startsWith(before)).toBe(true)
          before = prefix
        }
      }),
      { numRuns: 300 },
    )
  })
})

/** Without marks, and a string is a list of one block. */
const meaning = (body: string): unknown =>
  JSON.parse(body, function (this: unknown, key, value: unknown) {
    if (key === 'cache_control') return undefined
    const isText = typeof value === 'string' && (key === 'content' || key === 'system')
    return isText ? [{ type: 'text', text: value }] : value
  })

const markText = ',"cache_control":{"type":"ephemeral"}'
const bareHistory = (body: string): string => {
  const { tools, system, messages } = JSON.parse(body)
  return JSON.stringify([tools, system, messages]).replaceAll(markText, '')
}

/** What stands before the last mark of the messages, without marks. */
const prefixOf = (body: string): string => {
  const { tools, system, messages } = JSON.parse(body)
  const whole = JSON.stringify([tools, system, messages])
  const from = JSON.stringify([tools, system]).length
  const last = whole.lastIndexOf(markText)
  return last < from ? '' : whole.slice(0, last).replaceAll(markText, '')
}
