import type { GenerateRequest, Turn } from '../../ir/index.ts'

/** The lines that the gateway adds to system text (translation.md §6.1), and no others. */
export const jsonLine = 'Respond with a single JSON object and nothing else.'

export const jsonSchemaLine = (schema: string): string =>
  `${jsonLine} It must match this JSON Schema: ${schema}`

/** Behind the leading system text, so that it is always in the same place. */
export const withSystemLine = (request: GenerateRequest, text: string): GenerateRequest => {
  const first = request.turns.findIndex((turn) => turn.role !== 'system')
  const at = first < 0 ? request.turns.length : first
  const line: Turn = { role: 'system', placement: 'preamble', parts: [{ type: 'text', text }] }
  return { ...request, turns: request.turns.toSpliced(at, 0, line) }
}
