import { isJsonObject, type JsonObject, mergeUsage, type Service, type Usage } from '../../ir/index.ts'
import { encodeFrame, type Machine, parseElement, parseFrame, type SseFrame } from '../../wire/index.ts'
import type { AnswerFacts, StreamMeter, StreamMeterOptions } from '../protocol.ts'
import { conform } from './conform.ts'
import { decodeError, encodeError } from './errors.ts'
import { finishWord } from './finish.ts'
import { readObject } from './read-object.ts'
import { answeredService } from './service.ts'
import { countSearches, decodeUsage, usageOf } from './usage.ts'

/** A whole answer of any operation. What is JSON and no error is complete: the transport said where it ends. */
export const meterBody = (body: Uint8Array): AnswerFacts => {
  const parsed = parse(new TextDecoder().decode(body))
  // A stream's JSON array read whole, and errors of such streams, stand in an array.
  const chunks = (Array.isArray(parsed) ? parsed : [parsed]).filter(isJsonObject)
  if (chunks.length === 0) return { handles: [] }
  let facts: AnswerFacts = { handles: [], ended: 'complete' }
  for (const chunk of chunks) facts = { ...facts, ...headOf(chunk), ...tailOf(chunk) }
  const usage = chunks.map(usageOf).reduce((a, b) => (b === undefined ? a : mergeUsage(a, b)), undefined)
  const service = chunks
    .map((chunk) => readObject(chunk).object('usageMetadata'))
    .map((metadata) => (metadata === undefined ? undefined : answeredService(metadata)))
    .findLast((one) => one !== undefined)
  return {
    ...facts,
    ...(usage === undefined ? {} : { usage }),
    ...(service === undefined ? {} : { service }),
  }
}

const headOf = (chunk: JsonObject): { readonly model?: string; readonly responseId?: string } => {
  const reader = readObject(chunk)
  const model = reader.string('modelVersion')
  const responseId = reader.string('responseId')
  return { ...(model === undefined ? {} : { model }), ...(responseId === undefined ? {} : { responseId }) }
}

type Tail = Pick<AnswerFacts, 'ended' | 'error' | 'finishReason'>

