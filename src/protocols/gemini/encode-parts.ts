import {
  extensionOf,
  isJsonObject,
  type JsonObject,
  type Part,
  type PartNode,
  type ServerCallPart,
  type ServerResultPart,
  type ToolCallPart,
  type ToolResultPart,
} from '../../ir/index.ts'
import { RawJson, rawJson, writeJson } from '../../wire/index.ts'
import { noArgsNote } from './decode-parts.ts'
import { encodeMedia, type MediaPart } from './encode-media.ts'
import type { Losses } from './losses.ts'
import { writeMembers } from './read-object.ts'
import type { WirePart } from './wire.ts'

export interface PartContext {
  readonly losses: Losses
  /** JSON path of the turn in the client's request, for warnings. */
  readonly path: string
  /** Readable thoughts of other protocols are no input for Gemini, but they are output for its clients. */
  readonly keepThoughts: boolean
  /** The name that a call id belongs to, where a result does not repeat it. */
  readonly nameOf: (callId: string) => string | undefined
}

/** Ready for `writeJson`. */
export type EncodedPart = WirePart | RawJson | Readonly<Record<string, unknown>>

/** One part as wire parts; a part of Gemini's own that nobody edited comes back verbatim. */
export const encodePart = (part: Part, context: PartContext): readonly EncodedPart[] => {
  if (part.raw?.protocol === 'gemini') return [rawJson(part.raw.json)]
  const bodies = contentOf(part, context)
  const signature = signatureOf(part)
  const extension = extensionOf(part, 'gemini')
  // A signature belongs to the part it came with, so it stands on the first one only.
  return bodies.map((body, index) =>
    index > 0 || body instanceof RawJson
      ? body
      : writeMembers(
          { ...body, ...(signature === undefined ? {} : { thoughtSignature: signature }) },
          extension,
        ),
  )
}

/** The state that Gemini itself gave; another provider's is of no use here. */
export const signatureOf = ({ state }: PartNode): string | undefined => {
  if (state?.protocol !== 'gemini' || state.kind !== 'thought-signature') return undefined
  return state.value
}

const contentOf = (part: Part, context: PartContext): readonly EncodedPart[] => {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return [{ text: part.text }]
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
      return mediaOf(part, context)
    case 'reasoning': {
      const text = part.pieces.map((piece) => piece.text).join('\n\n')
      if (context.keepThoughts) return [{ text, thought: true }]
      context.losses.add(
        'dropped',
        'reasoning',
        context.path,
        "another provider's reasoning is no input here",
      )
      return []
    }
    case 'tool-call':
      return [{ functionCall: encodeCall(part) }]
    case 'tool-result':
      return [{ functionResponse: encodeResult(part, context) }]
    case 'json':
      return [{ text: part.json }]
    case 'server-call':
      return encodeServerCall(part, context)
    case 'server-result':
      return encodeServerResult(part, context)
    case 'opaque':
      context.losses.add('dropped', part.name, context.path, 'the target protocol has no such block')
      return []
  }
}

const mediaOf = (part: MediaPart, context: PartContext): readonly EncodedPart[] => {
  if (part.source.type === 'parts') {
    return flatten(part.type === 'document' ? part.title : undefined, part.source.parts, context)
  }
  const body = encodeMedia(part, part.source)
  if (body !== undefined) return [body]
  context.losses.add(
    'dropped',
    `${part.type} file`,
    context.path,
    "another provider's file id does not cross",
  )
  return []
}

/** A document made of blocks, by a fixed template (translation.md §4.4). */
const flatten = (
  title: string | undefined,
  parts: readonly Part[],
  context: PartContext,
): readonly EncodedPart[] => {
  const name =
    title === undefined ? '' : ` title="${title.replaceAll('<', '&lt;').replaceAll('"', '&quot;')}"`
  return [
    { text: `<document${name}>\n` },
    ...parts.flatMap((part) => encodePart(part, context)),
    { text: '\n</document>' },
  ]
}

const innerNotes = (part: Part, name: string): JsonObject => {
  const notes = extensionOf(part, 'gemini')[`$${name}`]
  return isJsonObject(notes) ? notes : {}
}

