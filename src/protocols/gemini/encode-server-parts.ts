import {
  extensionOf,
  isJsonObject,
  type JsonObject,
  parseJson,
  type ServerCallPart,
  type ServerResultPart,
} from '../../ir/index.ts'
import { rawJson } from '../../wire/index.ts'
import { metadataNote } from './decode-grounding.ts'
import { codeNote } from './decode-server-parts.ts'
import { encodeCall } from './encode-calls.ts'
import type { EncodedPart, PartContext } from './encode-parts.ts'
import { argsOf, objectOf } from './json-text.ts'

/**
 * A call that ran at the provider. Searches and opened pages stand in an answer's metadata, not among its parts; in the
 * history of another provider they are left out, for its text says what they gave (translation.md §5.5).
 */
export const encodeServerCall = (part: ServerCallPart, context: PartContext): readonly EncodedPart[] => {
  if (isMetadata(part)) return []
  if (part.tool === 'code-execution') {
    const code = objectOf(part.input)['code']
    if (typeof code === 'string') return [{ executableCode: codeCall(part, code) }]
  }
  if (isToolType(part.name)) {
    return [{ toolCall: { ...idOf(part.id), toolType: part.name, args: argsOf(part.input) } }]
  }
  if (part.tool === 'mcp' && context.side !== 'foreign request') return [{ functionCall: encodeCall(part) }]
  return unsaid(part, context)
}

export const encodeServerResult = (part: ServerResultPart, context: PartContext): readonly EncodedPart[] => {
  if (isMetadata(part)) return []
  if (part.tool === 'code-execution') return [{ codeExecutionResult: codeResult(part) }]
  if (isToolType(part.name)) {
    return [{ toolResponse: { ...idOf(part.callId), toolType: part.name, response: responseOf(part) } }]
  }
  if (part.tool === 'mcp' && context.side !== 'foreign request') {
    const name = part.server === undefined ? part.name : `${part.server}_${part.name}`
    return [{ functionResponse: { ...idOf(part.callId), name, response: responseOf(part) } }]
  }
  return unsaid(part, context)
}

const unsaid = (part: ServerCallPart | ServerResultPart, context: PartContext): readonly EncodedPart[] => {
  const isInMetadata = part.tool === 'web-search' || part.tool === 'web-fetch'
  if (context.side !== 'foreign request' && isInMetadata) return []
  const what = part.type === 'server-call' ? 'call' : 'result'
  context.lose('dropped', `${part.tool} ${what}`, part, 'what ran at another provider is no part here')
  return []
}

const isMetadata = (part: ServerCallPart | ServerResultPart): boolean =>
  extensionOf(part, 'gemini')[metadataNote] === true

/** `toolType` of Gemini's own parts. */
const isToolType = (name: string): boolean => /^[A-Z][A-Z_]+$/.test(name)

const noted = (part: ServerCallPart | ServerResultPart): JsonObject => {
  const notes = extensionOf(part, 'gemini')[codeNote]
  return isJsonObject(notes) ? notes : {}
}

const codeCall = (part: ServerCallPart, code: string): object => ({
  ...idOf(part.id),
  language: 'PYTHON',
  code,
  ...noted(part),
})

const codeResult = (part: ServerResultPart): object => {
  const { output, outcome } = outcomeOf(part)
  return { ...idOf(part.callId), outcome, ...(output === '' ? {} : { output }), ...noted(part) }
}

interface Outcome {
  readonly output: string
  readonly outcome: 'OUTCOME_OK' | 'OUTCOME_FAILED' | 'OUTCOME_DEADLINE_EXCEEDED'
}

/** Logs as a list, or Anthropic's result object (translation.md §5.6, CE3). */
const outcomeOf = (part: ServerResultPart): Outcome => {
  const value = parseJson(part.output)
  const failed = part.isError === true
  if (Array.isArray(value)) {
    const logs = value.map((item: unknown) => (isJsonObject(item) ? item['logs'] : undefined))
    return {
      output: logs.filter((text) => typeof text === 'string').join(''),
      outcome: failed ? 'OUTCOME_FAILED' : 'OUTCOME_OK',
    }
  }
  const result = isJsonObject(value) ? value : {}
  if (result['error_code'] === 'execution_time_exceeded') {
    return { output: '', outcome: 'OUTCOME_DEADLINE_EXCEEDED' }
  }
  const code = result['return_code']
  const texts = [result['stdout'], result['stderr'], result['error_code']]
  return {
    output: texts.filter((text) => typeof text === 'string').join(''),
    outcome: failed || (typeof code === 'number' && code !== 0) ? 'OUTCOME_FAILED' : 'OUTCOME_OK',
  }
}

/** An object is the response itself; text goes under `output`, or `error` where the tool failed. */
const responseOf = (part: ServerResultPart): unknown => {
  const value = parseJson(part.output)
  if (isJsonObject(value)) return rawJson(part.output)
  return { [part.isError === true ? 'error' : 'output']: wordsOf(value, part.output) }
}

/** A string says itself; so do content blocks that are text alone. */
const wordsOf = (value: unknown, json: string): string => {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return json
  const texts = value.map((block: unknown) => (isJsonObject(block) ? block['text'] : undefined))
  return texts.every((text) => typeof text === 'string') ? texts.join('\n') : json
}

const idOf = (id: string | undefined) => (id === undefined ? {} : { id })
