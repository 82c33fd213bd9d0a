import type { JsonValue, StreamEvent } from '../../ir/index.ts'
import type { Machine, SseFrame } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { differencesOf, reproduce } from './annotation.ts'
import { AnswerWriter } from './answer-writer.ts'
import { frameText } from './frame-text.ts'
import type { Written } from './patch.ts'

/**
 * Canonical events to the frames of the stream: every event that a client may wait for, stable ids, numbers from 0,
 * and a terminal event with the complete response (translation.md §14.2, §14.4; clients.md §7).
 */
export const streamEncoder = (reply: ReplyContext): Machine<StreamEvent, SseFrame> => {
  const writer = new AnswerWriter(reply)
  let number = 0
  let differences: readonly JsonValue[] | undefined

  const take = () => {
    const taken = differences
    differences = undefined
    return taken
  }
  const emit = (event: StreamEvent, own: readonly JsonValue[] | undefined): readonly SseFrame[] => {
    const frames = writer.write(event, own !== undefined)
    if (own === undefined) {
      return frames.map((frame) => ({ event: frame.type, data: frameText(frame, number++) }))
    }
    const reproduced = reproduce(own, frames, number)
    number = reproduced.nextNumber
    reproduced.data.forEach((frame) => {
      adoptPlace(writer, frame)
    })
    return reproduced.frames
  }

  return {
    push(event) {
      if (event.type !== 'extension') return emit(event, differencesOf(event) ?? take())
      const own = differencesOf(event)
      if (own === undefined) return []
      // Two in a row: the first belonged to nothing.
      const left = take()
      differences = own
      return left === undefined ? [] : emit(nothing, left)
    },
    end() {
      const left = take()
      return left === undefined ? [] : emit(nothing, left)
    },
  }
}

const nothing: StreamEvent = { type: 'extension', extensions: {} }

/** An item that the wire placed by itself keeps its place free of ours. */
export const adoptPlace = (writer: AnswerWriter, frame: Written): void => {
  const place = frame['output_index']
  if (frame['type'] === 'response.output_item.added' && typeof place === 'number') writer.adopt(place)
}
