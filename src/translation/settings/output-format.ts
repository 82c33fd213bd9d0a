import type { GenerateRequest, JsonText, OutputFormat, Part } from '../../ir/index.ts'
import { eventChain } from '../event-chain.ts'
import type { Pass, Passed, TranslationContext } from '../pass.ts'
import { fitSchema } from './fit-schema.ts'
import { schemaAsTool } from './schema-as-tool.ts'
import { jsonLine, jsonSchemaLine, withSystemLine } from './system-line.ts'
import { isObjectSchema, unwrapValue, wrapSchema } from './wrapped-value.ts'

/**
 * The answer's format in words that the target has (translation.md §6): JSON without a schema, schemas within what its
 * constrained decoding takes, enums, roots that are no objects. Runs after the reasoning settings.
 */
export const outputFormat: Pass = {
  name: 'output format',
  run(asked, context) {
    if (asked.protocol === context.target.protocol) return { request: asked }
    const request = withLastFormat(asked)
    const { output } = request
    switch (output?.type) {
      case undefined:
      case 'text':
        return { request }
      case 'json':
        return { request: anyJson(request, output, context) }
      case 'json-schema':
      case 'enum':
        return output.schema === undefined
          ? { request: anyJson(request, output, context) }
          : bySchema(request, output, output.schema, context)
    }
  },
}

/** Responses can change the format in the middle; elsewhere the last one holds for the whole request. */
const withLastFormat = (request: GenerateRequest): GenerateRequest => {
  const output = request.turns.findLast((turn) => turn.output !== undefined)?.output
  if (output === undefined) return request
  const turns = request.turns.map((turn) => {
    const { output: _output, ...rest } = turn
    return turn.output === undefined ? turn : rest
  })
  return { ...request, turns, output }
}

const placeOf = (output: OutputFormat): string => output.at ?? 'output'

const anyJson = (
  request: GenerateRequest,
  output: OutputFormat,
  context: TranslationContext,
): GenerateRequest => {
  switch (context.target.protocol) {
    case 'gemini':
      return output.type === 'json' ? request : { ...request, output: { type: 'json' } }
    case 'anthropic-messages':
      context.warn('approximated', 'json output', placeOf(output), 'asked for in the system text')
      return withSystemLine(withoutFormat(request), jsonLine)
    default: {
      const plain: GenerateRequest = { ...request, output: { type: 'json' } }
      // OpenAI refuses JSON mode when the word is nowhere in the input.
      return request.turns.some((turn) => turn.parts.some(saysJson)) ? plain : withSystemLine(plain, jsonLine)
    }
  }
}

const saysJson = (part: Part): boolean => part.type === 'text' && /json/i.test(part.text)

const withoutFormat = (request: GenerateRequest): GenerateRequest => {
  const { output: _output, ...rest } = request
  return rest
}

const bySchema = (
  request: GenerateRequest,
  output: OutputFormat,
  schema: JsonText,
  context: TranslationContext,
): Passed => {
  const { capabilities, protocol } = context.target
  const isWrapped = protocol !== 'gemini' && (output.type === 'enum' || !isObjectSchema(schema))
  const { type: _type, ...members } = output
  const format: OutputFormat = {
    ...members,
    type: 'json-schema',
    schema: isWrapped ? wrapSchema(schema) : schema,
  }
  if (protocol === 'gemini' && output.type === 'enum') return { request }
  if (capabilities.jsonSchema && !capabilities.jsonSchemaWithTools && request.tools.length > 0) {
    const reason = 'this model gives it only without tools; take one of them out'
    context.refuse('json schema output', placeOf(output), reason)
  }
  const passed = withSchema(request, format, context)
  if (!isWrapped) return passed
  const unwrap = () => unwrapValue(output.type === 'enum')
  const { answer } = passed
  return { ...passed, answer: answer === undefined ? unwrap : () => eventChain([answer(), unwrap()]) }
}

const withSchema = (request: GenerateRequest, format: OutputFormat, context: TranslationContext): Passed => {
  const { protocol, capabilities } = context.target
  if (!capabilities.jsonSchema) return withoutSchemas(request, format, context)
  switch (protocol) {
    case 'anthropic-messages':
      return forAnthropic(request, format, context)
    case 'gemini': {
      const fitted = fitSchema(format.schema ?? '{}', 'gemini')
      warnOfWords(fitted.described, format, context)
      return { request: { ...request, output: { ...format, schema: fitted.schema } } }
    }
    default:
      return { request: { ...request, output: forOpenAi(request, format, context) } }
  }
}

/** The model has no such output: one forced tool where nothing speaks against it, else words. */
const withoutSchemas = (
  request: GenerateRequest,
  format: OutputFormat,
  context: TranslationContext,
): Passed => {
  const { protocol } = context.target
  const { reasoning } = request
  const thinks = reasoning?.mode === 'enabled' || reasoning?.mode === 'adaptive'
  if (protocol === 'anthropic-messages' && request.tools.length === 0 && !thinks) {
    return schemaAsTool(request, format)
  }
  context.warn('approximated', 'json schema output', placeOf(format), 'asked for in the system text')
  const line = withSystemLine(withoutFormat(request), jsonSchemaLine(format.schema ?? '{}'))
  const hasJsonMode = protocol !== 'anthropic-messages' && protocol !== 'gemini'
  return { request: hasJsonMode ? { ...line, output: { type: 'json' } } : line }
}

/** Anthropic decodes strictly or not at all. */
const forAnthropic = (
  request: GenerateRequest,
  format: OutputFormat,
  context: TranslationContext,
): Passed => {
  const fitted = fitSchema(format.schema ?? '{}', 'anthropic')
  if (fitted.misfit === undefined) {
    warnOfWords(fitted.described, format, context)
    return { request: { ...request, output: { ...format, schema: fitted.schema } } }
  }
  if (format.strict === true) context.refuse('strict json schema', placeOf(format), fitted.misfit)
  context.warn(
    'approximated',
    'json schema output',
    placeOf(format),
    `asked for in the system text: ${fitted.misfit}`,
  )
  return { request: withSystemLine(withoutFormat(request), jsonSchemaLine(format.schema ?? '{}')) }
}

/** Between OpenAI's two protocols a format is the same. Others decode strictly, so this one shall where it can. */
const forOpenAi = (
  request: GenerateRequest,
  format: OutputFormat,
  context: TranslationContext,
): OutputFormat => {
  const isSame = request.protocol === 'openai-chat' || request.protocol === 'openai-responses'
  if (isSame || format.strict !== undefined || !context.target.capabilities.strictTools) return format
  const fitted = fitSchema(format.schema ?? '{}', 'openai-strict')
  if (fitted.misfit === undefined) return { ...format, schema: fitted.schema, strict: true }
  context.warn('approximated', 'json schema output', placeOf(format), `not enforced: ${fitted.misfit}`)
  return { ...format, strict: false }
}

const warnOfWords = (
  keywords: readonly string[],
  format: OutputFormat,
  { warn }: TranslationContext,
): void => {
  for (const keyword of keywords) {
    warn('approximated', `schema keyword ${keyword}`, placeOf(format), 'said in words in the description')
  }
}