const tailOf = (chunk: JsonObject): Tail => {
  const error = chunk['error']
  if (error !== undefined && error !== null) {
    const wire = isJsonObject(error) ? error : { message: String(error) }
    return { ended: 'failed', error: decodeError(wire) }
  }
  const candidates = Array.isArray(chunk['candidates']) ? chunk['candidates'].filter(isJsonObject) : []
  for (const candidate of candidates) {
    const word = finishWord(readObject(candidate).take('finishReason'))
    if (word !== undefined) return { ended: 'complete', finishReason: word }
  }
  const feedback = readObject(chunk).object('promptFeedback')
  const blocked = finishWord(feedback === undefined ? undefined : readObject(feedback).take('blockReason'))
  return blocked === undefined ? {} : { ended: 'complete', finishReason: blocked }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Watches a stream. Only the first chunk, the ones until text has come, and those that end or ground the answer are
 * parsed whole; the counters stand in nearly every chunk, so the last ones are read when somebody asks.
 */
export const meterStream = (options: StreamMeterOptions): StreamMeter => {
  const isArray = options.framing === 'json-array'
  const grammar: Machine<SseFrame, string> | undefined = options.conform ? conform() : undefined
  const violations: string[] = []
  const array = arrayState()
  let head: ReturnType<typeof headOf> | undefined
  let tail: Tail = {}
  let counted: Buffer | undefined
  let usage: Usage | undefined
  let service: Service | undefined
  let webSearches: number | undefined
  let hasContent = false
  let hasText = false

  const read = (chunk: JsonObject): void => {
    head ??= headOf(chunk)
    // A later finish reason replaces an earlier one; nothing replaces an error.
    if (tail.ended !== 'failed') tail = { ...tail, ...tailOf(chunk) }
    webSearches = countSearches(chunk) ?? webSearches
    if (hasText) return
    for (const part of partsOf(chunk)) {
      const text = typeof part['text'] === 'string' ? part['text'] : undefined
      if (text === '' || Object.keys(part).length === 0) continue
      hasContent = true
      if (text !== undefined && part['thought'] !== true) hasText = true
    }
  }

  const readCounters = (): void => {
    const metadata = counted === undefined ? undefined : metadataIn(counted, isArray)
    counted = undefined
    const counters = decodeUsage(metadata)
    if (counters !== undefined) usage = mergeUsage(usage, counters)
    if (isJsonObject(metadata)) service = answeredService(metadata) ?? service
  }

  const readUsage = (): Usage => {
    readCounters()
    return webSearches === undefined ? (usage ?? {}) : { ...usage, webSearches }
  }

  return {
    push(block) {
      const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
      if (isArray) array.push(bytes)
      // Searching one latin1 string is several times faster than searching bytes for each mark.
      const text = bytes.toString('latin1')
      if (isCounted(text)) counted = bytes
      if (grammar === undefined && head !== undefined && !mayMatter(text, hasContent, hasText)) return block
      const frame = isArray ? parseElement(block) : parseFrame(block)
      if (frame === undefined) return block
      if (grammar !== undefined) violations.push(...grammar.push(frame))
      const chunk = parse(frame.data)
      if (isJsonObject(chunk)) read(chunk)
      return block
    },
    skim(run, from) {
      if (isArray || grammar !== undefined || head === undefined) return from
      const end = run.indexOf('\n\n', from) + 2
      const text = from === 0 ? run : run.slice(from)
      // A run that says more than text is taken block by block, so that its last counters are found.
      if (mayMatter(text, hasContent, hasText)) return from
      if (isCounted(text)) counted = Buffer.from(text, 'latin1')
      else if (text.includes(usageKey)) return from
      return end < 2 ? from : run.length
    },
    get hasContent() {
      return hasContent
    },
    get hasText() {
      return hasText
    },
    facts() {
      const bare = { ...head, ...tail, handles: [] }
      if (counted === undefined && usage === undefined && webSearches === undefined) return bare
      // A getter, because the pump asks for the facts at every read and for the counters once.
      return {
        ...bare,
        get usage() {
          return readUsage()
        },
        get service() {
          readCounters()
          return service
        },
      }
    },
    violations: () => violations,
    fail(error) {
      const element = JSON.stringify(encodeError(error))
      return isArray ? array.close(element) : [encodeFrame({ data: element })]
    },
  }
}

const partsOf = (chunk: JsonObject): readonly JsonObject[] => {
  const candidates = Array.isArray(chunk['candidates']) ? chunk['candidates'].filter(isJsonObject) : []
  return candidates.flatMap((candidate) => {
    const content = candidate['content']
    const parts = isJsonObject(content) ? content['parts'] : undefined
    return Array.isArray(parts) ? parts.filter(isJsonObject) : []
  })
}

const usageKey = '"usageMetadata"'

/** Vertex sends `usageMetadata` without counters in the middle of a stream. */
const isCounted = (text: string): boolean => {
  const at = text.lastIndexOf(usageKey)
  return at >= 0 && text.indexOf('TokenCount"', at) >= 0
}

/** Inside a string these marks would read `\"…\"`, so they are keys wherever they match. */
const mayMatter = (text: string, hasContent: boolean, hasText: boolean): boolean =>
  !hasContent ||
  (!hasText && text.includes('"text"')) ||
  text.includes('"finishReason"') ||
  text.includes('"error"') ||
  text.includes('"blockReason"') ||
  text.includes('"webSearchQueries"')

/** The counters alone are cut out and parsed; the rest of the chunk is the answer's text. */
const metadataIn = (bytes: Buffer, isArray: boolean): unknown => {
  const text = bytes.toString('latin1', bytes.lastIndexOf(usageKey) + usageKey.length)
  const start = text.indexOf('{')
  let depth = 0
  for (let at = start; at >= 0 && at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x7b) depth++
    else if (code === 0x7d && --depth === 0) {
      const metadata = parse(text.slice(start, at + 1))
      if (metadata !== undefined) return metadata
      break
    }
  }
  const frame = isArray ? parseElement(bytes) : parseFrame(bytes)
  const chunk = frame === undefined ? undefined : parse(frame.data)
  return isJsonObject(chunk) ? chunk['usageMetadata'] : undefined
}

/** How far the array on the wire has come: an error element must fit behind what was sent. */
const arrayState = () => {
  let opened = false
  let closed = false
  let last = 0
  const isSpace = (code: number | undefined): boolean =>
    code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
  return {
    push(bytes: Buffer): void {
      let end = bytes.length - 1
      while (end >= 0 && isSpace(bytes[end])) end--
      if (end < 0) return
      opened = true
      last = bytes[end] ?? 0
      // The splitter gives the closing bracket a piece of its own.
      let start = 0
      while (isSpace(bytes[start])) start++
      if (bytes[start] === 0x5d || (last === 0x5d && bytes[start] === 0x5b && end === start + 1))
        closed = true
    },
    close(element: string): readonly Uint8Array[] {
      if (closed) return []
      const separator = !opened ? '[' : last === 0x7d ? ',\r\n' : ''
      return [new TextEncoder().encode(`${separator}${element}\r\n]`)]
    },
  }
}
