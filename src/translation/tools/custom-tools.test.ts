import { describe, expect, test } from 'bun:test'
import type { StreamEvent, ToolDefinition } from '../../ir/index.ts'
import { customTools } from './custom-tools.ts'
import { callEvents, requestOf, runPasses, targetOf } from './tool-target.fixture.ts'

const lark = 'start: begin_patch'
const applyPatch: ToolDefinition = {
  type: 'custom',
  name: 'apply_patch',
  description: 'Edit files.',
  format: JSON.stringify({ type: 'grammar', syntax: 'lark', definition: lark }),
}

const given = requestOf('openai-responses', {
  tools: [applyPatch, { type: 'function', name: 'shell' }],
  toolChoice: { type: 'tool', name: 'apply_patch', kind: 'custom' },
  turns: [
    {
      role: 'assistant',
      parts: [{ type: 'tool-call', id: 'c', name: 'apply_patch', kind: 'custom', input: '*** "Begin"\n' }],
    },
    { role: 'user', parts: [{ type: 'tool-result', callId: 'c', kind: 'custom', content: [] }] },
  ],
})

const said = (events: readonly StreamEvent[]): string =>
  events.map((event) => (event.type === 'tool-call-delta' ? event.input : '')).join('')

describe('free-text tools', () => {
  test('are functions of one text where the target has none', () => {
    for (const protocol of ['anthropic-messages', 'gemini', 'openai-chat'] as const) {
      const { request } = runPasses([customTools], given, targetOf(protocol))
      expect(request.tools[0]).toEqual({
        type: 'function',
        name: 'apply_patch',
        description: `Edit files.\n\nGrammar of input (lark):\n${lark}`,
        parameters: '{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}',
      })
      expect(request.toolChoice).toMatchObject({ kind: 'function' })
      expect(request.turns).toMatchObject([
        { parts: [{ kind: 'function', input: '{"input":"*** \\"Begin\\"\\n"}' }] },
        { parts: [{ kind: 'function' }] },
      ])
    }
  })

  test('come back as free text, while they stream', () => {
    const { answer } = runPasses([customTools], given, targetOf('anthropic-messages'))
    const events = answer(callEvents({ name: 'apply_patch', id: 'c' }, ['{"input":"*** ', 'Begin\\n', '"}']))
    expect(events[0]).toMatchObject({ part: { kind: 'custom', name: 'apply_patch', id: 'c' } })
    expect(events.map((event) => event.type)).toEqual([
      'tool-call-start',
      'tool-call-delta',
      'tool-call-delta',
      'tool-call-end',
    ])
    expect(said(events)).toBe('*** Begin\n')
  })

  test('come back word for word where the model wrote no such object', () => {
    const { answer } = runPasses([customTools], given, targetOf('gemini'))
    expect(said(answer(callEvents({ name: 'apply_patch' }, ['*** Begin', ' Patch'])))).toBe('*** Begin Patch')
  })

  test('leave functions beside them alone, also when both stream at once', () => {
    const { answer } = runPasses([customTools], given, targetOf('gemini'))
    const patch = callEvents({ name: 'apply_patch' }, ['{"input":"a', 'b"}'])
    const shell = callEvents({ name: 'shell' }, ['{"input":', '"ls"}'], 1)
    const mixed = patch
      .flatMap((event, index) => [event, shell[index]])
      .filter((event) => event !== undefined)
    const events = answer(mixed)
    expect(said(events.filter((event) => 'index' in event && event.index === 0))).toBe('ab')
    expect(said(events.filter((event) => 'index' in event && event.index === 1))).toBe('{"input":"ls"}')
  })

  test('stay what they are between Chat and Responses, with the grammar in the other’s spelling', () => {
    const { request, answer } = runPasses(
      [customTools],
      given,
      targetOf('openai-chat', { customTools: true }),
    )
    expect(request.tools[0]).toMatchObject({
      type: 'custom',
      format: JSON.stringify({ type: 'grammar', grammar: { syntax: 'lark', definition: lark } }),
    })
    expect(request.turns[0]?.parts[0]).toMatchObject({ kind: 'custom' })
    const events = callEvents({ name: 'apply_patch', kind: 'custom' }, ['{"input":"x"}'])
    expect(answer(events)).toEqual(events)
    const back = requestOf('openai-chat', { tools: request.tools })
    const again = runPasses([customTools], back, targetOf('openai-responses', { customTools: true }))
    expect(again.request.tools[0]).toEqual(applyPatch)
  })
})
