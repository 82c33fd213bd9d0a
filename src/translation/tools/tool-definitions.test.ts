import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Capabilities, FunctionTool, ProtocolId } from '../../ir/index.ts'
import { parameterSchema } from './parameter-schema.ts'
import { toolDefinitions } from './tool-definitions.ts'
import { refusalOf, requestOf, runPasses, targetOf } from './tool-target.fixture.ts'

const closed = (properties: object, required: readonly string[]): string =>
  JSON.stringify({ type: 'object', properties, required, additionalProperties: false })
const fits = closed({ a: { type: 'string' } }, ['a'])

const run = (
  tool: Partial<FunctionTool>,
  from: ProtocolId,
  to: ProtocolId,
  capabilities: Partial<Capabilities> = {},
) => {
  const tools: readonly FunctionTool[] = [{ type: 'function', name: 'f', at: 'tools.0', ...tool }]
  const { request, warnings } = runPasses(
    [toolDefinitions],
    requestOf(from, { tools }),
    targetOf(to, capabilities),
  )
  return { tool: request.tools[0], warnings }
}

describe('strictness', () => {
  const strict = { strict: true, parameters: fits } as const

  test('stays where the target decodes by the schema', () => {
    const { tool, warnings } = run(strict, 'openai-chat', 'anthropic-messages', { strictTools: true })
    expect(tool).toMatchObject({ strict: true })
    expect(warnings).toEqual([])
  })

  test('goes with a warning where the model or the schema does not allow it', () => {
    expect(run(strict, 'openai-chat', 'anthropic-messages').warnings).toMatchObject([
      { code: 'approximated', feature: 'strict', path: 'tools.0' },
    ])
    const open = { strict: true, parameters: closed({ a: {}, b: {} }, ['a']) } as const
    const { tool, warnings } = run(open, 'anthropic-messages', 'openai-responses', { strictTools: true })
    expect(tool).toMatchObject({ strict: false })
    expect(warnings).toHaveLength(1)
  })

  test('is never left to what OpenAI’s Responses mean by silence', () => {
    expect(run({ parameters: fits }, 'openai-chat', 'openai-responses').tool).toMatchObject({ strict: false })
    const chat = run({ parameters: fits }, 'openai-responses', 'openai-chat', { strictTools: true })
    expect(chat.tool).toMatchObject({ strict: true })
    expect(run({ parameters: fits }, 'openai-responses', 'anthropic-messages').warnings).toEqual([])
  })

  test('may move a constraint into words, which is told', () => {
    const bounded = {
      strict: true,
      parameters: closed({ a: { type: 'integer', minimum: 1 } }, ['a']),
    } as const
    const { tool, warnings } = run(bounded, 'openai-chat', 'anthropic-messages', { strictTools: true })
    expect(tool).toMatchObject({ strict: true })
    expect(warnings).toMatchObject([{ code: 'approximated', feature: 'schema keyword minimum' }])
    const same = run(bounded, 'openai-chat', 'openai-responses', { strictTools: true })
    expect(same.tool).toMatchObject(bounded)
  })
})

describe('parameters', () => {
  const sourceOf = (source: string) => {
    const schema = parameterSchema(source)
    return schema.type === 'schema' ? schema.source : schema.reason
  }

  test('keep their source text, but for the name of the dialect', () => {
    const source = '{ "type":"object", "properties":{"b":{"maximum":1.0},"a":{}} }'
    expect(sourceOf(source)).toBe(source)
    expect(sourceOf('{"$schema":"x","properties":{"1":{},"a":{ "maximum":1.0 }},"type":"object"}')).toBe(
      '{"type":"object","properties":{"1":{},"a":{ "maximum":1.0 }}}',
    )
  })

  test('are always an object’s', () => {
    expect(sourceOf('{}')).toBe('{"type":"object","properties":{}}')
    expect(sourceOf('{"properties":{}}')).toBe('{"type":"object","properties":{}}')
    expect(sourceOf('{"type":["object","null"],"properties":{}}')).toBe('{"type":"object","properties":{}}')
  })

  test('that are a choice or something else are refused, by the place of the tool', () => {
    const union = { parameters: '{"anyOf":[{"type":"object"}]}' }
    expect(refusalOf(() => run(union, 'gemini', 'anthropic-messages'))).toMatchObject({
      param: 'tools.0',
      message: expect.stringContaining('anyOf'),
    })
    expect(run(union, 'openai-chat', 'gemini').tool).toMatchObject(union)
    expect(sourceOf('{"type":"array"}')).toContain('array')
  })

  test('mean the same afterwards', () => {
    const schema = fc.dictionary(
      fc.constantFrom('properties', 'required', '$defs', '__proto__', '7'),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(schema, (any) => {
        // JSON has no negative zero.
        const given = JSON.parse(JSON.stringify(any))
        const written = JSON.parse(sourceOf(JSON.stringify({ ...given, $schema: 'x' })))
        const { $schema: _dialect, ...rest } = given
        expect(written).toMatchObject({ type: 'object', ...rest })
      }),
    )
  })
})

describe('what only one vendor says of a tool', () => {
  test('is in the description where it can be said in words', () => {
    const tool = {
      description: 'Looks up.',
      extensions: { 'anthropic-messages': { input_examples: [{ a: 1 }] } },
    }
    expect(run(tool, 'anthropic-messages', 'gemini').tool).toMatchObject({
      description: 'Looks up.\n\nExamples: [{"a":1}]',
    })
  })

  test('is refused where only code at its own provider may call it', () => {
    const callers = (names: readonly string[]) => ({
      extensions: { 'anthropic-messages': { allowed_callers: names } },
    })
    const code = 'code_execution_20250825'
    expect(refusalOf(() => run(callers([code]), 'anthropic-messages', 'gemini')).param).toBe('tools.0')
    expect(run(callers(['direct', code]), 'anthropic-messages', 'gemini').warnings).toHaveLength(1)
    expect(run(callers(['direct']), 'anthropic-messages', 'gemini').warnings).toEqual([])
  })

  test('is kept between Responses and Gemini, and told elsewhere', () => {
    const tool = { outputSchema: '{}', nonBlocking: true } as const
    expect(run(tool, 'openai-responses', 'gemini').tool).toMatchObject(tool)
    const { tool: plain, warnings } = run(tool, 'gemini', 'openai-chat')
    expect(plain).not.toHaveProperty('outputSchema')
    expect(warnings.map(({ feature }) => feature)).toEqual(['result schema', 'non-blocking tool'])
  })
})

test('more tools than the target takes are refused', () => {
  const tools = Array.from({ length: 3 }, (_, index) => ({ type: 'function', name: `f${index}` }) as const)
  const given = requestOf('anthropic-messages', { tools })
  expect(
    refusalOf(() => runPasses([toolDefinitions], given, targetOf('openai-chat', { maxTools: 2 }))),
  ).toMatchObject({
    param: 'tools',
    message: expect.stringContaining('2 are the most'),
  })
})
