import {
  extensionOf,
  type FunctionTool,
  type GenerateRequest,
  type JsonText,
  type ProtocolId,
  type ToolDefinition,
} from '../../ir/index.ts'
import type { Pass, TranslationContext } from '../pass.ts'
import { fitSchema } from '../settings/index.ts'
import { parameterSchema } from './parameter-schema.ts'
import { withoutExtension } from './without-extension.ts'

/**
 * What definitions of functions say beyond name and parameters, in the target's terms (translation.md TD3–TD8, TD16,
 * §5.1). Takes the flat list of functions and tools of the target.
 */
export const toolDefinitions: Pass = {
  name: 'tool definitions',
  run(request, context) {
    if (request.protocol === context.target.protocol) return { request }
    const adopt = (tools: readonly ToolDefinition[], path: string) =>
      tools.map((tool, index) =>
        tool.type === 'function' ? adopted(tool, tool.at ?? `${path}[${index}]`, request, context) : tool,
      )
    refuseTooMany(request, context)
    return {
      request: {
        ...request,
        tools: adopt(request.tools, 'tools'),
        turns: request.turns.map((turn, index) =>
          turn.tools === undefined ? turn : { ...turn, tools: adopt(turn.tools, `turns[${index}].tools`) },
        ),
      },
    }
  },
}

const refuseTooMany = ({ tools }: GenerateRequest, { target, refuse }: TranslationContext): void => {
  const { maxTools } = target.capabilities
  if (maxTools === undefined || tools.length <= maxTools) return
  refuse(`${tools.length} tools`, 'tools', `${maxTools} are the most that it takes`)
}

const adopted = (
  tool: FunctionTool,
  at: string,
  request: GenerateRequest,
  context: TranslationContext,
): FunctionTool => {
  refuseCallers(tool, at, request, context)
  const judged = withoutExtension(tool, request.protocol, ['allowed_callers', 'input_examples'])
  const { strict: _strict, outputSchema: _output, nonBlocking: _blocking, raw: _raw, ...rest } = judged
  const description = withExamples(tool)
  const parameters = tool.parameters === undefined ? undefined : schemaOf(tool, at, tool.parameters, context)
  return {
    ...rest,
    ...(description === undefined ? {} : { description }),
    ...strictnessOf(tool, at, parameters, request, context),
    ...answerOf(tool, at, context),
  }
}

const schemaOf = (
  { name }: FunctionTool,
  at: string,
  source: string,
  { target, refuse }: TranslationContext,
): string => {
  const schema = parameterSchema(source)
  if (schema.type === 'schema') return schema.source
  // Gemini alone takes any schema.
  return target.protocol === 'gemini' ? source : refuse(`the function ${name}`, at, schema.reason)
}

/**
 * Who may call it. Code of the model's that runs at the provider cannot be the only caller where there is none.
 */
const refuseCallers = (
  tool: FunctionTool,
  at: string,
  { protocol }: GenerateRequest,
  { warn, refuse }: TranslationContext,
): void => {
  const callers = extensionOf(tool, protocol)['allowed_callers']
  if (!Array.isArray(callers) || callers.length === 0) return
  if (!callers.includes('direct')) {
    refuse(`the function ${tool.name}`, at, 'only code that runs at its own provider may call it')
  }
  if (callers.length > 1) {
    warn('dropped', 'allowed callers', at, 'the model calls it directly, code of its own does not')
  }
}

/** Examples of arguments have no field elsewhere. */
const withExamples = (tool: FunctionTool): string | undefined => {
  const examples = extensionOf(tool, 'anthropic-messages')['input_examples']
  if (!Array.isArray(examples) || examples.length === 0) return tool.description
  const said = `Examples: ${JSON.stringify(examples)}`
  return tool.description === undefined || tool.description === '' ? said : `${tool.description}\n\n${said}`
}

interface Strictness {
  readonly strict?: boolean
  readonly parameters?: JsonText
}

/**
 * Held to the schema where the target decodes by it and the schema can be made to fit (translation.md §6.2). OpenAI's
 * Responses mean `true` where nothing is said, everybody else `false`.
 */
const strictnessOf = (
  tool: FunctionTool,
  at: string,
  parameters: JsonText | undefined,
  request: GenerateRequest,
  { target, warn }: TranslationContext,
): Strictness => {
  const said = parameters === undefined ? {} : { parameters }
  const loose = target.protocol === 'openai-responses' ? { ...said, strict: false } : said
  const isImplied = tool.strict === undefined && request.protocol === 'openai-responses'
  if (tool.strict !== true && !isImplied) return loose
  if (!target.capabilities.strictTools) {
    if (!isImplied) warn('approximated', 'strict', at, 'the model is not held to the schema')
    return loose
  }
  // They hold to schemas by the same rules.
  const isShared = isOpenai(request.protocol) && isOpenai(target.protocol)
  if (target.protocol === 'gemini' || (isShared && !isImplied)) return { ...said, strict: true }
  const dialect = target.protocol === 'anthropic-messages' ? 'anthropic' : 'openai-strict'
  const fitted = fitSchema(parameters ?? noParameters, dialect)
  if (isImplied) {
    return isShared && fitted.misfit === undefined && fitted.schema === parameters
      ? { ...said, strict: true }
      : loose
  }
  if (fitted.misfit !== undefined) {
    warn('approximated', 'strict', at, `the model is not held to the schema: ${fitted.misfit}`)
    return loose
  }
  for (const keyword of fitted.described) {
    warn('approximated', `schema keyword ${keyword}`, at, 'said in words in the description')
  }
  return { parameters: fitted.schema, strict: true }
}

const isOpenai = (protocol: ProtocolId): boolean => protocol.startsWith('openai-')

const noParameters = '{"type":"object","properties":{},"required":[],"additionalProperties":false}'

/** How the tool answers: OpenAI's Responses and Gemini have words for it. */
const answerOf = (
  { outputSchema, nonBlocking }: FunctionTool,
  at: string,
  { target, warn }: TranslationContext,
): Pick<FunctionTool, 'outputSchema' | 'nonBlocking'> => {
  if (target.protocol === 'openai-responses' || target.protocol === 'gemini') {
    return {
      ...(outputSchema === undefined ? {} : { outputSchema }),
      ...(nonBlocking === undefined ? {} : { nonBlocking }),
    }
  }
  if (outputSchema !== undefined) warn('dropped', 'result schema', at, 'no counterpart')
  if (nonBlocking === true) warn('approximated', 'non-blocking tool', at, 'the model waits for the result')
  return {}
}
