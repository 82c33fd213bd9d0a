import type { Part, PartEndEvent } from '../../ir/index.ts'
import type { SseFrame } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import type { BlockContext } from './block-context.ts'
import { type OpenBlock, openedBlock, type PartEvent } from './open-block.ts'
import type { AnswerShape } from './version.ts'
import { wholeBlock } from './whole-block.ts'

/** Writes parts as content blocks that never overlap. */
export interface BlockWriter {
  push(event: PartEvent): readonly SseFrame[]
  /** Closes what is open and writes what waited. */
  finish(): readonly SseFrame[]
  contents(): { readonly hasCall: boolean; readonly hasRefusal: boolean }
}

/**
 * Clients look blocks up by their index and expect one at a time (translation.md §14.4, ST1): the oldest open part
 * streams, and events of later ones wait until it is closed.
 */
export const blockWriter = (reply: ReplyContext, shape: AnswerShape): BlockWriter => {
  const context: BlockContext = { side: 'answer', isForeign: false, shape, warn: () => {} }
  const waiting = new Map<number, PartEvent[]>()
  let current: { readonly part: number; readonly block: OpenBlock } | undefined
  let nextIndex = 0
  let hasCall = false
  let hasRefusal = false

  const takeIndex = (): number => nextIndex++

  const note = (part: Part): void => {
    hasCall ||= part.type === 'tool-call'
    hasRefusal ||= part.type === 'refusal'
  }

  /** An event of the part whose turn it is. */
  const write = (event: PartEvent): readonly SseFrame[] => {
    switch (event.type) {
      case 'text-start':
      case 'refusal-start':
      case 'reasoning-start':
      case 'tool-call-start': {
        note(event.part)
        const block = openedBlock(event.part, takeIndex, context, reply)
        current = { part: event.index, block }
        return block.open()
      }
      case 'part':
        note(event.part)
        return wholeBlock(event.part, takeIndex, context, reply)
      case 'text-end':
      case 'refusal-end':
      case 'reasoning-end':
      case 'tool-call-end':
        return current === undefined ? [] : close(event.state)
      default:
        return current?.block.delta(event) ?? []
    }
  }

  const close = (state?: PartEndEvent['state']): readonly SseFrame[] => {
    const frames = current?.block.close(state) ?? []
    current = undefined
    return frames
  }

  /** Writes waiting parts until one of them stays open. */
  const drain = (): readonly SseFrame[] => {
    const frames: SseFrame[] = []
    while (current === undefined) {
      const [next] = waiting
      if (next === undefined) break
      waiting.delete(next[0])
      for (const event of next[1]) frames.push(...write(event))
    }
    return frames
  }

  return {
    push(event) {
      if (current !== undefined && current.part !== event.index) {
        const queue = waiting.get(event.index) ?? []
        queue.push(event)
        waiting.set(event.index, queue)
        return []
      }
      const frames = write(event)
      return current === undefined && waiting.size > 0 ? [...frames, ...drain()] : frames
    },
    finish() {
      const frames: SseFrame[] = [...close()]
      while (waiting.size > 0) frames.push(...drain(), ...close())
      return frames
    },
    contents: () => ({ hasCall, hasRefusal }),
  }
}
