import type { CitationEvent, Part, PartStartEvent, ReasoningState } from '../../ir/index.ts'
import type { SseFrame } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import type { BlockContext } from './block-context.ts'
import { madeCallId } from './identifiers.ts'
import { type OpenBlock, openedBlock, type PartEvent } from './open-block.ts'
import { ownRest } from './own.ts'
import { type AnswerContents, isCutInput } from './stop-reason.ts'
import { silentBlock } from './thoughts-block.ts'
import type { AnswerShape } from './version.ts'
import { wholeBlock } from './whole-block.ts'

/** Writes parts as content blocks that never overlap. */
export interface BlockWriter {
  push(event: PartEvent): readonly SseFrame[]
  /** Closes what is open and writes what waited. */
  finish(): readonly SseFrame[]
  contents(): AnswerContents
  /** More waits for its turn than is good: the stream must end in an error. */
  readonly isOverfull: boolean
}

/** Characters of parts that wait while another one streams. */
const mostWaiting = 16 << 20

interface CurrentBlock {
  readonly part: number
  readonly type: Part['type']
  readonly isOwn: boolean
  readonly block: OpenBlock
}

/**
 * Clients look blocks up by their index and expect one at a time (translation.md §14.4, ST1): the oldest open part
 * streams, and events of later ones wait until it is closed. A foreign block whose part has ended stays open until the
 * next block begins: the signature of its thoughts (ST10) and citations of its text (§9) may come late.
 */
export const blockWriter = (reply: ReplyContext, shape: AnswerShape): BlockWriter => {
  const context: BlockContext = { side: 'answer', isForeign: false, shape, warn: () => {} }
  const waiting = new Map<number, PartEvent[]>()
  let waitingLength = 0
  let current: CurrentBlock | undefined
  let lingering: CurrentBlock | undefined
  /** Frames that go before those of the event at hand. */
  let ahead: SseFrame[] = []
  let nextIndex = 0
  let hasCall = false
  let hasRefusal = false
  let isCut = false

  /** Taking an index begins a block, so the one before is over. */
  const takeIndex = (): number => {
    release()
    return nextIndex++
  }
  const release = (state?: ReasoningState): void => {
    if (lingering === undefined) return
    const { block } = lingering
    lingering = undefined
    ahead.push(...block.close(state))
  }
  const withAhead = (frames: readonly SseFrame[]): readonly SseFrame[] => {
    if (ahead.length === 0) return frames
    const all = [...ahead, ...frames]
    ahead = []
    return all
  }

  /** State of words and calls: it signs the thoughts before them, else it stands in a block of its own. */
  const place = (state: ReasoningState): void => {
    if (lingering?.type === 'reasoning') release(state)
    else ahead.push(...silentBlock(state, takeIndex()))
  }

  /** What a part says besides its block. */
  const note = (part: Part): void => {
    if (part.type === 'tool-call') hasCall = true
    if (part.type === 'refusal') hasRefusal = true
    if (part.type !== 'reasoning' && part.state !== undefined && ownRest(part) === undefined) {
      place(part.state)
    }
  }

  const opened = (part: PartStartEvent['part'], index: number): readonly SseFrame[] => {
    note(part)
    const named = withId(part, index, reply)
    const block = openedBlock(named, takeIndex, context)
    current = { part: index, type: part.type, isOwn: ownRest(part) !== undefined, block }
    return withAhead(block.open())
  }

  const ended = (state: ReasoningState | undefined): readonly SseFrame[] => {
    if (current === undefined) return []
    const ending = current
    current = undefined
    if (!ending.isOwn && state === undefined && ending.block.canLinger === true) {
      lingering = ending
      return []
    }
    const isForThoughts = ending.type === 'reasoning' || ending.isOwn
    const frames = withAhead(ending.block.close(isForThoughts ? state : undefined))
    if (ending.type === 'tool-call') isCut = ending.block.isCut === true
    if (isForThoughts || state === undefined) return frames
    place(state)
    return [...frames, ...withAhead([])]
  }

  /** An event of the part whose turn it is. */
  const write = (event: PartEvent): readonly SseFrame[] => {
    switch (event.type) {
      case 'text-start':
      case 'refusal-start':
      case 'reasoning-start':
      case 'tool-call-start':
        return opened(event.part, event.index)
      case 'part': {
        const { part, index } = event
        note(part)
        if (part.type === 'tool-call') isCut = part.kind === 'function' && isCutInput(part.input)
        return withAhead(wholeBlock(withId(part, index, reply), takeIndex, context))
      }
      case 'text-end':
      case 'refusal-end':
      case 'reasoning-end':
      case 'tool-call-end':
        return ended(event.state)
      default:
        return withAhead(current?.block.delta(event) ?? [])
    }
  }

  /** Writes waiting parts until one of them stays open. */
  const drain = (): readonly SseFrame[] => {
    const frames: SseFrame[] = []
    while (current === undefined) {
      const [next] = waiting
      if (next === undefined) break
      waiting.delete(next[0])
      for (const event of next[1]) {
        waitingLength -= lengthOf(event)
        frames.push(...write(event))
      }
    }
    return frames
  }

  const wait = (event: PartEvent): void => {
    const queue = waiting.get(event.index)
    if (queue === undefined) waiting.set(event.index, [event])
    else queue.push(event)
    waitingLength += lengthOf(event)
  }

  /** A citation of a text that has ended goes to the last text block, as long as it is open. */
  const citeLate = (event: CitationEvent): readonly SseFrame[] => {
    const last = current?.type === 'text' && current.block.canLinger === true ? current : lingering
    if (last?.type !== 'text') return []
    const { start, end, ...citation } = event.citation
    return last.block.delta(last.part === event.index ? event : { ...event, citation })
  }

  return {
    push(event) {
      const isMine = current === undefined || current.part === event.index
      if (event.type === 'citation' && current?.part !== event.index && !waiting.has(event.index)) {
        return citeLate(event)
      }
      if (!isMine) {
        wait(event)
        return []
      }
      const frames = write(event)
      return current === undefined && waiting.size > 0 ? [...frames, ...drain()] : frames
    },
    finish() {
      const frames: SseFrame[] = [...ended(undefined)]
      while (waiting.size > 0) frames.push(...drain(), ...ended(undefined))
      release()
      return [...frames, ...withAhead([])]
    },
    contents: () => ({ hasCall, hasRefusal, isCut }),
    get isOverfull() {
      return waitingLength > mostWaiting
    },
  }
}

/** Calls that came without an id get one, the same as in a whole answer. */
const withId = <T extends Part>(part: T, index: number, reply: ReplyContext): T =>
  part.type === 'tool-call' && part.id === undefined
    ? { ...part, id: madeCallId(reply.id, index, part.name) }
    : part

/** Events without a text count a little as well: they are not free. */
const lengthOf = (event: PartEvent): number => {
  switch (event.type) {
    case 'text-delta':
    case 'refusal-delta':
    case 'reasoning-delta':
      return 64 + event.text.length
    case 'tool-call-delta':
      return 64 + event.input.length
    default:
      return 64
  }
}
