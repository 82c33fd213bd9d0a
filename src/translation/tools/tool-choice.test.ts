import { describe, expect, test } from 'bun:test'
import type { Capabilities, GenerateRequest, ProtocolId, ToolChoice, ToolDefinition } from '../../ir/index.ts'
import { toolChoice } from './tool-choice.ts'
import { refusalOf, requestOf, runPasses, targetOf } from './tool-target.fixture.ts'

const tools: readonly ToolDefinition[] = ['a', 'b', 'c'].map((name) => ({ type: 'function', name }))

const run = (
  choice: ToolChoice | undefined,
  to: ProtocolId,
  capabilities: Partial<Capabilities> = {},
  more: Partial<GenerateRequest> = {},
) =>
  runPasses(
    [toolChoice],
    requestOf(to === 'gemini' ? 'openai-chat' : 'gemini', {
      tools,
      ...(choice === undefined ? {} : { toolChoice: choice }),
      ...more,
    }),
    targetOf(to, capabilities),
  )

const names = (request: GenerateRequest) => request.tools.map((tool) => tool.name)

describe('a choice of several tools', () => {
  const some = { type: 'allowed', mode: 'auto', names: ['a', 'c'], at: 'tool_choice' } as const

  test('leaves the others out where there is no such choice', () => {
    for (const to of ['anthropic-messages', 'openai-chat'] as const) {
      const { request, warnings } = run(some, to)
      expect(names(request)).toEqual(['a', 'c'])
      expect(request.toolChoice).toEqual({ type: 'auto', at: 'tool_choice' })
      expect(warnings).toMatchObject([{ code: 'approximated', path: 'tool_choice' }])
    }
    expect(run({ ...some, mode: 'required' }, 'anthropic-messages').request.toolChoice).toMatchObject({
      type: 'required',
    })
  })

  test('of one that is forced is that tool', () => {
    const { request, warnings } = run({ ...some, mode: 'required', names: ['b'] }, 'anthropic-messages')
    expect(request.toolChoice).toMatchObject({ type: 'tool', name: 'b', kind: 'function' })
    expect(names(request)).toEqual(['a', 'b', 'c'])
    expect(warnings).toEqual([])
  })

  test('stays one where the target has it', () => {
    expect(run(some, 'gemini').request.toolChoice).toEqual(some)
    expect(run(some, 'openai-responses').request.toolChoice).toEqual(some)
    expect(run(some, 'openai-chat', { customTools: true }).request.toolChoice).toEqual(some)
  })

  test('of none is no tools, and no choice', () => {
    const { request } = run(
      { ...some, names: ['gone'] },
      'anthropic-messages',
      {},
      { parallelToolCalls: false },
    )
    expect(request.tools).toEqual([])
    expect(request).not.toHaveProperty('toolChoice')
    expect(request).not.toHaveProperty('parallelToolCalls')
  })
})

describe('without tools', () => {
  test('nothing is said of how to choose them: Codex says it when it compacts', () => {
    const { request } = run({ type: 'auto' }, 'openai-chat', {}, { tools: [], parallelToolCalls: false })
    expect(request).not.toHaveProperty('toolChoice')
    expect(request).not.toHaveProperty('parallelToolCalls')
  })

  test('that came on the way it is', () => {
    const turns = [{ role: 'system', parts: [], tools }] as const
    expect(run({ type: 'auto' }, 'openai-responses', {}, { tools: [], turns }).request.toolChoice).toEqual({
      type: 'auto',
    })
  })
})

test('`none` keeps the definitions, which the history refers to', () => {
  const { request } = run({ type: 'none' }, 'anthropic-messages')
  expect(names(request)).toEqual(['a', 'b', 'c'])
  expect(request.toolChoice).toEqual({ type: 'none' })
})

test('a tool of the provider’s cannot be forced in Chat or Gemini', () => {
  const hosted = { type: 'tool', name: 'web_search', kind: 'server', at: 'tool_choice' } as const
  for (const to of ['openai-chat', 'gemini'] as const) {
    expect(refusalOf(() => run(hosted, to)).param).toBe('tool_choice')
  }
  expect(run(hosted, 'anthropic-messages').request.toolChoice).toEqual(hosted)
})

describe('Gemini’s own tools, which no choice reaches', () => {
  const hosted: ToolDefinition = {
    type: 'server',
    tool: 'web-search',
    wireType: 'googleSearch',
    config: '{}',
  }

  test('are left out where no tool shall run', () => {
    const mixed = run({ type: 'none' }, 'gemini', {}, { tools: [...tools, hosted] })
    expect(names(mixed.request)).toEqual(['a', 'b', 'c'])
    expect(mixed.request.toolChoice).toEqual({ type: 'none' })
    const alone = run({ type: 'none' }, 'gemini', {}, { tools: [hosted] })
    expect(alone.request.tools).toEqual([])
    expect(alone.request).not.toHaveProperty('toolChoice')
  })

  test('cannot be forced, which is told where nothing else could be', () => {
    const choice = { type: 'required', at: 'tool_choice' } as const
    const alone = run(choice, 'gemini', {}, { tools: [hosted] })
    expect(alone.request.toolChoice).toEqual({ type: 'auto', at: 'tool_choice' })
    expect(alone.warnings).toMatchObject([{ code: 'approximated', path: 'tool_choice' }])
    const mixed = run(choice, 'gemini', {}, { tools: [...tools, hosted] })
    expect(mixed.request.toolChoice).toEqual(choice)
    expect(mixed.warnings).toEqual([])
  })
})

describe('a forced tool', () => {
  const forced = { type: 'required' } as const
  const thinking = (more: object) => ({
    reasoning: { control: 'adaptive', efforts: [], readable: true, canDisable: true, ...more } as const,
  })

  test('is a free choice for a model that cannot be forced', () => {
    const { request, warnings } = run(forced, 'anthropic-messages', { forcedTools: false })
    expect(request.toolChoice).toEqual({ type: 'auto' })
    expect(warnings).toHaveLength(1)
  })

  test('switches off thoughts that nobody asked for', () => {
    const { request, warnings } = run(forced, 'anthropic-messages', thinking({ onByDefault: true }))
    expect(request.reasoning).toEqual({ mode: 'disabled' })
    expect(request.toolChoice).toEqual(forced)
    expect(warnings).toMatchObject([{ path: 'reasoning' }])
    const quiet = run(forced, 'anthropic-messages', thinking({ onByDefault: false }))
    expect(quiet.request).not.toHaveProperty('reasoning')
  })

  test('is a free choice where thoughts cannot be switched off', () => {
    const { request } = run(forced, 'anthropic-messages', thinking({ canDisable: false }))
    expect(request.toolChoice).toEqual({ type: 'auto' })
  })

  test('stands beside thoughts where the model takes both', () => {
    const able = { ...thinking({ canDisable: false }), forcedToolWithReasoning: true }
    expect(run(forced, 'anthropic-messages', able).request.toolChoice).toEqual(forced)
  })
})
