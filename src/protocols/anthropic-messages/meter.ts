import { isJsonObject, type JsonObject, type Operation } from '../../ir/index.ts'
import {
  encodeFrame,
  type JsonScan,
  type Machine,
  parseFrame,
  type SseFrame,
  scanJson,
  valueAt,
} from '../../wire/index.ts'
import type { AnswerFacts, StreamMeter, StreamMeterOptions } from '../protocol.ts'
import { conform } from './conform.ts'
import { fallbackModel } from './decode-stream.ts'
import { decodeErrorEvent, errorEvent } from './errors.ts'
import { objectMember, ownMember } from './members.ts'
import { answeredService } from './service.ts'
import { mergeWireUsage, readSideUsage, readUsage } from './usage.ts'

type IssuedHandle = AnswerFacts['handles'][number]

/** A whole answer, read by a scan: only its head and its counters are parsed. */
export const meterBody = (body: Uint8Array, operation: Operation): AnswerFacts => {
  const scan = tryScan(body)
  if (scan === undefined || scan.rootType !== 'object') return { ended: 'failed', handles: [] }
  const member = (key: string): unknown => {
    const span = scan.top.get(key)
    return span === undefined ? undefined : tryValue(scan, span)
  }
  const error = member('error')
  if (member('type') === 'error' || isJsonObject(error) || typeof error === 'string') {
    const whole = parse(Buffer.from(body).toString('utf8'))
    return {
      ended: 'failed',
      handles: [],
      ...(isJsonObject(whole) ? { error: decodeErrorEvent(whole) } : {}),
    }
  }
  if (operation !== 'generate') return { ended: 'complete', handles: [] }
  const usage = member('usage')
  const reason = member('stop_reason')
  const isMessage = scan.top.has('content')
  return {
    ...(isJsonObject(usage) ? usageFacts(usage) : {}),
    ...textFact('model', member('model')),
    ...textFact('responseId', member('id')),
    ...textFact('finishReason', reason),
    ...(isMessage ? { ended: 'complete' } : {}),
    handles: [
      ...containerHandles(member('container')),
      ...(scan.watched.length === 0 ? [] : fileHandles(member('content'))),
    ],
  }
}

const issuingKeys: ReadonlySet<string> = new Set(['file_id'])

const tryScan = (body: Uint8Array): JsonScan | undefined => {
  try {
    return scanJson(body, issuingKeys, 512)
  } catch {
    return undefined
  }
}

const tryValue = (scan: JsonScan, span: { readonly start: number; readonly end: number }): unknown => {
  try {
    return valueAt(scan, span)
  } catch {
    return undefined
  }
}

const usageFacts = (usage: JsonObject): Pick<AnswerFacts, 'usage' | 'sideUsage' | 'service'> => {
  const sideUsage = readSideUsage(usage)
  const service = answeredService(usage)
  return {
    usage: readUsage(usage),
    ...(sideUsage.length === 0 ? {} : { sideUsage }),
    ...(service === undefined ? {} : { service }),
  }
}

const textFact = (name: 'model' | 'responseId' | 'finishReason', value: unknown): Partial<AnswerFacts> =>
  typeof value === 'string' ? { [name]: value } : {}

const containerHandles = (container: unknown): readonly IssuedHandle[] => {
  const id = isJsonObject(container) ? ownMember(container, 'id') : undefined
  return typeof id === 'string' ? [{ kind: 'container', id }] : []
}

/** Files that code execution wrote. A file id anywhere else was the client's, or a model's words. */
const fileHandles = (content: unknown): readonly IssuedHandle[] =>
  Array.isArray(content) ? content.filter(isJsonObject).flatMap(filesOfBlock) : []

const filesOfBlock = (block: JsonObject): readonly IssuedHandle[] => {
  const type = ownMember(block, 'type')
  if (typeof type !== 'string' || !type.endsWith('code_execution_tool_result')) return []
  const outputs = ownMember(objectMember(block, 'content'), 'content')
  if (!Array.isArray(outputs)) return []
  return outputs.filter(isJsonObject).flatMap((output): readonly IssuedHandle[] => {
    const id = ownMember(output, 'file_id')
    return typeof id === 'string' ? [{ kind: 'file', id }] : []
  })
}

/**
 * Watches a stream. Blocks that hold no counters, ids or end are told by their `event:` line and not parsed; a
 * string inside the content cannot look like `"text_delta"`, because its quotes are escaped.
 */
