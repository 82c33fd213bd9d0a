import { describe, expect, test } from 'bun:test'
import { wireRequest } from '../../../test/support/corpus.ts'
import type { GenerateRequest } from '../../ir/index.ts'
import { decodeRequest } from './decode-request.ts'
import { fieldPath } from './field-path.ts'
import { openaiResponses } from './index.ts'

const decode = (body: unknown, locations = true): GenerateRequest =>
  decodeRequest(
    wireRequest(openaiResponses, { path: '/v1/responses', body: JSON.stringify(body) }),
    locations ? { locations } : undefined,
  )

const body = {
  model: 'm',
  instructions: 'be brief',
  input: [
    { role: 'developer', content: 'x' },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'a' }, { type: 'new_part' }] },
    { type: 'reasoning', summary: [] },
    { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
    {
      type: 'function_call_output',
      call_id: 'c',
      output: [{ type: 'input_image', image_url: 'https://i.example' }],
    },
    { type: 'image_generation_call', id: 'ig_1', result: 'aGk=', status: 'completed' },
    {
      type: 'additional_tools',
      tools: [{ type: 'namespace', name: 'n', tools: [{ type: 'custom', name: 'c' }] }],
    },
    { type: 'configuration_update', reasoning: { effort: 'low' }, text: { format: { type: 'json_object' } } },
    { type: 'item_reference', id: 'msg_1' },
  ],
  tools: [{ type: 'function', name: 'f' }, { type: 'web_search' }],
  tool_choice: 'required',
  reasoning: { effort: 'low' },
  text: { format: { type: 'text' } },
}

/** Every place that the request names, in the order of a walk through it. */
const places = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return []
  const own = 'at' in value && typeof value.at === 'string' ? [value.at] : []
  return [...own, ...Object.values(value).flatMap(places)]
}

describe('locations', () => {
  test('name turns, parts, tools and settings as the client wrote them', () => {
    const request = decode(body)
    expect(places(request.turns)).toEqual([
      'instructions',
      'instructions',
      'input[0]',
      'input[0].content',
      'input[1]',
      'input[1].content[0]',
      'input[1].content[1]',
      'input[2]',
      'input[2]',
      'input[3]',
      'input[3]',
      'input[4]',
      'input[4]',
      'input[4].output[0]',
      'input[5]',
      'input[5]',
      'input[5]',
      'input[6]',
      'input[6].tools[0]',
      'input[6].tools[0].tools[0]',
      'input[7]',
      'input[7].reasoning',
      'input[7].text.format',
      'input[8]',
      'input[8]',
    ])
    expect(places(request.tools)).toEqual(['tools[0]', 'tools[1]'])
    expect(request.toolChoice?.at).toBe('tool_choice')
    expect(request.reasoning?.at).toBe('reasoning')
    expect(request.output?.at).toBe('text.format')
  })

  test('name an input that is one text as a whole', () => {
    expect(places(decode({ model: 'm', input: 'hi' }).turns)).toEqual(['input', 'input'])
  })

  test('are left out where nobody asks for them', () => {
    expect(places(decode(body, false))).toEqual([])
  })
})

describe('field paths', () => {
  test('are the wire’s names, also of what stands below', () => {
    expect(
      [
        'maxOutputTokens',
        'sampling.topP',
        'output',
        'output.schema',
        'reasoning.budgetTokens',
        'turns[3].parts[0]',
      ].map(fieldPath),
    ).toEqual([
      'max_output_tokens',
      'top_p',
      'text.format',
      'text.format.schema',
      'reasoning.effort',
      'input[3].parts[0]',
    ])
  })

  test('leave every other path as it is', () => {
    expect(
      ['model', 'metadata', 'input[3].content[0]', 'tools[2]', 'reasoning.effort'].map(fieldPath),
    ).toEqual(['model', 'metadata', 'input[3].content[0]', 'tools[2]', 'reasoning.effort'])
  })
})
