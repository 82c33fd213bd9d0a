/**
 * Items of tools with a schema of the provider's: most run at the provider, some (`local_shell_call`, `computer_call`)
 * at the client. One item becomes a `server-call` part, and a `server-result` or `image` part where it holds the
 * outcome as well; all of them keep the item's source, which is what goes back to the same protocol.
 */
import type {
  ImagePart,
  JsonObject,
  Part,
  ServerCallPart,
  ServerResultPart,
  ServerTool,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { arrayMember, member, objectMember, stringMember } from './members.ts'
import { protocolId } from './wire.ts'

interface HostedKind {
  readonly tool: ServerTool
  /** The tool's name; `mcp_call` has its own. */
  readonly name: string
  /** Source of the call's input; absent for items that are results alone. */
  readonly input?: (item: JsonObject, document: JsonDocument) => string
  /** Source of the outcome, where the item holds one. */
  readonly output?: (item: JsonObject, document: JsonDocument) => string | undefined
  readonly failed?: (item: JsonObject) => boolean
}

const source =
  (key: string) =>
  (item: JsonObject, document: JsonDocument): string | undefined => {
    const value = member(item, key)
    return value === undefined || value === null ? undefined : document.source(value)
  }

const inputOf =
  (key: string, wrap?: string) =>
  (item: JsonObject, document: JsonDocument): string => {
    const text = source(key)(item, document)
    return text === undefined ? '{}' : wrap === undefined ? text : `{${JSON.stringify(wrap)}:${text}}`
  }

const statusFailed = (item: JsonObject): boolean => item['status'] === 'failed'

const kinds: Readonly<Record<string, HostedKind>> = {
  web_search_call: {
    tool: 'web-search',
    name: 'web_search',
    input: inputOf('action'),
    output: (item, document) =>
      source('sources')(objectMember(item, 'action') ?? {}, document) ?? source('results')(item, document),
    failed: statusFailed,
  },
  file_search_call: {
    tool: 'file-search',
    name: 'file_search',
    input: inputOf('queries', 'queries'),
    output: source('results'),
    failed: statusFailed,
  },
  code_interpreter_call: {
    tool: 'code-execution',
    name: 'code_interpreter',
    input: inputOf('code', 'code'),
    output: source('outputs'),
    failed: statusFailed,
  },
  image_generation_call: {
    tool: 'image-generation',
    name: 'image_generation',
    input: inputOf('revised_prompt', 'prompt'),
    output: source('error'),
    failed: statusFailed,
  },
  mcp_call: {
    tool: 'mcp',
    name: 'mcp',
    input: (item) => stringMember(item, 'arguments') ?? '{}',
    output: (item, document) => source('error')(item, document) ?? source('output')(item, document),
    failed: (item) => (member(item, 'error') ?? null) !== null,
  },
  mcp_list_tools: {
    tool: 'mcp',
    name: 'mcp_list_tools',
    output: (item, document) => source('error')(item, document) ?? source('tools')(item, document),
    failed: (item) => (member(item, 'error') ?? null) !== null,
  },
  computer_call: {
    tool: 'computer',
    name: 'computer',
    input: (item, document) =>
      arrayMember(item, 'actions') === undefined
        ? inputOf('action', 'action')(item, document)
        : inputOf('actions', 'actions')(item, document),
  },
  computer_call_output: { tool: 'computer', name: 'computer', output: source('output') },
  local_shell_call: { tool: 'shell', name: 'local_shell', input: inputOf('action') },
  local_shell_call_output: { tool: 'shell', name: 'local_shell', output: source('output') },
  shell_call: { tool: 'shell', name: 'shell', input: inputOf('action') },
  shell_call_output: { tool: 'shell', name: 'shell', output: source('output') },
  apply_patch_call: { tool: 'text-editor', name: 'apply_patch', input: inputOf('operation') },
  apply_patch_call_output: {
    tool: 'text-editor',
    name: 'apply_patch',
    output: (item, document) => source('output')(item, document) ?? '""',
    failed: statusFailed,
  },
  tool_search_call: { tool: 'tool-search', name: 'tool_search', input: inputOf('arguments') },
  tool_search_output: { tool: 'tool-search', name: 'tool_search', output: source('tools') },
  program: { tool: 'other', name: 'program', input: inputOf('code', 'code') },
  program_output: { tool: 'other', name: 'program', output: source('result') },
}

const kindOf = (type: string): HostedKind | undefined =>
  Object.hasOwn(kinds, type) ? kinds[type] : undefined

/** The parts of a hosted item; undefined for every other item. */
export const decodeHosted = (item: JsonObject, document: JsonDocument): readonly Part[] | undefined => {
  const kind = kindOf(stringMember(item, 'type') ?? '')
  if (kind === undefined) return undefined
  const raw = { protocol: protocolId, json: document.source(item) } as const
  const callId = callIdOf(item, kind)
  const label = stringMember(item, 'server_label')
  const server = label === undefined ? {} : { server: label }
  const parts: Part[] = []
  if (kind.input !== undefined) {
    const call: ServerCallPart = {
      type: 'server-call',
      ...(callId === undefined ? {} : { id: callId }),
      tool: kind.tool,
      name: (kind.tool === 'mcp' ? stringMember(item, 'name') : undefined) ?? kind.name,
      input: kind.input(item, document),
      ...server,
      ...(awaitsClient(item) ? { byClient: true } : {}),
      raw,
    }
    parts.push(call)
  }
  const image = imageOf(item)
  if (image !== undefined) parts.push({ ...image, raw })
  const output = kind.output?.(item, document)
  if (output === undefined && kind.input !== undefined) return parts
  const result: ServerResultPart = {
    type: 'server-result',
    ...(callId === undefined ? {} : { callId }),
    tool: kind.tool,
    name: (kind.tool === 'mcp' ? stringMember(item, 'name') : undefined) ?? kind.name,
    output: output ?? 'null',
    ...server,
    ...(kind.failed?.(item) === true ? { isError: true } : {}),
    raw,
  }
  parts.push(result)
  return parts
}

/** Hosted calls are named by their item's id. A result of its own names its call; a shell's does it by `id`. */
const callIdOf = (item: JsonObject, kind: HostedKind): string | undefined => {
  const callId = stringMember(item, 'call_id')
  if (callId !== undefined) return callId
  return kind.input !== undefined || item['type'] === 'local_shell_call_output'
    ? stringMember(item, 'id')
    : undefined
}

const imageOf = (item: JsonObject): ImagePart | undefined => {
  const data = item['type'] === 'image_generation_call' ? stringMember(item, 'result') : undefined
  if (data === undefined) return undefined
  const format = stringMember(item, 'output_format')
  return {
    type: 'image',
    source: { type: 'base64', data, ...(format === undefined ? {} : { mediaType: `image/${format}` }) },
  }
}

/** Does this item wait for the client? Then the answer stopped for a tool call (translation.md §11.1). */
export const awaitsClient = (item: JsonObject): boolean => {
  switch (item['type']) {
    case 'function_call':
    case 'custom_tool_call':
    case 'computer_call':
    case 'local_shell_call':
    case 'apply_patch_call':
    case 'mcp_approval_request':
      return true
    case 'shell_call': {
      const environment = objectMember(item, 'environment')
      return environment === undefined || environment['type'] === 'local'
    }
    case 'tool_search_call':
      return item['execution'] === 'client'
    default:
      return false
  }
}
