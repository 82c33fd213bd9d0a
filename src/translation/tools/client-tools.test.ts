import { describe, expect, test } from 'bun:test'
import type { Part, ServerToolDefinition, StreamEvent, ToolDefinition } from '../../ir/index.ts'
import { clientTools } from './client-tools.ts'
import { callEvents, requestOf, runPasses, targetOf } from './tool-target.fixture.ts'

const server = (wireType: string, config: object = {}, name?: string): ServerToolDefinition => ({
  type: 'server',
  tool: 'other',
  wireType,
  ...(name === undefined ? {} : { name }),
  config: JSON.stringify({ type: wireType, ...config }),
})

const schemaOf = (tool: ToolDefinition | undefined) =>
  tool?.type === 'function' ? JSON.parse(tool.parameters ?? '{}') : undefined

describe('Anthropic’s client tools', () => {
  const run = (tools: readonly ToolDefinition[], more = {}) =>
    runPasses([clientTools], requestOf('anthropic-messages', { tools, ...more }), targetOf('openai-chat'))

  test('are functions with their published names and schemas', () => {
    const { request } = run([
      server('bash_20250124', { cache_control: { type: 'ephemeral', ttl: '1h' } }, 'bash'),
      server('text_editor_20250728', {}, 'str_replace_based_edit_tool'),
      server('text_editor_20250124', {}, 'str_replace_editor'),
      server('memory_20250818', {}, 'memory'),
      server(
        'computer_20251124',
        { display_width_px: 1280, display_height_px: 800, enable_zoom: true },
        'computer',
      ),
    ])
    expect(request.tools.map((tool) => [tool.type, tool.name])).toEqual([
      ['function', 'bash'],
      ['function', 'str_replace_based_edit_tool'],
      ['function', 'str_replace_editor'],
      ['function', 'memory'],
      ['function', 'computer'],
    ])
    const [bash, editor, oldEditor, memory, computer] = request.tools
    expect(bash).toMatchObject({ cache: { ttl: '1h' } })
    expect(Object.keys(schemaOf(bash).properties)).toEqual(['command', 'restart'])
    expect(schemaOf(editor)).toMatchObject({ required: ['command', 'path'] })
    expect(schemaOf(editor).properties.command.enum).not.toContain('undo_edit')
    expect(schemaOf(oldEditor).properties.command.enum).toContain('undo_edit')
    expect(schemaOf(memory).properties.command.enum).toContain('rename')
    expect(schemaOf(computer).properties.action.enum).toContain('zoom')
    expect(computer).toMatchObject({ description: expect.stringContaining('1280x800') })
  })

  test('that are toolsets are their members, without those that are switched off', () => {
    const { request, answer } = run([
      server('computer_toolset_20260801', { configs: { zoom: { enabled: false } } }),
      server('browser_toolset_20260801', { configs: { javascript_exec: { enabled: true } } }),
      { type: 'function', name: 'key' },
    ])
    const names = request.tools.map((tool) => tool.name)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('left_mouse_down')
    expect(names).toContain('javascript_exec')
    expect(names).not.toContain('file_upload')
    expect(names.filter((name) => name === 'zoom')).toHaveLength(1)
    // Both toolsets know it, and the computer's came first.
    const [click] = answer(callEvents({ name: 'left_click' }, []))
    expect(click).toMatchObject({
      part: {
        name: 'left_click',
        extensions: { 'anthropic-messages': { caller: { type: 'direct' }, toolset_name: 'computer' } },
      },
    })
    const browser = names.find((name) => name?.startsWith('left_click_') && /_[0-9a-f]{8}$/.test(name)) ?? ''
    expect(answer(callEvents({ name: browser }, []))[0]).toMatchObject({
      part: { name: 'left_click', extensions: { 'anthropic-messages': { toolset_name: 'browser' } } },
    })
    const [own] = answer(callEvents({ name: 'key' }, []))
    expect(own).not.toHaveProperty('part.extensions')
  })

  test('keep clear of the client’s functions, in history and choice as well', () => {
    const bash: Part = { type: 'tool-call', id: 'a', kind: 'function', name: 'bash', input: '{}' }
    const { request } = run([server('bash_20250124', {}, 'bash')], {
      toolChoice: { type: 'tool', name: 'bash', kind: 'server' },
      turns: [{ role: 'assistant', parts: [bash] }],
    })
    expect(request.toolChoice).toMatchObject({ type: 'tool', name: 'bash', kind: 'function' })
    expect(request.turns[0]?.parts[0]).toBe(bash)
  })
})

