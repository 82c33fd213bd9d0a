import { describe, expect, test } from 'bun:test'
import type { Capabilities, OutputFormat, ProtocolId, StreamEvent } from '../../ir/index.ts'
import { collect, readThrough, requestOf, runPass } from './context.fixture.ts'
import { fitSchema, jsonLine, jsonSchemaLine, outputFormat } from './index.ts'

const person = '{"type":"object","properties":{"age":{"type":"integer","minimum":0}},"required":["age"]}'

const formatted = (
  from: ProtocolId,
  output: OutputFormat,
  to: ProtocolId,
  capabilities: Partial<Capabilities> = {},
  members: object = {},
) => runPass(outputFormat, requestOf(from, { output, ...members }), to, capabilities)

const systemTexts = (request: {
  readonly turns: readonly { readonly role: string; readonly parts: readonly unknown[] }[]
}) => request.turns.filter(({ role }) => role === 'system').map(({ parts }) => parts)

describe('any JSON', () => {
  test('is asked of Anthropic in one fixed line behind the system text', () => {
    const system = { role: 'system', parts: [{ type: 'text', text: 'be kind' }] } as const
    const user = { role: 'user', parts: [{ type: 'text', text: 'hi' }] } as const
    const ran = formatted(
      'openai-chat',
      { type: 'json' },
      'anthropic-messages',
      {},
      { turns: [system, user] },
    )
    expect(ran.request.output).toBeUndefined()
    expect(ran.request.turns).toEqual([
      system,
      { role: 'system', placement: 'preamble', parts: [{ type: 'text', text: jsonLine }] },
      user,
    ])
    expect(ran.warnings.map(({ feature }) => feature)).toEqual(['json output'])
  })

  test('of OpenAI needs the word in the input', () => {
    const bare = formatted('gemini', { type: 'json' }, 'openai-chat')
    expect(systemTexts(bare.request)).toEqual([[{ type: 'text', text: jsonLine }]])
    const said = { turns: [{ role: 'user', parts: [{ type: 'text', text: 'as Json please' }] }] }
    const ran = formatted('gemini', { type: 'json' }, 'openai-responses', {}, said)
    expect([ran.request.output, systemTexts(ran.request)]).toEqual([{ type: 'json' }, []])
  })

  test('is a setting of Gemini', () => {
    const ran = formatted('openai-chat', { type: 'json' }, 'gemini')
    expect([ran.request.output, ran.warnings]).toEqual([{ type: 'json' }, []])
  })
})

