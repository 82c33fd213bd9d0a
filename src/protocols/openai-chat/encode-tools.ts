import {
  extensionOf,
  type FunctionTool,
  type GenerateRequest,
  type ToolChoice,
  type ToolDefinition,
} from '../../ir/index.ts'
import { rawJson } from '../../wire/index.ts'
import { wireName } from './encode-calls.ts'
import { protocol } from './encode-parts.ts'
import type { LossReporter } from './losses.ts'
import { optional } from './members.ts'
import { type Members, restore, spellingKey } from './remainder.ts'
import type { ChatFunction, ChatTool, ChatToolChoice, ChatToolName } from './wire.ts'

/** `web_search_options` is the switch of a tool here, not an entry of the list. */
export const webSearchOptions = 'web_search_options'

/** The members that say the request's tools: `tools`, the older `functions`, and `web_search_options`. */
export const encodeTools = (request: GenerateRequest, losses: LossReporter): Members => {
  const tools: unknown[] = []
  const functions: unknown[] = []
  let search: unknown
  request.tools.forEach((tool, index) => {
    const path = `tools[${index}]`
    if (tool.type === 'function' && isOldForm(tool)) functions.push(encodeFunction(tool))
    else if (tool.type === 'server' && tool.wireType === webSearchOptions) search = rawJson(tool.config)
    else if (tool.type === 'server' && request.protocol === protocol) tools.push(rawJson(tool.config))
    else if (tool.type === 'server' && tool.tool === 'web-search') {
      search = {}
      losses.approximated('web search', path, 'only the switch has a counterpart')
    } else if (tool.type === 'server') losses.dropped(tool.wireType, path, 'no counterpart')
    else tools.push(...flatten(tool).map(encodeTool))
  })
  return {
    ...(tools.length === 0 ? {} : { tools }),
    ...(functions.length === 0 ? {} : { functions }),
    ...(search === undefined ? {} : { web_search_options: search }),
  }
}

/** Namespaces do not exist here: their tools get the namespace as prefix, and its description in front. */
const flatten = (tool: ToolDefinition): readonly ToolDefinition[] => {
  if (tool.type !== 'namespace') return [tool]
  return tool.tools.flatMap(flatten).map((member) => {
    if (member.type !== 'function' && member.type !== 'custom') return member
    const description = [tool.description, member.description].filter((text) => text !== undefined)
    return {
      ...member,
      name: wireName({ name: member.name, namespace: tool.name }),
      ...(description.length === 0 ? {} : { description: description.join('\n\n') }),
    }
  })
}

const encodeTool = (tool: ToolDefinition): ChatTool | Members => {
  const canonical = canonicalTool(tool)
  return canonical === undefined ? {} : restore(canonical, extensionOf(tool, protocol))
}

/** The list entry without its extension. */
export const canonicalTool = (tool: ToolDefinition): ChatTool | undefined => {
  if (tool.type === 'function') return { type: 'function', function: canonicalFunction(tool) }
  if (tool.type !== 'custom') return undefined
  return {
    type: 'custom',
    custom: {
      name: tool.name,
      ...optional('description', tool.description),
      ...(tool.format === undefined ? {} : { format: rawJson(tool.format) }),
    },
  }
}

const encodeFunction = (tool: FunctionTool): ChatFunction | Members =>
  restore(canonicalFunction(tool), extensionOf(tool, protocol))

export const canonicalFunction = (tool: FunctionTool): ChatFunction => ({
  name: tool.name,
  ...optional('description', tool.description),
  ...(tool.parameters === undefined ? {} : { parameters: rawJson(tool.parameters) }),
  ...optional('strict', tool.strict),
})

/** Came from `functions`, and goes back there. */
const isOldForm = (tool: FunctionTool): boolean => extensionOf(tool, protocol)[spellingKey] === 'functions'

/** `tool_choice`, or the older `function_call`. Backends refuse a choice without tools. */
export const encodeToolChoice = (request: GenerateRequest): Members => {
  const { toolChoice } = request
  if (toolChoice === undefined) return {}
  if (request.tools.length === 0 && request.protocol !== protocol) return {}
  if (toolChoice.raw?.protocol === protocol) return { tool_choice: rawJson(toolChoice.raw.json) }
  const extension = extensionOf(toolChoice, protocol)
  if (extension[spellingKey] === 'function_call') {
    const named = toolChoice.type === 'tool' ? { name: toolChoice.name } : toolChoice.type
    return { function_call: named }
  }
  const canonical = canonicalToolChoice(toolChoice)
  if (canonical === undefined) return {}
  if (typeof canonical === 'string') return { tool_choice: extension['tool_choice'] ?? canonical }
  return { tool_choice: restore(canonical, extension) }
}

export const canonicalToolChoice = (choice: ToolChoice): ChatToolChoice | undefined => {
  switch (choice.type) {
    case 'auto':
    case 'none':
    case 'required':
      return choice.type
    case 'tool':
      return choice.kind === 'server' ? undefined : toolName(choice.name, choice.kind)
    case 'allowed':
      return {
        type: 'allowed_tools',
        allowed_tools: {
          mode: choice.mode === 'required' ? 'required' : 'auto',
          tools: choice.names.map((name) => toolName(name, 'function')),
        },
      }
    case 'other':
      return undefined
  }
}

const toolName = (name: string, kind: 'function' | 'custom'): ChatToolName =>
  kind === 'custom' ? { type: 'custom', custom: { name } } : { type: 'function', function: { name } }
