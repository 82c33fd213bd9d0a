import { GatewayError } from '../../errors.ts'
import type { GenerateRequest, ServerToolDefinition, ToolChoice, ToolDefinition } from '../../ir/index.ts'
import { rawJson } from '../../wire/index.ts'
import { type BlockContext, encodeCacheMark, placeOf } from './block-context.ts'
import { isEmpty, withRest } from './members.ts'
import { ownRest } from './own.ts'
import { isOwnDefinition } from './server-tools.ts'
import { protocolId, type WireTool } from './wire.ts'

/** A schema is required; a function without parameters takes an empty object. */
const noParameters = { type: 'object', properties: {} }

/** What a free-text tool becomes: a function whose only argument is the text (translation.md §5.1, TD10). */
const freeText = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] }

/** Members of a request that say which tools there are and how they may be used. */
export const encodeTools = (
  request: GenerateRequest,
  context: BlockContext,
): { readonly tools?: readonly unknown[]; readonly tool_choice?: unknown } => {
  const { tools, choice } = allowedOnly(request, context)
  const encoded = tools.flatMap((tool, index) => encodeTool(tool, placeOf(tool, `tools[${index}]`), context))
  const toolChoice = encodeToolChoice(choice, request.parallelToolCalls, context)
  return {
    ...(encoded.length === 0 ? {} : { tools: encoded }),
    // A choice without tools is refused, but for one that the client itself sent so.
    ...(toolChoice === undefined || (context.isForeign && encoded.length === 0)
      ? {}
      : { tool_choice: toolChoice }),
  }
}

/**
 * The tools of a request of another protocol. Those that its history adds on its way join the list, which costs the
 * prompt cache, unless they come before anything else.
 */
export const allTools = (request: GenerateRequest, context: BlockContext): readonly ToolDefinition[] => {
  const adding = request.turns.filter((turn) => turn.tools !== undefined && turn.tools.length > 0)
  if (adding.length === 0) return request.tools
  const firstOther = request.turns.findIndex((turn) => turn.role !== 'system')
  for (const turn of adding) {
    const isLate = firstOther >= 0 && request.turns.indexOf(turn) > firstOther
    if (!isLate) continue
    context.warn('approximated', 'tools added later', placeOf(turn, 'turns'), 'sent with the first request')
  }
  return [...request.tools, ...adding.flatMap((turn) => turn.tools ?? [])]
}

/** There is no list of allowed tools: the others are taken out, which costs the prompt cache. */
const allowedOnly = (
  request: GenerateRequest,
  context: BlockContext,
): { readonly tools: readonly ToolDefinition[]; readonly choice: ToolChoice | undefined } => {
  const { tools, toolChoice } = request
  if (toolChoice?.type !== 'allowed') return { tools, choice: toolChoice }
  const [only] = toolChoice.names
  if (toolChoice.mode === 'required' && toolChoice.names.length === 1 && only !== undefined) {
    return { tools, choice: { type: 'tool', name: only, kind: 'function' } }
  }
  const at = placeOf(toolChoice, 'toolChoice')
  context.warn('approximated', 'allowed tools', at, 'other tools removed, prompt cache lost')
  return {
    tools: tools.filter((tool) => tool.name !== undefined && toolChoice.names.includes(tool.name)),
    choice: { type: toolChoice.mode === 'required' ? 'required' : 'auto' },
  }
}

const encodeTool = (tool: ToolDefinition, path: string, context: BlockContext): readonly unknown[] => {
  const rest = ownRest(tool) ?? {}
  switch (tool.type) {
    case 'function': {
      if (tool.outputSchema !== undefined) context.warn('dropped', 'result schema', path, 'no counterpart')
      if (tool.nonBlocking === true) {
        context.warn('approximated', 'non-blocking tool', path, 'the model waits for the result')
      }
      const encoded: { [key in keyof WireTool]: unknown } = {
        name: tool.name,
        description: tool.description,
        input_schema: schemaOf(tool.parameters, context),
        strict: tool.strict === false && context.isForeign ? undefined : tool.strict,
        defer_loading: tool.deferLoading,
        cache_control: encodeCacheMark(tool.cache, rest),
      }
      return [withRest(encoded, rest)]
    }
    case 'custom':
      context.warn('approximated', 'free-text tool', path, 'sent as a function with one text argument')
      return [
        withRest(
          {
            name: tool.name,
            description: [tool.description, tool.format]
              .filter((text) => text !== undefined && text !== '')
              .join('\n\n'),
            input_schema: freeText,
            cache_control: encodeCacheMark(tool.cache, rest),
          },
          rest,
        ),
      ]
    case 'namespace':
      return tool.tools.flatMap((inner, index) =>
        encodeTool(inNamespace(tool.name, inner), placeOf(inner, `${path}.tools[${index}]`), context),
      )
    case 'server':
      return [encodeServerTool(tool, path, context)]
  }
}

/** What a tool of another provider would do for the client, nobody here does; and what it may not do, nobody keeps. */
const encodeServerTool = (tool: ServerToolDefinition, path: string, context: BlockContext): unknown => {
  if (!context.isForeign || isOwnDefinition(tool.wireType)) return rawJson(tool.config)
  throw new GatewayError(
    'gateway_translation_unsupported',
    `the tool ${tool.wireType} of another provider has no counterpart`,
    { param: path },
  )
}

const schemaOf = (parameters: string | undefined, context: BlockContext): unknown => {
  if (parameters !== undefined) return rawJson(parameters)
  return context.isForeign ? noParameters : undefined
}

const inNamespace = (namespace: string, tool: ToolDefinition): ToolDefinition =>
  tool.type === 'server' ? tool : { ...tool, name: `${namespace}__${tool.name}` }

const encodeToolChoice = (
  choice: ToolChoice | undefined,
  parallel: boolean | undefined,
  context: BlockContext,
): unknown => {
  const disabled = parallel === false ? { disable_parallel_tool_use: true } : {}
  if (choice === undefined) return isEmpty(disabled) ? undefined : { type: 'auto', ...disabled }
  const rest = ownRest(choice) ?? {}
  switch (choice.type) {
    case 'auto':
      return withRest({ type: 'auto', ...disabled }, rest)
    case 'required':
      return withRest({ type: 'any', ...disabled }, rest)
    case 'none':
      return withRest({ type: 'none' }, rest)
    case 'tool':
      return withRest({ type: 'tool', name: choice.name, ...disabled }, rest)
    case 'allowed':
      return undefined
    case 'other':
      if (choice.raw?.protocol === protocolId) return rawJson(choice.raw.json)
      context.warn('dropped', 'tool choice', placeOf(choice, 'toolChoice'), 'unknown choice')
      return undefined
  }
}