describe('a schema', () => {
  test('loses nothing in silence on its way to Anthropic', () => {
    const ran = formatted(
      'openai-chat',
      { type: 'json-schema', schema: person, name: 'p', strict: true },
      'anthropic-messages',
    )
    expect(JSON.parse(ran.request.output?.schema ?? '')).toEqual({
      type: 'object',
      properties: { age: { type: 'integer', description: '(minimum: 0)' } },
      required: ['age'],
      additionalProperties: false,
    })
    expect(ran.warnings.map(({ code, feature }) => [code, feature])).toEqual([
      ['approximated', 'schema keyword minimum'],
    ])
  })

  test('that cannot fit is refused where it must hold, and asked for in words where not', () => {
    const open = '{"type":"object","properties":{},"additionalProperties":true}'
    const strict = { type: 'json-schema', schema: open, strict: true } as const
    expect(() => formatted('openai-chat', strict, 'anthropic-messages')).toThrow(
      'output: strict json schema cannot be said to the provider p: it has an object with any properties',
    )
    const ran = formatted('openai-chat', { type: 'json-schema', schema: open }, 'anthropic-messages')
    expect(ran.request.output).toBeUndefined()
    expect(systemTexts(ran.request)).toEqual([[{ type: 'text', text: jsonSchemaLine(open) }]])
    expect(ran.warnings.map(({ feature }) => feature)).toEqual(['json schema output'])
  })

  test('of Anthropic is enforced by OpenAI where it fits, and not by force', () => {
    const whole =
      '{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}'
    const fits = formatted('anthropic-messages', { type: 'json-schema', schema: whole }, 'openai-responses')
    expect([fits.request.output?.strict, fits.request.output?.schema, fits.warnings]).toEqual([
      true,
      whole,
      [],
    ])
    const optional = whole.replace('"required":["a"]', '"required":[]')
    const ran = formatted('anthropic-messages', { type: 'json-schema', schema: optional }, 'openai-chat')
    expect([ran.request.output?.strict, ran.request.output?.schema]).toEqual([false, optional])
    expect(ran.warnings[0]?.reason).toBe('not enforced: it has optional properties')
  })

  test('is the same in both of OpenAIs protocols', () => {
    const output = { type: 'json-schema', schema: person, strict: true } as const
    const ran = formatted('openai-chat', output, 'openai-responses')
    expect([ran.request.output, ran.warnings]).toEqual([output, []])
  })

  test('beside tools is refused where the model gives it only without', () => {
    const tools = [{ type: 'function', name: 'f' }]
    const output = { type: 'json-schema', schema: person } as const
    expect(() =>
      formatted('openai-chat', output, 'gemini', { jsonSchemaWithTools: false }, { tools }),
    ).toThrow('this model gives it only without tools')
    formatted('openai-chat', output, 'gemini', { jsonSchemaWithTools: false })
  })

  test('of a model without any is JSON mode and words at OpenAIs likes', () => {
    const output = { type: 'json-schema', schema: person } as const
    const ran = formatted('anthropic-messages', output, 'openai-chat', { jsonSchema: false })
    expect(ran.request.output).toEqual({ type: 'json' })
    expect(systemTexts(ran.request)).toEqual([[{ type: 'text', text: jsonSchemaLine(person) }]])
  })

  test('set in the middle by a Responses client holds for the whole request', () => {
    const turns = [
      { role: 'user', parts: [{ type: 'text', text: 'json' }] },
      { role: 'system', parts: [], output: { type: 'json' } },
    ]
    const ran = formatted('openai-responses', { type: 'text' }, 'openai-chat', {}, { turns })
    expect(ran.request.output).toEqual({ type: 'json' })
    expect(ran.request.turns[1]).toEqual({ role: 'system', parts: [] })
  })
})

describe('older Claudes', () => {
  const output = { type: 'json-schema', schema: person, name: 'my answer' } as const
  const old = { jsonSchema: false }

  test('are made to call one tool, whose arguments are the text', () => {
    const ran = formatted('openai-chat', output, 'anthropic-messages', old)
    expect(ran.request.tools).toEqual([{ type: 'function', name: 'my_answer', parameters: person }])
    expect(ran.request.toolChoice).toEqual({ type: 'tool', name: 'my_answer', kind: 'function' })
    expect([ran.request.output, ran.warnings]).toEqual([undefined, []])
    const machine = ran.answer?.()
    const events: StreamEvent[] = [
      { type: 'start' },
      {
        type: 'tool-call-start',
        index: 0,
        part: { type: 'tool-call', id: 't', name: 'my_answer', kind: 'function', input: '' },
      },
      { type: 'tool-call-delta', index: 0, input: '' },
      { type: 'tool-call-delta', index: 0, input: '{"age":' },
      { type: 'tool-call-delta', index: 0, input: '3}' },
      { type: 'tool-call-end', index: 0 },
      { type: 'finish', finish: { reason: 'tool-calls' } },
      { type: 'end' },
    ]
    const { response } = collect(
      'anthropic-messages',
      events.flatMap((event) => machine?.push(event) ?? []),
    )
    expect(response.choices).toEqual([
      { index: 0, parts: [{ type: 'text', text: '{"age":3}' }], finish: { reason: 'end' } },
    ])
  })

  test('are asked in words when they think or have other tools', () => {
    const thinking = formatted('openai-chat', output, 'anthropic-messages', old, {
      reasoning: { mode: 'enabled' },
    })
    expect([thinking.request.tools, systemTexts(thinking.request).length]).toEqual([[], 1])
    const tools = [{ type: 'function', name: 'f' }]
    expect(
      formatted('openai-chat', output, 'anthropic-messages', old, { tools }).request.toolChoice,
    ).toBeUndefined()
  })
})

