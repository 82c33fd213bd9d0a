import { isJsonObject, type JsonObject } from '../../ir/index.ts'
import type { Machine, SseFrame } from '../../wire/index.ts'
import { objectMember, ownMember } from './members.ts'

/** What a stream may violate (translation.md §14.2, and what the official SDK demands, §14.6). */
export const rules = [
  'json',
  'event-name',
  'start-first',
  'one-start',
  'block-order',
  'block-overlap',
  'block-closed',
  'block-after-delta',
  'delta-kind',
  'one-signature',
  'one-compaction-delta',
  'tool-input',
  'stop-reason',
  'usage',
  'delta-before-stop',
  'after-end',
  'end',
] as const

export type Rule = (typeof rules)[number]

interface OpenBlock {
  readonly index: number
  readonly type: string
  signatures: number
  compactions: number
  input: string
}

/** Deltas that fit a block. A block that is not listed is complete in its start. */
const deltasOf: Readonly<Record<string, readonly string[]>> = {
  text: ['text_delta', 'citations_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta'],
  server_tool_use: ['input_json_delta'],
  mcp_tool_use: ['input_json_delta'],
  compaction: ['compaction_delta'],
}

const isComplete = (type: string): boolean =>
  type.endsWith('_tool_result') ||
  ['redacted_thinking', 'fallback', 'container_upload', 'mcp_tool_listing'].includes(type)

/** The grammar as a state machine; outputs the violated rules. Unknown events, blocks and deltas are allowed. */
export const conform = (): Machine<SseFrame, Rule> => {
  let phase: 'new' | 'content' | 'finishing' | 'over' = 'new'
  let open: OpenBlock | undefined
  let nextIndex = 0
  let hasReason = false
  let badInputs = 0

  const blockStart = (data: JsonObject): Rule[] => {
    const found: Rule[] = []
    const index = ownMember(data, 'index')
    const type = ownMember(objectMember(data, 'content_block'), 'type')
    if (open !== undefined) found.push('block-overlap')
    if (phase === 'finishing') found.push('block-after-delta')
    if (index !== nextIndex) found.push('block-order')
    nextIndex++
    open = {
      index: typeof index === 'number' ? index : -1,
      type: typeof type === 'string' ? type : '',
      signatures: 0,
      compactions: 0,
      input: '',
    }
    return found
  }

  const blockDelta = (data: JsonObject): Rule[] => {
    if (open === undefined || open.index !== ownMember(data, 'index')) return ['block-closed']
    const delta = objectMember(data, 'delta')
    const kind = ownMember(delta, 'type')
    const fitting = Object.hasOwn(deltasOf, open.type) ? deltasOf[open.type] : undefined
    const isKnown = typeof kind === 'string' && knownDeltas.has(kind)
    if (isKnown && (fitting === undefined ? isComplete(open.type) : !fitting.includes(kind))) {
      return ['delta-kind']
    }
    if (kind === 'input_json_delta') open.input += String(ownMember(delta, 'partial_json') ?? '')
    if (kind === 'compaction_delta') open.compactions++
    if (kind === 'thinking_delta' && open.signatures > 0) return ['one-signature']
    if (kind === 'signature_delta') {
      open.signatures++
      if (open.signatures > 1) return ['one-signature']
    }
    return []
  }

  const blockStop = (data: JsonObject): Rule[] => {
    const block = open
    open = undefined
    if (block === undefined || block.index !== ownMember(data, 'index')) return ['block-closed']
    if (Object.hasOwn(deltasOf, block.type) && !isWholeInput(block)) badInputs++
    return block.type === 'compaction' && block.compactions !== 1 ? ['one-compaction-delta'] : []
  }

  const messageDelta = (data: JsonObject): Rule[] => {
    const found: Rule[] = []
    if (open !== undefined) found.push('block-overlap')
    phase = 'finishing'
    const reason = ownMember(objectMember(data, 'delta'), 'stop_reason')
    if (typeof reason === 'string') {
      hasReason = true
      // Only a length stop may cut arguments.
      if (badInputs > 0 && reason === 'tool_use') found.push('tool-input')
    }
    if (typeof ownMember(objectMember(data, 'usage'), 'output_tokens') !== 'number') found.push('usage')
    return found
  }

  const messageStop = (): Rule[] => {
    const found: Rule[] = []
    if (open !== undefined) found.push('block-overlap')
    if (phase !== 'finishing') found.push('delta-before-stop')
    else if (!hasReason) found.push('stop-reason')
    phase = 'over'
    return found
  }

  const messageStart = (data: JsonObject): Rule[] => {
    if (phase !== 'new') return ['one-start']
    phase = 'content'
    const usage = objectMember(objectMember(data, 'message'), 'usage')
    const isCounted = ['input_tokens', 'output_tokens'].every(
      (key) => typeof ownMember(usage, key) === 'number',
    )
    return isCounted ? [] : ['usage']
  }

  const step = (type: string, data: JsonObject): Rule[] => {
    if (phase === 'over') return ['after-end']
    if (type === 'error') {
      phase = 'over'
      return []
    }
    if (type === 'message_start') return messageStart(data)
    if (phase === 'new') return known.has(type) ? ['start-first'] : []
    if (type === 'content_block_start') return blockStart(data)
    if (type === 'content_block_delta') return blockDelta(data)
    if (type === 'content_block_stop') return blockStop(data)
    if (type === 'message_delta') return messageDelta(data)
    return type === 'message_stop' ? messageStop() : []
  }

  return {
    push(frame) {
      const data = parse(frame.data)
      const type = isJsonObject(data) ? ownMember(data, 'type') : undefined
      if (!isJsonObject(data) || typeof type !== 'string') return ['json']
      const misnamed: Rule[] = frame.event === type ? [] : ['event-name']
      return [...misnamed, ...step(type, data)]
    },
    end: () => (phase === 'over' ? [] : ['end']),
  }
}

const known = new Set([
  'ping',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
])

const knownDeltas = new Set(Object.values(deltasOf).flat())

/** Nothing at all stands for an empty object. */
const isWholeInput = (block: OpenBlock): boolean =>
  !deltasOf[block.type]?.includes('input_json_delta') ||
  block.input.trim() === '' ||
  isJsonObject(parse(block.input))

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
