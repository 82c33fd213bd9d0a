import type { Part } from '../../ir/index.ts'
import type { SseFrame } from '../../wire/index.ts'
import { frameOf } from './frame.ts'
import { objectMember, withRest } from './members.ts'
import { ownRest } from './own.ts'

export const startFrame = (index: number, block: unknown): SseFrame =>
  frameOf({ type: 'content_block_start', index, content_block: block })

/**
 * Most frames of a stream are these, so the plain ones are written without a walk over their members.
 * @param event its extension holds members of the event, and under `delta` those of the delta
 */
export const deltaFrame = (
  index: number,
  delta: Record<string, unknown>,
  event?: Pick<Part, 'extensions'>,
): SseFrame => {
  const rest = event?.extensions === undefined ? undefined : ownRest(event)
  if (rest === undefined) {
    return {
      event: 'content_block_delta',
      data: `{"type":"content_block_delta","index":${index},"delta":${JSON.stringify(delta)}}`,
    }
  }
  const { delta: _delta, ...outer } = rest
  const said = withRest(delta, objectMember(rest, 'delta'))
  return frameOf({ ...outer, type: 'content_block_delta', index, delta: said })
}

export const stopFrame = (index: number): SseFrame => frameOf({ type: 'content_block_stop', index })
