import type { Part } from '../../ir/index.ts'
import type { SseFrame } from '../../wire/index.ts'
import { frameOf } from './frame.ts'
import { objectMember, withRest } from './members.ts'
import { ownRest } from './own.ts'

export const startFrame = (index: number, block: unknown): SseFrame =>
  frameOf({ type: 'content_block_start', index, content_block: block })

/** `rest` is the delta event's extension: members of the event, and under `delta` those of the delta. */
export const deltaFrame = (
  index: number,
  delta: Record<string, unknown>,
  event?: Pick<Part, 'extensions'>,
): SseFrame => {
  const { delta: _delta, ...outer } = (event === undefined ? undefined : ownRest(event)) ?? {}
  const inner = event === undefined ? {} : objectMember(ownRest(event) ?? {}, 'delta')
  return frameOf({ ...outer, type: 'content_block_delta', index, delta: withRest(delta, inner) })
}

export const stopFrame = (index: number): SseFrame => frameOf({ type: 'content_block_stop', index })