export const meterStream = (options: StreamMeterOptions): StreamMeter => {
  const machine: Machine<SseFrame, string> | undefined = options.conform ? conform() : undefined
  const violations: string[] = []
  const handles = new Map<string, IssuedHandle>()
  let head: Partial<AnswerFacts> = {}
  let usage: JsonObject | undefined
  let ended: 'complete' | 'failed' | undefined
  let error: AnswerFacts['error']
  let finishReason: string | undefined
  let hasContent = false
  let hasText = false

  const issue = (issued: readonly IssuedHandle[]): void => {
    for (const handle of issued) handles.set(`${handle.kind}:${handle.id}`, handle)
  }

  const read = (data: JsonObject): void => {
    switch (ownMember(data, 'type')) {
      case 'message_start': {
        const message = objectMember(data, 'message')
        head = {
          ...textFact('model', ownMember(message, 'model')),
          ...textFact('responseId', ownMember(message, 'id')),
        }
        addUsage(ownMember(message, 'usage'))
        issue(containerHandles(ownMember(message, 'container')))
        break
      }
      case 'content_block_start': {
        const block = objectMember(data, 'content_block')
        hasContent ||= !isEmptyStart(block)
        issue(filesOfBlock(block))
        head = { ...head, ...textFact('model', fallbackModel(block)) }
        break
      }
      case 'message_delta': {
        const delta = objectMember(data, 'delta')
        const reason = ownMember(delta, 'stop_reason')
        if (typeof reason === 'string') finishReason = reason
        addUsage(ownMember(data, 'usage'))
        issue(containerHandles(ownMember(delta, 'container')))
        break
      }
      case 'message_stop':
        ended ??= 'complete'
        break
      case 'error':
        ended = 'failed'
        error = decodeErrorEvent(data)
        break
    }
  }

  const addUsage = (told: unknown): void => {
    if (isJsonObject(told)) usage = mergeWireUsage(usage, told)
  }

  const look = (block: Uint8Array): void => {
    const kind = kindOf(block)
    if (kind === 'content_block_delta') {
      hasContent = true
      if (!hasText) hasText = viewOf(block).includes(textMarker)
      return
    }
    if (kind === 'content_block_stop' || kind === 'ping') return
    if (kind === 'content_block_start' && block.length > largestEmptyStart) {
      hasContent = true
      if (!viewOf(block).includes(fileMarker)) return
    }
    const data = parse(parseFrame(block)?.data ?? '')
    if (isJsonObject(data)) read(data)
  }

  return {
    push(block) {
      look(block)
      if (machine !== undefined) {
        const frame = parseFrame(block)
        if (frame !== undefined) violations.push(...machine.push(frame))
      }
      return block
    },
    skim(run, from) {
      if (machine !== undefined) return from
      let at = from
      while (run.startsWith(deltaText, at)) {
        const next = run.indexOf('\n\n', at) + 2
        if (!hasText && run.slice(at, next).includes('"text_delta"')) break
        at = next
      }
      return at
    },
    get hasContent() {
      return hasContent
    },
    get hasText() {
      return hasText
    },
    facts: () => ({
      ...head,
      ...(usage === undefined ? {} : usageFacts(usage)),
      ...(finishReason === undefined ? {} : { finishReason }),
      ...(ended === undefined ? {} : { ended }),
      ...(error === undefined ? {} : { error }),
      handles: [...handles.values()],
    }),
    violations: () => violations,
    // The form is the same in every state: one error event, and no message_stop.
    fail: (failure) => [encodeFrame({ event: 'error', data: JSON.stringify(errorEvent(failure, null)) })],
  }
}

const viewOf = (block: Uint8Array): Buffer => Buffer.from(block.buffer, block.byteOffset, block.byteLength)

const lineFeed = 0x0a
const deltaText = 'event: content_block_delta\n'
const named = (kind: string): Buffer => Buffer.from(`event: ${kind}\n`)
const deltaLine = named('content_block_delta')
const otherLines = [
  'content_block_stop',
  'content_block_start',
  'ping',
  'message_start',
  'message_delta',
].map((kind) => ({ kind, line: named(kind) }))

/** Most blocks are deltas with their `event:` line in front; other layouts are told by their data. */
const kindOf = (block: Uint8Array): string | undefined => {
  if (startsWith(block, deltaLine)) return 'content_block_delta'
  for (const { kind, line } of otherLines) {
    if (startsWith(block, line)) return kind
  }
  const view = viewOf(block)
  for (const kind of frequentKinds) {
    if (view.includes(`"${kind}"`)) return kind
  }
  return undefined
}

/** Compares from the end: the names differ there. */
const startsWith = (block: Uint8Array, line: Uint8Array): boolean => {
  if (block.length < line.length || block[line.length - 1] !== lineFeed) return false
  for (let position = line.length - 2; position >= 0; position--) {
    if (block[position] !== line[position]) return false
  }
  return true
}

const frequentKinds = ['content_block_delta', 'content_block_stop', 'content_block_start']
const textMarker = Buffer.from('"text_delta"')
const fileMarker = Buffer.from('"file_id"')

/** Starts of text and thinking are short; results of server tools are long and not worth a parse. */
const largestEmptyStart = 2048

/** Text and thinking start empty: nothing to see yet. */
const isEmptyStart = (block: JsonObject): boolean =>
  ownMember(block, 'text') === '' || ownMember(block, 'thinking') === ''

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
