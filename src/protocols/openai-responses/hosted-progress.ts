/** The events between `output_item.added` and `output_item.done` of hosted items (translation.md §14.2). */
import type { JsonObject } from '../../ir/index.ts'
import { arrayMember, member, objectMember, stringMember } from './members.ts'
import type { Written } from './patch.ts'
import type { Frame, ProgressType } from './wire.ts'

/** The item as it stands when it begins. */
export const startedItem = (item: Written): Written => {
  const started: Written = Object.hasOwn(item, 'status') ? { ...item, status: 'in_progress' } : item
  switch (item['type']) {
    case 'web_search_call':
      return { id: item['id'], type: item['type'], status: 'in_progress' }
    case 'file_search_call':
      return { ...started, queries: [], results: null }
    case 'code_interpreter_call':
      return { ...started, code: '', outputs: [] }
    case 'image_generation_call':
      return { id: item['id'], type: item['type'], status: 'in_progress' }
    case 'mcp_call':
      return { ...started, arguments: '', output: null, error: null }
    case 'mcp_list_tools':
      return { ...started, tools: [] }
    case 'shell_call': {
      const action = item['action']
      return typeof action === 'object' && action !== null && 'commands' in action
        ? { ...started, action: { ...action, commands: [] } }
        : started
    }
    case 'tool_search_call':
      return { ...started, arguments: {} }
    case 'shell_call_output':
    case 'program_output':
      return item['type'] === 'program_output' ? { ...item, result: '' } : { ...item, output: [] }
    default:
      return started
  }
}

export interface Progress {
  readonly before: readonly Frame[]
  readonly after: readonly Frame[]
}

/** Progress up to the point where the outcome is known, and the event that says so. */
export const progressOf = (item: JsonObject, outputIndex: number): Progress => {
  const at = { item_id: stringMember(item, 'id') ?? '', output_index: outputIndex }
  const report = <Type extends ProgressType>(type: Type) => ({ type, ...at })
  switch (item['type']) {
    case 'web_search_call':
      return {
        before: [
          report('response.web_search_call.in_progress'),
          report('response.web_search_call.searching'),
        ],
        after: [report('response.web_search_call.completed')],
      }
    case 'file_search_call':
      return {
        before: [
          report('response.file_search_call.in_progress'),
          report('response.file_search_call.searching'),
        ],
        after: [report('response.file_search_call.completed')],
      }
    case 'image_generation_call':
      return {
        before: [
          report('response.image_generation_call.in_progress'),
          report('response.image_generation_call.generating'),
        ],
        after: [report('response.image_generation_call.completed')],
      }
    case 'code_interpreter_call': {
      const code = stringMember(item, 'code') ?? ''
      const delta = { type: 'response.code_interpreter_call_code.delta', ...at, delta: code } as const
      return {
        before: [
          report('response.code_interpreter_call.in_progress'),
          ...(code === '' ? [] : [delta]),
          { type: 'response.code_interpreter_call_code.done', ...at, code },
          report('response.code_interpreter_call.interpreting'),
        ],
        after: [report('response.code_interpreter_call.completed')],
      }
    }
    case 'mcp_call': {
      const input = stringMember(item, 'arguments') ?? ''
      const delta = { type: 'response.mcp_call_arguments.delta', ...at, delta: input } as const
      return {
        before: [
          report('response.mcp_call.in_progress'),
          ...(input === '' ? [] : [delta]),
          { type: 'response.mcp_call_arguments.done', ...at, arguments: input },
        ],
        after: [report(isFailed(item) ? 'response.mcp_call.failed' : 'response.mcp_call.completed')],
      }
    }
    case 'mcp_list_tools':
      return {
        before: [report('response.mcp_list_tools.in_progress')],
        after: [
          report(isFailed(item) ? 'response.mcp_list_tools.failed' : 'response.mcp_list_tools.completed'),
        ],
      }
    case 'shell_call':
      return { before: shellCommands(item, outputIndex), after: [] }
    default:
      return { before: [], after: [] }
  }
}

const isFailed = (item: JsonObject): boolean =>
  item['status'] === 'failed' || (member(item, 'error') ?? null) !== null

/** These name their item by its place alone. */
const shellCommands = (item: JsonObject, outputIndex: number): readonly Frame[] => {
  const commands = arrayMember(objectMember(item, 'action') ?? {}, 'commands') ?? []
  return commands.flatMap((command, index): readonly Frame[] => {
    if (typeof command !== 'string') return []
    const at = { command_index: index, output_index: outputIndex }
    return [
      { type: 'response.shell_call_command.added', ...at, command: '' },
      { type: 'response.shell_call_command.delta', ...at, delta: command },
      { type: 'response.shell_call_command.done', ...at, command },
    ]
  })
}
