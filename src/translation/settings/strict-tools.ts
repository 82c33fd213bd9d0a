import type { FunctionTool, GenerateRequest, ToolDefinition } from '../../ir/index.ts'
import type { Pass, TranslationContext } from '../pass.ts'
import { fitSchema } from './fit-schema.ts'

/**
 * `strict` on functions (translation.md TD3, §6.2): kept where the target decodes arguments by their schema and the
 * schema fits what it takes; otherwise the tool stays, without strictness. Between OpenAI's protocols it is the same.
 */
export const strictTools: Pass = {
  name: 'strict tools',
  run(request, context) {
    if (request.protocol === context.target.protocol || sharesDialect(request, context)) return { request }
    const fit = (tool: ToolDefinition, index: number): ToolDefinition =>
      tool.type === 'function' && tool.strict === true ? fitted(tool, `tools[${index}]`, context) : tool
    const tools = request.tools.map(fit)
    if (tools.every((tool, index) => tool === request.tools[index])) return { request }
    return { request: { ...request, tools } }
  },
}

const sharesDialect = ({ protocol }: GenerateRequest, { target }: TranslationContext): boolean =>
  protocol.startsWith('openai-') && target.protocol.startsWith('openai-') && target.capabilities.strictTools

const fitted = (tool: FunctionTool, place: string, { target, warn }: TranslationContext): FunctionTool => {
  const at = tool.at ?? place
  const { strict: _strict, ...loose } = tool
  if (!target.capabilities.strictTools) {
    warn('approximated', 'strict arguments', at, 'this model does not enforce them')
    return loose
  }
  if (target.protocol === 'gemini') return tool
  const dialect = target.protocol === 'anthropic-messages' ? 'anthropic' : 'openai-strict'
  const schema = fitSchema(tool.parameters ?? emptyObject, dialect)
  if (schema.misfit !== undefined) {
    warn('approximated', 'strict arguments', at, `not enforced: ${schema.misfit}`)
    return { ...loose, strict: false }
  }
  for (const keyword of schema.described) {
    warn('approximated', `schema keyword ${keyword}`, at, 'said in words in the description')
  }
  return tool.parameters === undefined ? tool : { ...tool, parameters: schema.schema }
}

const emptyObject = '{"type":"object","properties":{},"additionalProperties":false}'
