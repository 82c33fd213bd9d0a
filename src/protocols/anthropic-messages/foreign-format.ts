import type { Capabilities, GenerateRequest, OutputFormat, Turn } from '../../ir/index.ts'
import type { BlockContext } from './block-context.ts'

export interface AdoptedFormat {
  readonly output?: OutputFormat
  /** A system line that asks for what no field can ask for. */
  readonly emulated?: Turn
}

/**
 * Output formats of another protocol (translation.md §6.1). Only a schema has a field of its own, and only where the
 * model takes one; any other JSON is asked for in one fixed line at the end of the system text.
 */
export const adoptedFormat = (
  request: GenerateRequest,
  capabilities: Pick<Capabilities, 'jsonSchema'> | undefined,
  context: BlockContext,
): AdoptedFormat => {
  const output = request.turns.findLast((turn) => turn.output !== undefined)?.output ?? request.output
  if (output === undefined || output.type === 'text') return output === undefined ? {} : { output }
  if (output.type === 'enum' && output.schema !== undefined) {
    context.warn('approximated', 'enum output', 'output', 'the value comes inside of an object')
    const schema = `{"type":"object","properties":{"value":${output.schema}},"required":["value"],"additionalProperties":false}`
    return asked({ ...output, type: 'json-schema', schema }, capabilities, context)
  }
  return asked(output, capabilities, context)
}

const asked = (
  output: OutputFormat,
  capabilities: Pick<Capabilities, 'jsonSchema'> | undefined,
  context: BlockContext,
): AdoptedFormat => {
  const { schema } = output
  if (output.type === 'json-schema' && schema !== undefined && capabilities?.jsonSchema !== false) {
    return { output }
  }
  const feature = schema === undefined ? 'json output' : 'json schema output'
  context.warn('approximated', feature, 'output', 'asked for in the system text')
  return { output: { type: 'text' }, emulated: systemLine(instruction(schema)) }
}

const instruction = (schema: string | undefined): string =>
  schema === undefined
    ? 'Respond with a single JSON object and nothing else.'
    : `Respond with a single JSON object and nothing else. It must match this JSON Schema: ${schema}`

const systemLine = (text: string): Turn => ({
  role: 'system',
  placement: 'preamble',
  parts: [{ type: 'text', text }],
})