describe('OpenAI’s tools that the client runs', () => {
  const run = (tools: readonly ToolDefinition[], more = {}) =>
    runPasses(
      [clientTools],
      requestOf('openai-responses', { tools, ...more }),
      targetOf('anthropic-messages'),
    )
  const answered = (events: readonly StreamEvent[]) =>
    events.map((event) => (event.type === 'part' ? event.part : event.type))

  test('are functions, and their calls the items that the client expects', () => {
    const { request, answer } = run([
      server('shell'),
      server('local_shell'),
      server('apply_patch'),
      server('tool_search', { execution: 'client', description: 'Finds.', parameters: { type: 'object' } }),
    ])
    expect(request.tools.map((tool) => [tool.type, tool.name])).toEqual([
      ['function', 'shell'],
      ['function', 'local_shell'],
      ['function', 'apply_patch'],
      ['function', 'tool_search'],
    ])
    expect(request.tools[3]).toMatchObject({ description: 'Finds.', parameters: '{"type":"object"}' })
    expect(
      answered(answer(callEvents({ name: 'shell', id: 'c' }, ['{"commands":', '["ls"],"timeout_ms":1.0}']))),
    ).toEqual([
      {
        type: 'server-call',
        id: 'c',
        tool: 'shell',
        name: 'shell',
        input: '{"max_output_length":null,"commands":["ls"],"timeout_ms":1.0}',
        byClient: true,
      },
    ])
    const [local] = answered(answer(callEvents({ name: 'local_shell' }, ['{"command":["ls"]}'])))
    expect(local).toMatchObject({ name: 'local_shell', input: '{"type":"exec","env":{},"command":["ls"]}' })
    const operation = '{"type":"create_file","path":"a","diff":"+1"}'
    const [patch] = answered(answer(callEvents({ name: 'apply_patch' }, [`{"operation":${operation}}`])))
    expect(patch).toMatchObject({ tool: 'text-editor', name: 'apply_patch', input: operation })
    const [search] = answered(answer(callEvents({ name: 'tool_search' }, [''])))
    expect(search).toMatchObject({ tool: 'tool-search', input: '{}' })
  })

  test('of the history are calls and results of those functions', () => {
    const operation = '{"type":"delete_file","path":"a"}'
    const { request } = run([], {
      turns: [
        {
          role: 'assistant',
          parts: [
            {
              type: 'server-call',
              id: 'p',
              tool: 'text-editor',
              name: 'apply_patch',
              input: operation,
              byClient: true,
            },
          ],
        },
        {
          role: 'user',
          parts: [
            {
              type: 'server-result',
              callId: 'p',
              tool: 'text-editor',
              name: 'apply_patch',
              output: '"done"',
              isError: true,
            },
          ],
        },
        {
          role: 'assistant',
          parts: [
            {
              type: 'server-call',
              id: 's',
              tool: 'shell',
              name: 'shell',
              input: '{"commands":["ls"]}',
              byClient: true,
            },
          ],
        },
        {
          role: 'user',
          parts: [
            { type: 'server-result', callId: 's', tool: 'shell', name: 'shell', output: '[{"stdout":"x"}]' },
          ],
        },
      ],
    })
    expect(request.turns).toMatchObject([
      { parts: [{ type: 'tool-call', name: 'apply_patch', input: `{"operation":${operation}}` }] },
      { parts: [{ type: 'tool-result', callId: 'p', content: [{ text: 'done' }], isError: true }] },
      { parts: [{ type: 'tool-call', name: 'shell', input: '{"commands":["ls"]}' }] },
      { parts: [{ type: 'tool-result', callId: 's', content: [{ json: '[{"stdout":"x"}]' }] }] },
    ])
  })

  test('are told from functions of the same name', () => {
    const { request, answer } = run([server('shell'), { type: 'function', name: 'shell' }])
    const [hosted, own] = request.tools
    expect(own).toEqual({ type: 'function', name: 'shell' })
    expect(hosted?.name).toMatch(/^shell_[0-9a-f]{8}$/)
    const events = callEvents({ name: 'shell' }, ['{}'])
    expect(answer(events)).toEqual(events)
    expect(answered(answer(callEvents({ name: hosted?.name ?? '' }, ['{}'])))[0]).toMatchObject({
      name: 'shell',
    })
  })

  test('that run in a container are not the client’s', () => {
    const tool = server('shell', { environment: { type: 'container_auto' } })
    expect(run([tool]).request.tools).toEqual([tool])
  })
})