describe('a value that is no object', () => {
  test('is wrapped for the model and bare for the client: an enum', () => {
    const output = { type: 'enum', schema: '{"type":"string","enum":["a","b"]}' } as const
    const ran = formatted('gemini', output, 'openai-responses')
    expect(JSON.parse(ran.request.output?.schema ?? '').properties.value).toEqual({
      type: 'string',
      enum: ['a', 'b'],
    })
    expect(ran.request.output).toMatchObject({ type: 'json-schema', strict: true })
    expect(readThrough(ran.answer, ['{"va', 'lue":"a"}']).text).toBe('a')
    expect(readThrough(ran.answer, ['just words']).text).toBe('just words')
    expect(ran.warnings).toEqual([])
  })

  test('a list, whose source text is kept', () => {
    const output = { type: 'json-schema', schema: '{"type":"array","items":{"type":"number"}}' } as const
    const ran = formatted('gemini', output, 'openai-chat')
    expect(readThrough(ran.answer, ['{"value":[1.0, 12345678901234567890]}']).text).toBe(
      '[1.0, 12345678901234567890]',
    )
  })

  test('stays as it is for Gemini', () => {
    const output = { type: 'json-schema', schema: '{"type":"array","items":{"type":"number"}}' } as const
    const ran = formatted('openai-chat', output, 'gemini')
    expect([ran.request.output, ran.answer]).toEqual([output, undefined])
  })
})

describe('fitting a schema', () => {
  test('keeps the source where nothing has to change', () => {
    const source =
      '{ "type":"object", "properties":{"b":{"type":"string"},"a":{"const":1.0}}, "additionalProperties":false }'
    expect(fitSchema(source, 'anthropic')).toEqual({ schema: source, described: [] })
  })

  test('writes constraints into descriptions that are there', () => {
    const { schema, described } = fitSchema(
      '{"type":"string","description":"A name.","maxLength":5,"pattern":"^a"}',
      'anthropic',
    )
    expect(JSON.parse(schema)).toEqual({
      type: 'string',
      description: 'A name. (maxLength: 5, pattern: "^a")',
    })
    expect(described).toEqual(['maxLength', 'pattern'])
  })

  test('drops remarks in silence', () => {
    const source =
      '{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"string","default":"x","examples":["y"]}'
    for (const dialect of ['anthropic', 'gemini'] as const) {
      expect(fitSchema(source, dialect)).toEqual({ schema: '{"type":"string"}', described: [] })
    }
  })

  test('knows what recursion is', () => {
    const shared =
      '{"$defs":{"p":{"type":"string"}},"type":"object","properties":{"a":{"$ref":"#/$defs/p"},"b":{"$ref":"#/$defs/p"}},"additionalProperties":false}'
    expect(fitSchema(shared, 'anthropic').misfit).toBeUndefined()
    const recursive =
      '{"$defs":{"n":{"type":"object","properties":{"next":{"$ref":"#/$defs/n"}},"additionalProperties":false}},"$ref":"#/$defs/n"}'
    expect(fitSchema(recursive, 'anthropic').misfit).toBe('it refers to itself')
    expect(fitSchema(recursive, 'gemini').misfit).toBeUndefined()
  })

  test('names a property like a keyword and leaves it', () => {
    const source =
      '{"type":"object","properties":{"minimum":{"type":"number"},"default":{"type":"string"}},"additionalProperties":false}'
    expect(fitSchema(source, 'anthropic').schema).toBe(source)
  })

  test('turns what Gemini does not know into what it does', () => {
    const source =
      '{"type":"object","properties":{"k":{"const":"x"},"o":{"oneOf":[{"type":"string"},{"type":"null"}]},"s":{"type":"string","format":"uri"}}}'
    const { schema, described } = fitSchema(source, 'gemini')
    expect(JSON.parse(schema).properties).toEqual({
      k: { enum: ['x'] },
      o: { anyOf: [{ type: 'string' }, { type: 'null' }], description: '(exactly one of the alternatives)' },
      s: { type: 'string', description: '(format: "uri")' },
    })
    expect(described).toEqual(['oneOf', 'format'])
  })

  test('says why OpenAIs strictness is out of reach', () => {
    const misfit = (source: string) => fitSchema(source, 'openai-strict').misfit
    expect(misfit('{"type":"array"}')).toBe('its root is no object')
    expect(misfit('{"type":"object","properties":{}}')).toBe('it has an object with any properties')
    expect(
      misfit(
        '{"type":"object","properties":{"a":{"type":"string","minLength":1}},"required":["a"],"additionalProperties":false}',
      ),
    ).toBe('it uses minLength')
  })
})
