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
import { groundingOf, urlContextOf } from './decode-grounding.ts'
import { decodeError } from './errors.ts'
import { decodeFinish, finishWord } from './finish.ts'
import { heldCalls } from './held-calls.ts'
import { plainChunk } from './plain-chunk.ts'
import { readObject } from './read-object.ts'
import { chunkCloses, chunkOpens } from './stream-marks.ts'
import { type Candidate, closeCall, closeMetadata, pushPart } from './stream-parts.ts'
import { countSearches, decodeUsage } from './usage.ts'

const opens: StreamEvent = { type: 'extension', extensions: { gemini: { [chunkOpens]: true } } }

/** Chunks, each a whole answer whose parts are increments → events. The end of the body is the end of the stream. */
export const streamDecoder = (): Machine<SseFrame, StreamEvent> => {
  const candidates = new Map<number, Candidate>()
  let started = false
  let failed = false
  let blocked: ReturnType<typeof blockOf>
  let rootExtensions: Extensions | undefined
  let responseId: string | undefined
  /** Events that wait for what a held call turns out to be; mostly empty between two chunks. */
  let queue: StreamEvent[] = []
  let counted: JsonObject | undefined
  let searches: number | undefined

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
        held: heldCalls(),
        texts: [],
        told: new Set(),
        grounding: undefined,
        urlContext: undefined,
        finish: undefined,
        extensions: undefined,
      }
      candidates.set(index, candidate)
    }
    return candidate
  }

  const release = (): readonly StreamEvent[] => {
    for (const { held } of candidates.values()) if (held.isHolding) return []
    let events: readonly StreamEvent[] = queue
    queue = []
    for (const { held } of candidates.values()) events = held.release(events)
    return events
  }
  const releaseAll = (): readonly StreamEvent[] => {
    for (const { held } of candidates.values()) held.settle()
    return release()
  }

  /** Any chunk, with all that it may say. */
  const readChunk = (document: JsonDocument, root: JsonObject): void => {
    const reader = readObject(root)
    const { members } = readHead(root, reader)
    // Behind the mark that opens the chunk, where the encoder does not mind.
    if (!started) queue.unshift({ type: 'start', ...members })
    started = true
    responseId ??= members.id
    const list = reader.list('candidates') ?? []
    list.forEach((value, position) => {
      const wire = isJsonObject(value) ? value : {}
      const index = readObject(wire).number('index') ?? position
      decodeCandidate(document, wire, candidateAt(index), queue)
    })
    blocked ??= list.length === 0 ? blockOf(root) : undefined
    count(reader.object('usageMetadata'), countSearches(root))
    rootExtensions = mergeExtensions(rootExtensions, extend('gemini', reader.rest()).extensions)
  }
  /** Counters are cumulative: they are read once, when the stream is over. */
  const count = (metadata: unknown, webSearches: number | undefined): void => {
    if (isJsonObject(metadata)) counted = counted === undefined ? metadata : { ...counted, ...metadata }
    searches = webSearches ?? searches
  }
  const usageEvents = (): readonly StreamEvent[] => {
    const usage = counted === undefined ? undefined : decodeUsage(counted)
    if (usage === undefined && searches === undefined) return []
    const kept = counted === undefined ? {} : extend('gemini', { usageMetadata: counted })
    const all = searches === undefined ? { ...usage } : { ...usage, webSearches: searches }
    return [{ type: 'usage', usage: all, ...kept }]
  }

  return {
    push(frame) {
      if (failed || frame.data.trim() === '[DONE]') return []
      const document = parse(frame.data)
      if (document === undefined || !isJsonObject(document.value)) {
        failed = true
        const message = 'the provider sent a chunk that is no JSON object'
        const error = { kind: 'upstream', code: 'gateway_upstream_invalid', message } as const
        return [...releaseAll(), ...usageEvents(), { type: 'error', error }]
      }
      const root = document.value
      if (root['error'] !== undefined && root['error'] !== null) {
        failed = true
        const wire = isJsonObject(root['error']) ? root['error'] : { message: String(root['error']) }
        return [...releaseAll(), ...usageEvents(), { type: 'error', error: decodeError(wire) }]
      }
      const plain = started ? plainChunk(root) : undefined
      queue.push(opens)
      if (plain === undefined) readChunk(document, root)
      else {
        const candidate = candidateAt(plain.index)
        for (const part of plain.parts) pushPart(document, part, candidate, queue)
        count(root['usageMetadata'], undefined)
      }
      // Its parts come from the events when it is put together again, so edits are not undone by it.
      queue.push({ type: 'extension', extensions: { gemini: { [chunkCloses]: root } } })
      return release()
    },
    end() {
      if (!started || failed) return []
      const events: StreamEvent[] = [...releaseAll()]
      let complete = false
      for (const candidate of candidates.values()) {
        closeMetadata(candidate, responseId, events)
        closeCall(candidate, events)
      }
      events.push(...usageEvents())
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
  candidate.grounding = groundingOf(wire) ?? candidate.grounding
  candidate.urlContext = urlContextOf(wire) ?? candidate.urlContext
  // Server-side MCP sends several finish reasons; the last one counts.
  if (finishWord(reason) !== undefined) candidate.finish = { reason, message }
  candidate.extensions = mergeExtensions(candidate.extensions, extend('gemini', reader.rest()).extensions)
}

const parse = (data: string): JsonDocument | undefined => {
  try {
    return parseDocument(data)
  } catch {
    return undefined
  }
}
