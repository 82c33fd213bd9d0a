import { describe, expect, test } from 'bun:test'
import type { GenerateRequest, ToolDefinition, Turn } from '../../ir/index.ts'
import { composeAnswer } from './compose-answer.ts'

const said: Turn = { role: 'user', parts: [{ type: 'text', text: 'hello' }] }

const request = (
  model: string,
  turns: readonly Turn[],
  tools: readonly ToolDefinition[] = [],
): GenerateRequest => ({ protocol: 'openai-chat', model, stream: false, turns, tools, sampling: {} })

const tool = (name: string, member: string): ToolDefinition => ({
  type: 'function',
  name,
  parameters: JSON.stringify({
    type: 'object',
    properties: { [member]: { type: 'string' } },
    required: [member],
  }),
})

const partsOf = (asked: GenerateRequest) => composeAnswer(asked, 'id', 1).choices[0]?.parts

describe('loopback', () => {
  test('says back what the user said last', () => {
    expect(partsOf(request('loopback', [said]))).toEqual([{ type: 'text', text: 'You said: hello' }])
  })

  test('never calls a tool', () => {
    expect(partsOf(request('loopback', [said], [tool('read', 'path')]))).toHaveLength(1)
  })
})

describe('loopback-agent', () => {
  test('calls the first tool that is offered', () => {
    const parts = partsOf(request('loopback-agent', [said], [tool('read', 'path'), tool('list', 'folder')]))
    expect(parts?.[1]).toMatchObject({ type: 'tool-call', name: 'read', input: '{"path":"loopback"}' })
  })

  test('passes over a tool that starts agents, which would go on without end', () => {
    const parts = partsOf(
      request('loopback-agent', [said], [tool('Agent', 'subagent_type'), tool('Run', 'command')]),
    )
    expect(parts?.[1]).toMatchObject({ name: 'Run' })
    const alone = partsOf(request('loopback-agent', [said], [tool('Agent', 'subagent_type')]))
    expect(alone?.[1]).toMatchObject({ name: 'Agent' })
    const first = partsOf(request('loopback-agent', [said], [tool('Read', 'path'), tool('Run', 'command')]))
    expect(first?.[1]).toMatchObject({ name: 'Read' })
  })

  test('ends with what the tool said', () => {
    const call: Turn = {
      role: 'assistant',
      parts: [{ type: 'tool-call', id: 'call_1', name: 'read', kind: 'function', input: '{}' }],
    }
    const result: Turn = {
      role: 'user',
      parts: [
        {
          type: 'tool-result',
          callId: 'call_1',
          kind: 'function',
          content: [{ type: 'text', text: 'sunny' }],
        },
      ],
    }
    const parts = partsOf(request('loopback-agent', [said, call, result], [tool('read', 'path')]))
    expect(parts).toEqual([{ type: 'text', text: 'The tool answered: sunny' }])
  })
})
