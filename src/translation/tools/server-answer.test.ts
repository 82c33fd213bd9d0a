import { describe, expect, test } from 'bun:test'
import type { Part, ProtocolId, ServerTool, StreamEvent } from '../../ir/index.ts'
import { serverAnswer } from './server-answer.ts'

const call = (tool: ServerTool, name: string, input: object, id?: string, server?: string): Part => ({
  type: 'server-call',
  tool,
  name,
  input: JSON.stringify(input),
  ...(id === undefined ? {} : { id }),
  ...(server === undefined ? {} : { server }),
})
const result = (tool: ServerTool, name: string, output: unknown, callId?: string, isError = false): Part => ({
  type: 'server-result',
  tool,
  name,
  output: JSON.stringify(output),
  ...(callId === undefined ? {} : { callId }),
  ...(isError ? { isError } : {}),
})

const run = (
  client: ProtocolId,
  upstream: ProtocolId,
  events: readonly StreamEvent[],
  servers: string[] = [],
) => {
  const machine = serverAnswer(client, upstream, servers)
  return [...events.flatMap((event) => machine.push(event)), ...machine.end()]
}
const whole = (...parts: readonly Part[]): readonly StreamEvent[] =>
  parts.map((part, index) => ({ type: 'part', index, part }))
const partsOf = (events: readonly StreamEvent[]) =>
  events.flatMap((event) => (event.type === 'part' ? [event.part] : []))
const said = (...given: Parameters<typeof run>) =>
  partsOf(run(...given)).map((part) => {
    if (part.type === 'server-call') return { ...part, input: JSON.parse(part.input) }
    return part.type === 'server-result' ? { ...part, output: JSON.parse(part.output) } : part
  })

describe('for a client of Anthropic', () => {
  test('a search is a call with its results', () => {
    const events = whole(
      call('web-search', 'web_search', { type: 'search', query: 'q' }, 'ws_1'),
      result('web-search', 'web_search', [{ type: 'url', url: 'https://a.de' }], 'ws_1'),
    )
    const [asked, found] = said('anthropic-messages', 'openai-responses', events)
    expect(asked).toMatchObject({ name: 'web_search', input: { query: 'q' } })
    expect(asked).toHaveProperty('id', expect.stringMatching(/^srvtoolu_[A-Za-z0-9]{24}$/))
    expect(found).toMatchObject({
      name: 'web_search',
      output: [{ type: 'web_search_result', url: 'https://a.de', title: 'https://a.de' }],
    })
    expect(found).toHaveProperty('callId', asked && 'id' in asked ? asked.id : '')
  })

  test('every call has a result, and what follows moves behind it', () => {
    const events: readonly StreamEvent[] = [
      { type: 'start' },
      { type: 'part', index: 0, part: call('web-search', 'web_search', { type: 'search', query: 'q' }, 'a') },
      { type: 'usage', usage: {} },
      { type: 'text-start', index: 1, part: { type: 'text', text: '' } },
      { type: 'text-delta', index: 1, text: 'x' },
      { type: 'text-end', index: 1 },
      { type: 'part', index: 2, part: call('web-search', 'web_search', { type: 'search', query: 'r' }, 'b') },
      { type: 'finish', finish: { reason: 'end' } },
    ]
    const out = run('anthropic-messages', 'openai-responses', events)
    expect(out.map((event) => [event.type, 'index' in event ? event.index : undefined])).toEqual([
      ['start', undefined],
      ['usage', undefined],
      ['part', 0],
      ['part', 1],
      ['text-start', 2],
      ['text-delta', 2],
      ['text-end', 2],
      ['part', 3],
      ['part', 4],
      ['finish', undefined],
    ])
  })

  test('an opened page is a fetch, and a failure an error', () => {
    const events = whole(
      call('web-search', 'web_search', { type: 'open_page', url: 'https://a.de' }, 'a'),
      call('web-search', 'web_search', { type: 'search', query: 'q' }, 'b'),
      result('web-search', 'web_search', null, 'b', true),
    )
    expect(said('anthropic-messages', 'openai-responses', events)).toMatchObject([
      { tool: 'web-fetch', name: 'web_fetch', input: { url: 'https://a.de' } },
      { output: { type: 'web_fetch_result', url: 'https://a.de' } },
      { name: 'web_search' },
      { output: { type: 'web_search_tool_result_error', error_code: 'unavailable' }, isError: true },
    ])
  })

  test('code and its output keep what was printed', () => {
    const events = whole(
      call('code-execution', 'code_execution', { code: 'print(1)' }),
      result('code-execution', 'code_execution', [{ type: 'logs', logs: '1\n' }], undefined, true),
    )
    expect(said('anthropic-messages', 'gemini', events)).toMatchObject([
      { name: 'code_execution', input: { code: 'print(1)' } },
      { output: { type: 'code_execution_result', stdout: '1\n', stderr: '', return_code: 1 } },
    ])
  })

  test('a call to an MCP server names the server, however Gemini joins them', () => {
    const events = whole(
      call('mcp', 'my_server_get_it', { a: 1 }),
      result('mcp', 'my_server_get_it', { content: [{ type: 'text', text: 'ok' }] }),
    )
    expect(said('anthropic-messages', 'gemini', events, ['my_server'])).toMatchObject([
      { name: 'get_it', server: 'my_server', input: { a: 1 } },
      { name: 'mcp', output: [{ type: 'text', text: 'ok' }], isError: false },
    ])
  })

  test('what it has no block for is left out', () => {
    const events = whole(
      call('file-search', 'file_search', { queries: [] }, 'f'),
      result('file-search', 'file_search', [], 'f'),
      result('mcp', 'mcp_list_tools', []),
    )
    expect(said('anthropic-messages', 'openai-responses', events)).toEqual([])
  })
})

