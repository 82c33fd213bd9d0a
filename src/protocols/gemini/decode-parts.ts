import {
  extend,
  isJsonObject,
  type JsonObject,
  type OpaquePart,
  type Part,
  type Raw,
  type ReasoningState,
  type ToolResultPart,
} from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { decodeBlob, decodeFile } from './decode-media.ts'
import { serverPart } from './decode-server-parts.ts'
import { inputOf } from './json-text.ts'
import { type ObjectReader, readObject } from './read-object.ts'

/** Note in a call's extension: the wire had no `args`. */
export const noArgsNote = '$noArgs'

/** The parts of one content, in order. Nothing is refused: what is unknown becomes an opaque part. */
export const decodeParts = (document: JsonDocument, wire: readonly unknown[], isModel: boolean): Part[] => {
  const answered = isModel ? answersIn(wire) : undefined
  return wire.map((part) => decodePart(document, part, answered))
}

/** Names and ids of the calls that are answered in the same model turn: they ran at the provider (MCP). */
export type Answers = ReadonlySet<string>

const answersIn = (wire: readonly unknown[]): Answers => {
  const answers = new Set<string>()
  for (const part of wire) {
    const response = isJsonObject(part) ? readObject(part).object('functionResponse') : undefined
    if (response === undefined) continue
    for (const key of ['id', 'name']) {
      const value = response[key]
      if (typeof value === 'string') answers.add(value)
    }
  }
  return answers
}

/** @param answers of the model turn that the part stands in; absent in a user turn */
export const decodePart = (document: JsonDocument, wire: unknown, answers: Answers | undefined): Part => {
  const raw: Raw = { protocol: 'gemini', json: document.source(wire) }
  if (!isJsonObject(wire)) return { type: 'opaque', name: '', raw }
  const reader = readObject(wire)
  const signature = reader.string('thoughtSignature')
  const content = contentOf(document, wire, reader, answers)
  const extensions = extend('gemini', { ...content.extensions?.gemini, ...reader.rest() })
  return { ...content, ...stateOf(signature), ...extensions, raw }
}

export const stateOf = (signature: string | undefined): { readonly state?: ReasoningState } =>
  signature === undefined
    ? {}
    : { state: { protocol: 'gemini', kind: 'thought-signature', value: signature } }

const contentOf = (
  document: JsonDocument,
  wire: JsonObject,
  reader: ObjectReader,
  answers: Answers | undefined,
): Part => {
  const text = reader.string('text')
  if (text !== undefined) {
    if (!isThought(wire)) return { type: 'text', text }
    reader.take('thought')
    return { type: 'reasoning', pieces: [{ kind: 'summary', text }] }
  }
  const call = wholeCall(wire, reader)
  if (call !== undefined) return decodeCall(document, call, answers)
  const result = reader.object('functionResponse')
  if (result !== undefined) return decodeResult(document, result, answers !== undefined)
  const blob = reader.object('inlineData')
  const media = blob === undefined ? undefined : decodeBlob(blob)
  if (media !== undefined) return withDetail(media, reader, wire)
  const fileObject = reader.object('fileData')
  const file = fileObject === undefined ? undefined : decodeFile(fileObject)
  if (file !== undefined) return withDetail(file, reader, wire)
  return serverPart(document, reader) ?? unknownPart(wire)
}

export const isThought = (wire: JsonObject): boolean => wire['thought'] === true

/** A call with partial arguments is a piece of a stream; only the stream decoder can put it together. */
const wholeCall = (wire: JsonObject, reader: ObjectReader): JsonObject | undefined => {
  const call = readObject(wire).object('functionCall')
  return call !== undefined && typeof call['name'] === 'string' ? reader.object('functionCall') : undefined
}

const decodeCall = (document: JsonDocument, call: JsonObject, answers: Answers | undefined): Part => {
  const reader = readObject(call)
  const id = reader.string('id')
  const name = reader.string('name') ?? ''
  const args = reader.object('args')
  const input = args === undefined ? '{}' : inputOf(args, document.source(args))
  const rest = { ...reader.rest(), ...(args === undefined ? { [noArgsNote]: true } : {}) }
  const common = { ...(id === undefined ? {} : { id }), name, input, ...notes('functionCall', rest) }
  if (answers?.has(id ?? name) === true) return { type: 'server-call', tool: 'mcp', ...common }
  return { type: 'tool-call', kind: 'function', ...common }
}

/** What is left of an inner object is kept under its own name, for an encoder that has lost the raw slice. */
const notes = (name: string, rest: JsonObject) =>
  Object.keys(rest).length === 0 ? {} : extend('gemini', { [`$${name}`]: rest })

const decodeResult = (document: JsonDocument, wire: JsonObject, inModelTurn: boolean): Part => {
  const reader = readObject(wire)
  const callId = reader.string('id')
  const name = reader.string('name') ?? ''
  const response = reader.object('response')
  const media = reader.list('parts')
  const output = response === undefined ? '{}' : document.source(response)
  const rest = reader.rest()
  if (inModelTurn) {
    const call = callId === undefined ? {} : { callId }
    return { type: 'server-result', tool: 'mcp', ...call, name, output, ...notes('functionResponse', rest) }
  }
  const said = resultContent(document, response, output)
  return {
    type: 'tool-result',
    kind: 'function',
    ...(callId === undefined ? {} : { callId }),
    name,
    content: [...said.content, ...decodeParts(document, media ?? [], false)],
    ...(said.isError ? { isError: true } : {}),
    ...notes('functionResponse', rest),
  }
}

/** Exactly one string under `output` or `result` is text; one value under `error` a failure; all else is structured. */
const resultContent = (
  document: JsonDocument,
  response: JsonObject | undefined,
  source: string,
): { readonly content: ToolResultPart['content']; readonly isError: boolean } => {
  const entries = Object.entries(response ?? {})
  const [key, value] = entries[0] ?? []
  if (entries.length === 1 && key === 'error') {
    const said: Part =
      typeof value === 'string'
        ? { type: 'text', text: value }
        : { type: 'json', json: document.source(value) }
    return { content: [said], isError: true }
  }
  if (entries.length === 1 && typeof value === 'string' && (key === 'output' || key === 'result')) {
    const spelling = key === 'result' ? extend('gemini', { $key: key }) : {}
    return { content: [{ type: 'text', text: value, ...spelling }], isError: false }
  }
  return { content: [{ type: 'json', json: source }], isError: false }
}

const withDetail = (part: Part, reader: ObjectReader, wire: JsonObject): Part => {
  const resolution = readObject(wire).object('mediaResolution')
  const level = resolution?.['level']
  const detail = typeof level === 'string' && Object.hasOwn(details, level) ? details[level] : undefined
  if (part.type !== 'image' || detail === undefined || resolution === undefined) return part
  if (Object.keys(resolution).length === 1) reader.take('mediaResolution')
  return { ...part, detail }
}

/** OpenAI's words for the same thing (translation.md §4.3); the middle one is what the model does by itself. */
const details: Readonly<Record<string, string>> = {
  MEDIA_RESOLUTION_LOW: 'low',
  MEDIA_RESOLUTION_HIGH: 'high',
  MEDIA_RESOLUTION_ULTRA_HIGH: 'original',
}

const unknownPart = (wire: JsonObject): OpaquePart => ({
  type: 'opaque',
  name: Object.keys(wire).find((key) => key !== 'thoughtSignature' && key !== 'thought') ?? '',
})
