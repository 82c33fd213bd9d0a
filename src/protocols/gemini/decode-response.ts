import {
  type Choice,
  collect,
  extend,
  type GenerateResponse,
  isJsonObject,
  type JsonObject,
  type Part,
} from '../../ir/index.ts'
import { type JsonDocument, parseDocument } from '../../wire/index.ts'
import type { WireResponse } from '../protocol.ts'
import { blockOf, readHead } from './answer-head.ts'
import { citationsOf, groundingOf, toolPartsOf, urlContextOf } from './decode-grounding.ts'
import { decodeParts } from './decode-parts.ts'
import { noPartsNote, noRoleNote } from './decode-request.ts'
import { streamDecoder } from './decode-stream.ts'
import { decodeFinish, hasOpenCall } from './finish.ts'
import { readObject } from './read-object.ts'
import { usageOf } from './usage.ts'

/** Notes in a choice's extension: what the wire left out, and the rest of its `content`. */
export const noIndexNote = '$noIndex'
export const noContentNote = '$noContent'
export const contentNote = '$content'
/** Note in the answer's extension: there was an empty list of candidates. */
export const noCandidatesNote = '$noCandidates'

/** @throws SyntaxError for a body that is not JSON */
export const decodeResponse = (wire: WireResponse): GenerateResponse => {
  const document = parseDocument(new TextDecoder().decode(wire.body))
  if (Array.isArray(document.value)) return fold(document, document.value)
  const root = isJsonObject(document.value) ? document.value : {}
  const reader = readObject(root)
  const head = readHead(root, reader)
  const candidates = reader.list('candidates')
  const choices = (candidates ?? []).map((candidate, position) =>
    decodeCandidate(document, isJsonObject(candidate) ? candidate : {}, position, head.members.id),
  )
  const blocked = choices.length === 0 ? blockOf(root) : undefined
  const usage = usageOf(root)
  return {
    protocol: 'gemini',
    ...head.members,
    choices: blocked === undefined ? choices : [{ index: 0, parts: [], finish: blocked }],
    ...(usage === undefined ? {} : { usage }),
    ...extend('gemini', {
      ...reader.rest(),
      ...(candidates?.length === 0 ? { [noCandidatesNote]: true } : {}),
    }),
  }
}

/** A stream's array that was read whole. */
const fold = (document: JsonDocument, chunks: readonly unknown[]): GenerateResponse => {
  const decoder = streamDecoder()
  const events = chunks.flatMap((chunk) => decoder.push({ data: document.source(chunk) }))
  return collect('gemini', [...events, ...decoder.end()]).response
}

const decodeCandidate = (
  document: JsonDocument,
  candidate: JsonObject,
  position: number,
  responseId: string | undefined,
): Choice => {
  const reader = readObject(candidate)
  const index = reader.number('index')
  const content = reader.object('content')
  const inner = readObject(content ?? {})
  const wireParts = inner.list('parts')
  const parts = decodeParts(document, wireParts ?? [], true)
  const role = inner.take('role')
  const reason = reader.take('finishReason')
  const message = reason === undefined ? undefined : reader.string('finishMessage')
  const rest = inner.rest()
  return {
    index: index ?? position,
    parts: withMetadata(parts, candidate, responseId),
    ...(reason === undefined ? {} : { finish: decodeFinish(reason, message, hasOpenCall(parts)) }),
    ...extend('gemini', {
      ...reader.rest(),
      ...(index === undefined ? { [noIndexNote]: true } : {}),
      ...(content === undefined
        ? { [noContentNote]: true }
        : {
            ...(wireParts === undefined ? { [noPartsNote]: true } : {}),
            ...(role === undefined ? { [noRoleNote]: true } : {}),
            ...(role === undefined || role === 'model' ? {} : { $role: String(role) }),
            ...(Object.keys(rest).length === 0 ? {} : { [contentNote]: rest }),
          }),
    }),
  }
}

/** The parts with what the candidate's metadata says of them: citations on the text, tools that ran before it. */
const withMetadata = (
  parts: readonly Part[],
  candidate: JsonObject,
  responseId: string | undefined,
): readonly Part[] => {
  const grounding = groundingOf(candidate)
  const urlContext = urlContextOf(candidate)
  if (grounding === undefined && urlContext === undefined) return parts
  const told = new Set(parts.flatMap((part) => (part.type === 'server-call' ? [part.tool] : [])))
  const tools = toolPartsOf({ grounding, urlContext, responseId, told })
  const texts = parts.flatMap((part, index) => (part.type === 'text' ? [{ index, text: part.text }] : []))
  const placed = grounding === undefined ? [] : citationsOf(grounding, texts)
  const cited = parts.map((part, index): Part => {
    const citations = placed.filter((one) => one.index === index).map(({ citation }) => citation)
    return part.type === 'text' && citations.length > 0 ? { ...part, citations } : part
  })
  const [first] = texts
  return first === undefined
    ? [...cited, ...tools]
    : [...cited.slice(0, first.index), ...tools, ...cited.slice(first.index)]
}
