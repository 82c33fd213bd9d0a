import type { GenerateRequest, ToolChoice, ToolDefinition } from '../../ir/index.ts'
import type { Pass, TranslationContext } from '../pass.ts'

/**
 * Which tools may or must be called, in the target's terms (translation.md §5.2). Takes the flat list of functions and
 * tools of the target, under the target's names.
 */
export const toolChoice: Pass = {
  name: 'tool choice',
  run(request, context) {
    if (request.protocol === context.target.protocol) return { request }
    if (!hasTools(request)) return { request: withoutChoice(request) }
    const { toolChoice: choice } = request
    if (choice === undefined) return { request }
    const allowed = choice.type === 'allowed' ? allowedOnly(request, choice, context) : request
    const reached = ownTools(sayable(allowed, context), context)
    return { request: hasTools(reached) ? unforced(reached, context) : withoutChoice(reached) }
  },
}

const hasTools = ({ tools, turns }: GenerateRequest): boolean =>
  tools.length > 0 || turns.some((turn) => (turn.tools?.length ?? 0) > 0)

/** Both are refused where there are no tools: Codex sends them when it compacts. */
const withoutChoice = (request: GenerateRequest): GenerateRequest => {
  if (request.toolChoice === undefined && request.parallelToolCalls === undefined) return request
  const { toolChoice: _choice, parallelToolCalls: _parallel, ...rest } = request
  return rest
}

type AllowedChoice = Extract<ToolChoice, { type: 'allowed' }>

/**
 * A choice of several. A target without such a thing gets those tools alone, which costs the prompt cache; one that
 * might not know the words must not get them, as it would offer what the client excluded.
 */
const allowedOnly = (
  request: GenerateRequest,
  choice: AllowedChoice,
  context: TranslationContext,
): GenerateRequest => {
  if (knowsAllowed(request, choice, context)) return request
  const { tools } = request
  const node = choice.at === undefined ? {} : { at: choice.at }
  const [only] = choice.names
  const found = tools.find((tool) => tool.name === only)
  if (choice.mode === 'required' && choice.names.length === 1 && only !== undefined && found !== undefined) {
    return { ...request, toolChoice: { type: 'tool', name: only, kind: kindOf(found), ...node } }
  }
  const kept = tools.filter((tool) => namesOf(tool).some((name) => choice.names.includes(name)))
  if (kept.length < tools.length) {
    context.warn(
      'approximated',
      'allowed tools',
      choice.at ?? 'toolChoice',
      'the other tools are left out, which costs the prompt cache',
    )
  }
  const left = { ...request, tools: kept }
  if (!hasTools(left)) return withoutChoice(left)
  return { ...left, toolChoice: { type: choice.mode === 'required' ? 'required' : 'auto', ...node } }
}

const knowsAllowed = (
  { tools }: GenerateRequest,
  { names }: AllowedChoice,
  { target }: TranslationContext,
): boolean => {
  switch (target.protocol) {
    case 'openai-responses':
      return true
    case 'gemini':
      return !tools.some((tool) => tool.type === 'server')
    case 'openai-chat':
      // It came with the free-text tools; the encoder names functions alone.
      return (
        target.capabilities.customTools &&
        !tools.some((tool) => tool.type === 'custom' && names.includes(tool.name))
      )
    default:
      return false
  }
}

const kindOf = (tool: ToolDefinition): 'function' | 'custom' | 'server' =>
  tool.type === 'namespace' ? 'function' : tool.type

const namesOf = (tool: ToolDefinition): readonly string[] => {
  const name = tool.name === undefined ? [] : [tool.name]
  return tool.type === 'server' ? [...name, tool.wireType] : name
}

/** Chat and Gemini cannot be made to use a tool of the provider's. */
const sayable = (request: GenerateRequest, { target, refuse }: TranslationContext): GenerateRequest => {
  const { toolChoice: choice } = request
  if (choice?.type !== 'tool' || choice.kind !== 'server') return request
  if (target.protocol !== 'openai-chat' && target.protocol !== 'gemini') return request
  return refuse(
    `the choice of ${choice.name}`,
    choice.at ?? 'toolChoice',
    'the provider decides when it runs',
  )
}

/** Gemini's choice is one of functions: tools of its own run when they like, so they are left out where none shall. */
const ownTools = (request: GenerateRequest, { target, warn }: TranslationContext): GenerateRequest => {
  const { toolChoice: choice, tools } = request
  if (target.protocol !== 'gemini' || choice === undefined) return request
  const functions = tools.filter((tool) => tool.type !== 'server')
  if (functions.length === tools.length) return request
  if (choice.type === 'none') return { ...request, tools: functions }
  if (choice.type !== 'required' || functions.length > 0) return request
  const node = choice.at === undefined ? {} : { at: choice.at }
  warn(
    'approximated',
    'forced tool',
    choice.at ?? 'toolChoice',
    'the provider decides when its own tools run',
  )
  return { ...request, toolChoice: { type: 'auto', ...node } }
}

const isForced = (choice: ToolChoice | undefined): boolean =>
  choice?.type === 'required' ||
  choice?.type === 'tool' ||
  (choice?.type === 'allowed' && choice.mode === 'required')

/**
 * Some models refuse a forced tool, or one beside their thoughts. Thoughts that nobody asked for are switched off; those
 * that cannot be leave the model its choice. What the client asked for itself, the reasoning settings weigh.
 */
const unforced = (request: GenerateRequest, { target, warn }: TranslationContext): GenerateRequest => {
  const { forcedTools, forcedToolWithReasoning, reasoning } = target.capabilities
  const { toolChoice: choice } = request
  if (choice === undefined || !isForced(choice)) return request
  const thinks = reasoning.control !== 'none' && !forcedToolWithReasoning
  const isOff = request.reasoning?.mode === 'disabled' && reasoning.canDisable
  if (forcedTools === false || (thinks && !isOff && !reasoning.canDisable)) {
    const at = choice.at ?? 'toolChoice'
    warn('approximated', 'forced tool', at, 'the model cannot be forced, it may call the tool')
    return { ...request, toolChoice: { type: 'auto', ...(choice.at === undefined ? {} : { at: choice.at }) } }
  }
  const isSilent = request.reasoning === undefined && reasoning.onByDefault !== false
  if (!thinks || !isSilent) return request
  warn('dropped', 'reasoning', 'reasoning', 'the model does not think when a tool is forced')
  return { ...request, reasoning: { mode: 'disabled' } }
}
