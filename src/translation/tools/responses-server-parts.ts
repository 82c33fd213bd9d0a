import type { JsonObject, ProtocolId, ServerCallPart, ServerResultPart } from '../../ir/index.ts'
import { memberOf, objectOf, textMember, textsMember } from './json-source.ts'
import { answerText, codeOutcome, foundPages } from './server-result.ts'

type Pair = readonly (ServerCallPart | ServerResultPart)[]

/**
 * A call of another provider's tool, with its result, in the shapes that become one of OpenAI's hosted items; nothing
 * where there is none.
 */
export const asResponses = (
  upstream: ProtocolId,
  call: ServerCallPart,
  result: ServerResultPart | undefined,
): Pair => {
  switch (call.tool) {
    case 'web-search':
      return [
        { ...call, name: 'web_search', input: JSON.stringify(searchAction(objectOf(call.input))) },
        ...resultOf(
          result,
          'web_search',
          foundPages(result).map((page) => ({ type: 'url', ...page })),
        ),
      ]
    case 'web-fetch':
      return [{ ...call, name: 'web_fetch' }, ...resultOf(result, 'web_fetch', [])]
    case 'code-execution': {
      const { stdout, stderr, failed } = codeOutcome(result)
      const logs = { type: 'logs', logs: stdout + stderr }
      return [
        { ...call, name: 'code_interpreter' },
        ...resultOf(result && { ...result, isError: failed }, 'code_interpreter', [logs]),
      ]
    }
    case 'shell':
      return upstream === 'anthropic-messages' ? shellPair(call, result) : []
    case 'mcp':
      return call.name === 'mcp_list_tools'
        ? []
        : [call, ...resultOf(result, call.name, errorOrText(result), call.server)]
    default:
      return []
  }
}

const searchAction = (input: JsonObject): JsonObject => {
  const queries = textsMember(input, 'queries')
  const query = textMember(input, 'query') ?? queries?.[0] ?? ''
  return { type: 'search', query, queries: queries ?? [query] }
}

const resultOf = (
  result: ServerResultPart | undefined,
  name: string,
  output: unknown,
  server?: string,
): readonly ServerResultPart[] => {
  if (result === undefined) return []
  const { callId, tool, isError } = result
  return [
    {
      type: 'server-result',
      ...(callId === undefined ? {} : { callId }),
      tool,
      name,
      output: JSON.stringify(output),
      ...(server === undefined ? {} : { server }),
      ...(isError === true ? { isError } : {}),
    },
  ]
}

/** The newest types want an object where the tool failed. */
const errorOrText = (result: ServerResultPart | undefined): unknown => {
  const text = answerText(result)
  return result?.isError === true
    ? { type: 'mcp_tool_execution_error', content: [{ type: 'text', text }] }
    : text
}

/** Anthropic's `bash_code_execution` (translation.md CE4). It ran at the provider: the client has nothing to run. */
const shellPair = (call: ServerCallPart, result: ServerResultPart | undefined): Pair => {
  const command = textMember(objectOf(call.input), 'command') ?? ''
  const action = { commands: [command], timeout_ms: null, max_output_length: null }
  const given = objectOf(result?.output ?? '{}')
  const code = memberOf(given, 'return_code')
  const isLate = given['error_code'] === 'execution_time_exceeded'
  const exit = { type: 'exit', exit_code: typeof code === 'number' ? code : result?.isError === true ? 1 : 0 }
  const output = {
    stdout: textMember(given, 'stdout') ?? '',
    stderr: textMember(given, 'stderr') ?? '',
    outcome: isLate ? { type: 'timeout' } : exit,
  }
  return [
    { ...call, name: 'shell', input: JSON.stringify(action) },
    ...resultOf(result && { ...result, isError: false }, 'shell', [output]),
  ]
}