const encodeCall = (part: ToolCallPart | ServerCallPart): object => {
  const notes = innerNotes(part, 'functionCall')
  const isCustom = part.type === 'tool-call' && part.kind === 'custom'
  const omitted = notes[noArgsNote] === true && part.input === '{}'
  const args = isCustom ? rawJson(JSON.stringify({ input: part.input })) : argsOf(part.input)
  return writeMembers({ id: part.id, name: part.name, args: omitted ? undefined : args }, notes)
}

/** Arguments as an object: blank means none, and what is no object is wrapped (translation.md §1.3). */
export const argsOf = (input: string): RawJson => {
  if (input.trim() === '') return rawJson('{}')
  try {
    if (isJsonObject(JSON.parse(input))) return rawJson(input)
  } catch {
    // Cut off by a length stop.
  }
  return rawJson(JSON.stringify({ INVALID_JSON: input }))
}

const encodeResult = (part: ToolResultPart, context: PartContext): object => {
  const media = part.content.filter((piece) => !isWords(piece))
  const result = {
    id: part.callId,
    name: part.name ?? (part.callId === undefined ? undefined : context.nameOf(part.callId)) ?? 'unknown',
    response: responseOf(part),
    parts: media.length === 0 ? undefined : media.flatMap((piece) => encodePart(piece, context)),
  }
  return writeMembers(result, innerNotes(part, 'functionResponse'))
}

const isWords = (part: Part): boolean =>
  part.type === 'text' || part.type === 'json' || part.type === 'refusal'

/** A structured value goes as it is; words go under `output`, or `error` where the tool failed. */
const responseOf = (part: ToolResultPart): RawJson => {
  const words = part.content.filter(isWords)
  const [only] = words
  if (words.length === 1 && only?.type === 'json' && isObject(only.json)) return rawJson(only.json)
  const text = words
    .map((piece) =>
      piece.type === 'text' || piece.type === 'refusal'
        ? piece.text
        : piece.type === 'json'
          ? piece.json
          : '',
    )
    .join('\n')
  const key = only === undefined ? undefined : extensionOf(only, 'gemini')['$key']
  return rawJson(
    JSON.stringify({ [part.isError === true ? 'error' : typeof key === 'string' ? key : 'output']: text }),
  )
}

const isObject = (json: string): boolean => /^\s*\{/.test(json)

const encodeServerCall = (part: ServerCallPart, context: PartContext): readonly EncodedPart[] => {
  if (part.tool === 'mcp') return [{ functionCall: encodeCall(part) }]
  if (part.tool === 'code-execution' && isCode(part.input)) return [{ executableCode: rawJson(part.input) }]
  if (/^[A-Z][A-Z_]+$/.test(part.name)) {
    return [{ toolCall: { ...idOf(part.id), toolType: part.name, args: argsOf(part.input) } }]
  }
  context.losses.add('dropped', part.tool, context.path, 'the target protocol has no such server call')
  return []
}

const encodeServerResult = (part: ServerResultPart, context: PartContext): readonly EncodedPart[] => {
  const response = isObject(part.output) ? rawJson(part.output) : rawJson(writeJson({ output: part.output }))
  if (part.tool === 'mcp') return [{ functionResponse: { ...idOf(part.callId), name: part.name, response } }]
  if (part.tool === 'code-execution' && part.output.includes('"outcome"')) {
    return [{ codeExecutionResult: rawJson(part.output) }]
  }
  if (/^[A-Z][A-Z_]+$/.test(part.name)) {
    return [{ toolResponse: { ...idOf(part.callId), toolType: part.name, response } }]
  }
  context.losses.add('dropped', part.tool, context.path, 'the target protocol has no such server result')
  return []
}

const idOf = (id: string | undefined) => (id === undefined ? {} : { id })

const isCode = (input: string): boolean => {
  try {
    const value: unknown = JSON.parse(input)
    return isJsonObject(value) && typeof value['code'] === 'string' && value['language'] !== undefined
  } catch {
    return false
  }
}
