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
import { optional } from './members.ts'
import { refuse } from './refuse.ts'
import { type Members, restore, spellingKey } from './remainder.ts'
import type { ChatFunction, ChatTool, ChatToolChoice, ChatToolName } from './wire.ts'

/** `web_search_options` is the switch of a tool here, not an entry of the list. */
export const webSearchOptions = 'web_search_options'

/**
 * The members that say the request's tools: `tools`, the older `functions`, and `web_search_options`.
 * @throws GatewayError `gateway_translation_unsupported` for tools that run at another provider
 */
export const encodeTools = (request: Pick<GenerateRequest, 'protocol' | 'tools'>): Members => {
  const tools: unknown[] = []
  const functions: unknown[] = []
  let search: unknown
  request.tools.forEach((tool, index) => {
    if (tool.type === 'function' && isOldForm(tool)) functions.push(encodeFunction(tool))
    else if (tool.type === 'server' && tool.wireType === webSearchOptions) search = rawJson(tool.config)
    else if (tool.type === 'server' && request.protocol === protocol) tools.push(rawJson(tool.config))
    else if (tool.type === 'server') refuse(tool.at ?? `tools[${index}]`, `the tool ${tool.wireType}`)
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

/**
 * `tool_choice`, or the older `function_call`.
 * @throws GatewayError `gateway_translation_unsupported` for a choice of what runs at another provider
 */
export const encodeToolChoice = (
  request: Pick<GenerateRequest, 'protocol' | 'tools' | 'toolChoice'>,
): Members => {
  const { toolChoice } = request
  if (toolChoice === undefined) return {}
  if (toolChoice.raw?.protocol === protocol) return { tool_choice: rawJson(toolChoice.raw.json) }
  const extension = extensionOf(toolChoice, protocol)
  if (extension[spellingKey] === 'function_call') {
    const named = toolChoice.type === 'tool' ? { name: toolChoice.name } : toolChoice.type
    return { function_call: named }
  }
  const custom = request.tools.flatMap((tool) => (tool.type === 'custom' ? [tool.name] : []))
  const canonical = canonicalToolChoice(toolChoice, custom)
  if (canonical === undefined) {
    return request.protocol === protocol ? {} : refuse(toolChoice.at ?? 'toolChoice', 'this choice of a tool')
  }
  if (typeof canonical === 'string') return { tool_choice: extension['tool_choice'] ?? canonical }
  return { tool_choice: restore(canonical, extension) }
}

/** @param custom names of the tools that take free text */
export const canonicalToolChoice = (
  choice: ToolChoice,
  custom: readonly string[],
): ChatToolChoice | undefined => {
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
          tools: choice.names.map((name) => toolName(name, custom.includes(name) ? 'custom' : 'function')),
        },
      }
    case 'other':
      return undefined
  }
}

const toolName = (name: string, kind: 'function' | 'custom'): ChatToolName =>
  kind === 'custom' ? { type: 'custom', custom: { name } } : { type: 'function', function: { name } }
