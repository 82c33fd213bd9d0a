import type { JsonObject, ServerCallPart, ServerResultPart } from '../../ir/index.ts'
import { objectOf, textMember, textsMember } from './json-source.ts'
import { answerText, codeOutcome, foundPages } from './server-result.ts'
import { hashedLetters } from './short-hash.ts'

type Pair = readonly (ServerCallPart | ServerResultPart)[]

/**
 * A call of another provider's tool, with its result, as Anthropic says both; nothing where it has no such thing. Every
 * call must have a result there, so one that is not known is empty.
 */
export const asAnthropic = (call: ServerCallPart, result: ServerResultPart | undefined): Pair => {
  switch (call.tool) {
    case 'web-search':
      return searchPair(call, result)
    case 'web-fetch':
      return fetchPair(call, textMember(objectOf(call.input), 'url') ?? '', result)
    case 'code-execution':
      return codePair(call, result)
    case 'mcp':
      return mcpPair(call, result)
    default:
      return []
  }
}

/** Anthropic's ids of such calls have prefixes of their own; the same call keeps its id. */
const idOf = (prefix: string, { id, name, input }: ServerCallPart): string =>
  `${prefix}${hashedLetters(id ?? `${name} ${input}`)}`

const pairOf = (
  call: ServerCallPart,
  name: string,
  input: JsonObject,
  output: unknown,
  isError: boolean,
): Pair => {
  const id = idOf('srvtoolu_', call)
  return [
    { type: 'server-call', id, tool: call.tool, name, input: JSON.stringify(input) },
    {
      type: 'server-result',
      callId: id,
      tool: call.tool,
      name,
      output: JSON.stringify(output),
      ...(isError ? { isError } : {}),
    },
  ]
}

/** OpenAI's search also opens pages and looks into them. */
const searchPair = (call: ServerCallPart, result: ServerResultPart | undefined): Pair => {
  const action = objectOf(call.input)
  const url = textMember(action, 'url')
  if (url !== undefined && action['type'] !== 'search') return fetchPair(call, url, result)
  const query = textMember(action, 'query') ?? textsMember(action, 'queries')?.join('\n') ?? ''
  const found = foundPages(result).map((page) => ({
    type: 'web_search_result',
    url: page.url,
    title: page.title ?? page.url,
    encrypted_content: '',
    page_age: null,
  }))
  const isFailed = result?.isError === true
  const error = { type: 'web_search_tool_result_error', error_code: 'unavailable' }
  return pairOf(call, 'web_search', { query }, isFailed ? error : found, isFailed)
}

/** What stood on the page, the provider keeps for itself. */
const fetchPair = (call: ServerCallPart, url: string, result: ServerResultPart | undefined): Pair => {
  const isFailed = result?.isError === true
  const page = {
    type: 'web_fetch_result',
    url,
    retrieved_at: null,
    content: {
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: '' },
      title: null,
      citations: null,
    },
  }
  const error = { type: 'web_fetch_tool_result_error', error_code: 'unavailable' }
  return pairOf({ ...call, tool: 'web-fetch' }, 'web_fetch', { url }, isFailed ? error : page, isFailed)
}

const codePair = (call: ServerCallPart, result: ServerResultPart | undefined): Pair => {
  const code = textMember(objectOf(call.input), 'code') ?? ''
  const { stdout, stderr, failed, isLate } = codeOutcome(result)
  const error = { type: 'code_execution_tool_result_error', error_code: 'execution_time_exceeded' }
  const output = { type: 'code_execution_result', stdout, stderr, return_code: failed ? 1 : 0, content: [] }
  return pairOf(call, 'code_execution', { code }, isLate ? error : output, isLate)
}

const mcpPair = (call: ServerCallPart, result: ServerResultPart | undefined): Pair => {
  // Lists of tools have no block of their own here.
  if (call.name === 'mcp_list_tools') return []
  const id = idOf('mcptoolu_', call)
  return [
    {
      type: 'server-call',
      id,
      tool: 'mcp',
      name: call.name,
      input: call.input,
      ...(call.server === undefined ? {} : { server: call.server }),
    },
    {
      type: 'server-result',
      callId: id,
      tool: 'mcp',
      name: 'mcp',
      output: JSON.stringify([{ type: 'text', text: answerText(result) }]),
      isError: result?.isError === true,
    },
  ]
}
