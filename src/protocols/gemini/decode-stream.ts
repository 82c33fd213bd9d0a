import {
  type Extensions,
  extend,
  isJsonObject,
  type JsonObject,
  mergeExtensions,
  type StreamEvent,
} from '../../ir/index.ts'
import { type JsonDocument, type Machine, parseDocument, type SseFrame } from '../../wire/index.ts'
import { blockOf, readHead } from './answer-head.ts'
import { decodeError } from './errors.ts'
import { decodeFinish, finishWord } from './finish.ts'
import { readObject } from './read-object.ts'
import { chunkCloses, chunkOpens } from './stream-marks.ts'
import { type Candidate, closeCall, closePart, pushPart } from './stream-parts.ts'
import { usageOf } from './usage.ts'

/** Chunks, each a whole answer whose parts are increments → events. The end of the body is the end of the stream. */
export const streamDecoder = (): Machine<SseFrame, StreamEvent> => {
  const candidates = new Map<number, Candidate>()
  let started = false
  let failed = false
  let blocked: ReturnType<typeof blockOf>
  let rootExtensions: Extensions | undefined

  const candidateAt = (index: number): Candidate => {
    let candidate = candidates.get(index)
    if (candidate === undefined) {
      const at = index === 0 ? {} : { choice: index }
      candidate = {
        at,
        next: 0,
        open: undefined,
        partial: undefined,
        calls: new Set(),
        finish: undefined,
        extensions: undefined,
      }
      candidates.set(index, candidate)
    }
    return candidate
  }

  return {
    push(frame) {
      if (failed || frame.data.trim() === '[DONE]') return []
      const document = parse(frame.data)
      if (document === undefined || !isJsonObject(document.value)) {
        failed = true
        const message = 'the provider sent a chunk that is no JSON object'
        return [{ type: 'error', error: { kind: 'upstream', code: 'gateway_upstream_invalid', message } }]
      }
      const root = document.value
      if (root['error'] !== undefined && root['error'] !== null) {
        failed = true
        const wire = isJsonObject(root['error']) ? root['error'] : { message: String(root['error']) }
        return [{ type: 'error', error: decodeError(wire) }]
      }
      const events: StreamEvent[] = []
      const reader = readObject(root)
      const { members } = readHead(root, reader)
      if (!started) events.push({ type: 'start', ...members })
      started = true
      events.push({ type: 'extension', extensions: { gemini: { [chunkOpens]: true } } })
      const list = reader.list('candidates') ?? []
      list.forEach((value, position) => {
        const wire = isJsonObject(value) ? value : {}
        const index = readObject(wire).number('index') ?? position
        decodeCandidate(document, wire, candidateAt(index), events)
      })
      blocked ??= list.length === 0 ? blockOf(root) : undefined
      const usage = usageOf(root)
      const metadata = reader.object('usageMetadata')
      const kept = metadata === undefined ? {} : extend('gemini', { usageMetadata: metadata })
      if (usage !== undefined) events.push({ type: 'usage', usage, ...kept })
      rootExtensions = mergeExtensions(rootExtensions, extend('gemini', reader.rest()).extensions)
      events.push({ type: 'extension', extensions: { gemini: { [chunkCloses]: withoutParts(root) } } })
      return events
    },
    end() {
      if (!started || failed) return []
      const events: StreamEvent[] = []
      let complete = false
      for (const candidate of candidates.values()) {
        closePart(candidate, events)
        closeCall(candidate, events)
      }
      for (const candidate of candidates.values()) {
        if (candidate.finish === undefined) continue
        complete = true
        const { reason, message } = candidate.finish
        const finish = decodeFinish(reason, message, candidate.calls.size > 0)
        const { extensions } = candidate
        events.push({
          type: 'finish',
          ...candidate.at,
          finish,
          ...(extensions === undefined ? {} : { extensions }),
        })
      }
      if (!complete && blocked !== undefined) {
        complete = true
        events.push({ type: 'finish', finish: blocked })
      }
      if (complete) {
        events.push({ type: 'end', ...(rootExtensions === undefined ? {} : { extensions: rootExtensions }) })
      }
      return events
    },
  }
}

const decodeCandidate = (
  document: JsonDocument,
  wire: JsonObject,
  candidate: Candidate,
  events: StreamEvent[],
): void => {
  const reader = readObject(wire)
  reader.take('index')
  const content = reader.object('content')
  const parts = content === undefined ? undefined : readObject(content).list('parts')
  for (const part of parts ?? []) pushPart(document, part, candidate, events)
  const reason = reader.take('finishReason')
  const message = reader.take('finishMessage')
  // Server-side MCP sends several finish reasons; the last one counts.
  if (finishWord(reason) !== undefined) candidate.finish = { reason, message }
  candidate.extensions = mergeExtensions(candidate.extensions, extend('gemini', reader.rest()).extensions)
}

/** The chunk without its parts, which the events say: what is edited there must not come back from here. */
const withoutParts = (root: JsonObject): JsonObject => {
  const list = root['candidates']
  if (!Array.isArray(list)) return root
  return {
    ...root,
    candidates: list.map((candidate: unknown) => {
      const content = isJsonObject(candidate) ? candidate['content'] : undefined
      if (!isJsonObject(candidate) || !isJsonObject(content) || !Array.isArray(content['parts']))
        return isJsonObject(candidate) ? candidate : {}
      return { ...candidate, content: { ...content, parts: [] } }
    }),
  }
}

const parse = (data: string): JsonDocument | undefined => {
  try {
    return parseDocument(data)
  } catch {
    return undefined
  }
}
