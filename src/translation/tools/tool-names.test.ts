import { describe, expect, test } from 'bun:test'
import type { ToolDefinition, Turn } from '../../ir/index.ts'
import { toolNames } from './tool-names.ts'
import { callEvents, requestOf, runPasses, targetOf } from './tool-target.fixture.ts'

const codeMode: readonly ToolDefinition[] = [
  {
    type: 'namespace',
    name: 'functions',
    tools: [
      { type: 'custom', name: 'exec', description: 'Run JavaScript' },
      { type: 'function', name: 'wait' },
    ],
  },
  {
    type: 'namespace',
    name: 'clock',
    description: 'Tools for time.',
    tools: [{ type: 'function', name: 'sleep', description: 'Pause.' }],
  },
]

const run = (tools: readonly ToolDefinition[], turns: readonly Turn[] = []) =>
  runPasses([toolNames], requestOf('openai-responses', { tools, turns }), targetOf('anthropic-messages'))

describe('names of tools', () => {
  test('are flat for a target without namespaces, with the namespace described first', () => {
    const { request } = run(codeMode)
    expect(request.tools).toMatchObject([
      { type: 'custom', name: 'exec', description: 'Run JavaScript' },
      { type: 'function', name: 'wait' },
      { type: 'function', name: 'clock__sleep', description: 'Tools for time.\n\nPause.' },
    ])
  })

  test('of calls come back with their namespace, which Codex demands', () => {
    const { answer } = run(codeMode)
    const [sleep] = answer(callEvents({ name: 'clock__sleep' }, ['{}']))
    expect(sleep).toMatchObject({ part: { name: 'sleep', namespace: 'clock' } })
    const [exec] = answer(callEvents({ name: 'exec' }, ['{}']))
    expect(exec).toMatchObject({ part: { name: 'exec' } })
    expect(exec).not.toHaveProperty('part.namespace')
  })

  test('are the same in history, choice, results and references', () => {
    const long = `mcp__server__${'a'.repeat(80)}`
    const given = requestOf('anthropic-messages', {
      tools: [{ type: 'function', name: long }],
      toolChoice: { type: 'tool', name: long, kind: 'function' },
      turns: [
        {
          role: 'assistant',
          parts: [{ type: 'tool-call', id: 'a', name: long, kind: 'function', input: '{}' }],
        },
        {
          role: 'user',
          parts: [
            {
              type: 'tool-result',
              callId: 'a',
              name: long,
              kind: 'function',
              content: [{ type: 'json', json: `{"type":"tool_reference","tool_name":"${long}"}` }],
            },
          ],
        },
      ],
    })
    const { request, answer } = runPasses([toolNames], given, targetOf('openai-chat'))
    const [tool] = request.tools
    const name = tool?.name ?? ''
    expect(name).toHaveLength(64)
    expect(request.toolChoice).toMatchObject({ name })
    expect(request.turns).toMatchObject([
      { parts: [{ name }] },
      { parts: [{ name, content: [{ type: 'text', text: name }] }] },
    ])
    expect(answer(callEvents({ name }, []))[0]).toMatchObject({ part: { name: long } })
    const allowed = runPasses(
      [toolNames],
      { ...given, toolChoice: { type: 'allowed', mode: 'auto', names: [long] } },
      targetOf('openai-chat'),
    )
    expect(allowed.request.toolChoice).toMatchObject({ names: [name] })
  })

  test('of tools that are gone from the list stay what they were', () => {
    const call = { type: 'tool-call', id: 'a', name: 'b.c', kind: 'function', input: '{}' } as const
    const turns: readonly Turn[] = [{ role: 'assistant', parts: [call] }]
    const with_ = run([{ type: 'function', name: 'b.c' }], turns).request.turns
    expect(run([], turns).request.turns).toEqual(with_)
  })

  test('lose the prefix that Gemini invents', () => {
    const given = requestOf('anthropic-messages', { tools: [{ type: 'function', name: 'Bash' }] })
    const { answer } = runPasses([toolNames], given, targetOf('gemini'))
    expect(answer(callEvents({ name: 'default_api:Bash' }, []))[0]).toMatchObject({ part: { name: 'Bash' } })
    expect(answer(callEvents({ name: 'bash' }, []))[0]).toMatchObject({ part: { name: 'bash' } })
  })

  test('of the target’s own tools stay, and the client’s function makes way', () => {
    const search: ToolDefinition = {
      type: 'server',
      tool: 'web-search',
      wireType: 'web_search_20250305',
      name: 'web_search',
      config: '{}',
    }
    const allowed = { type: 'allowed', mode: 'auto', names: ['web_search'] } as const
    const chosen = (tools: readonly ToolDefinition[]) =>
      runPasses(
        [toolNames],
        requestOf('gemini', { tools, toolChoice: allowed }),
        targetOf('anthropic-messages'),
      ).request
    expect(chosen([search]).toolChoice).toEqual(allowed)
    const both = chosen([search, { type: 'function', name: 'web_search' }])
    const name = both.tools[1]?.name ?? ''
    expect(name).toMatch(/^web_search_[0-9a-f]{8}$/)
    expect(both.toolChoice).toMatchObject({ names: [name] })
  })

  test('are nobody’s business in the target’s own protocol', () => {
    const given = requestOf('openai-responses', { tools: codeMode })
    expect(runPasses([toolNames], given, targetOf('openai-responses')).request).toBe(given)
  })
})