describe('for a client of OpenAI’s Responses', () => {
  test('searches in parallel keep their own results', () => {
    const page = (url: string) => ({ type: 'web_search_result', url, title: 't', encrypted_content: 'e' })
    const events = whole(
      call('web-search', 'web_search', { query: 'p' }, 'srvtoolu_1'),
      call('web-search', 'web_search', { query: 'q' }, 'srvtoolu_2'),
      result('web-search', 'web_search', [page('https://p.de')], 'srvtoolu_1'),
      result('web-search', 'web_search', [page('https://q.de')], 'srvtoolu_2'),
    )
    expect(said('openai-responses', 'anthropic-messages', events)).toMatchObject([
      { id: 'srvtoolu_1', input: { type: 'search', query: 'p', queries: ['p'] } },
      { callId: 'srvtoolu_1', output: [{ type: 'url', url: 'https://p.de', title: 't' }] },
      { id: 'srvtoolu_2' },
      { callId: 'srvtoolu_2', output: [{ url: 'https://q.de' }] },
    ])
  })

  test('a shell that ran at Anthropic is no call for the client', () => {
    const events = whole(
      call('shell', 'bash_code_execution', { command: 'ls' }, 's'),
      result('shell', 'bash_code_execution', { stdout: 'a', stderr: 'b', return_code: 2 }, 's'),
    )
    const [asked, ran] = said('openai-responses', 'anthropic-messages', events)
    expect(asked).toMatchObject({ name: 'shell', input: { commands: ['ls'] } })
    expect(asked).not.toHaveProperty('byClient')
    expect(ran).toMatchObject({
      output: [{ stdout: 'a', stderr: 'b', outcome: { type: 'exit', exit_code: 2 } }],
    })
  })

  test('code has its output as logs, MCP its error as an object', () => {
    const events = whole(
      call('code-execution', 'code_execution', { code: '1' }, 'c'),
      result('code-execution', 'code_execution', { stdout: 'a', stderr: 'b', return_code: 1 }, 'c'),
      call('mcp', 'ping', {}, 'm', 'acme'),
      result('mcp', 'mcp', [{ type: 'text', text: 'bad' }], 'm', true),
    )
    expect(said('openai-responses', 'anthropic-messages', events)).toMatchObject([
      { name: 'code_interpreter', input: { code: '1' } },
      { output: [{ type: 'logs', logs: 'ab' }], isError: true },
      { name: 'ping', server: 'acme' },
      { output: { type: 'mcp_tool_execution_error', content: [{ type: 'text', text: 'bad' }] } },
    ])
  })
})

test('a client of Chat Completions sees none of it, and no call of its own', () => {
  const events = whole(
    call('web-search', 'web_search', { query: 'q' }, 'a'),
    result('web-search', 'web_search', [], 'a'),
    { type: 'text', text: 'So.' },
  )
  expect(said('openai-chat', 'anthropic-messages', events)).toEqual([{ type: 'text', text: 'So.' }])
})

test('a client’s own calls among OpenAI’s items pass', () => {
  const shell: Part = { type: 'server-call', tool: 'shell', name: 'shell', input: '{}', byClient: true }
  expect(said('openai-responses', 'anthropic-messages', whole(shell))).toMatchObject([{ byClient: true }])
})
