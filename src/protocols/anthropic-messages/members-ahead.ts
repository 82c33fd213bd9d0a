import { type ExtensionEvent, isJsonObject, type JsonObject } from '../../ir/index.ts'
import { type SseFrame, writeJson } from '../../wire/index.ts'
import { objectMember, ownMember, withRest } from './members.ts'
import { ownRest } from './own.ts'

/** Unknown members that the stream decoder sent ahead of the event they stood in. */
export interface MembersAhead {
  /** Is this event such a note? Then it is kept. */
  take(event: ExtensionEvent): boolean
  /** Puts what is kept on the first frame of its type. */
  place(frames: readonly SseFrame[]): readonly SseFrame[]
}

export const membersAhead = (): MembersAhead => {
  const kept = new Map<string, JsonObject>()
  return {
    take(event) {
      const rest = ownRest(event)
      const type = rest === undefined ? undefined : ownMember(rest, 'ahead')
      if (rest === undefined || typeof type !== 'string') return false
      kept.set(type, objectMember(rest, 'members'))
      return true
    },
    place(frames) {
      if (kept.size === 0) return frames
      return frames.map((frame) => {
        const members = frame.event === undefined ? undefined : kept.get(frame.event)
        if (members === undefined || frame.event === undefined) return frame
        kept.delete(frame.event)
        return { event: frame.event, data: joined(frame.data, members) }
      })
    },
  }
}

const joined = (data: string, members: JsonObject): string => {
  const value: unknown = JSON.parse(data)
  if (!isJsonObject(value)) return data
  const delta = ownMember(value, 'delta')
  const inner = isJsonObject(delta) ? { delta: withRest(delta, objectMember(members, 'delta')) } : {}
  return writeJson(withRest({ ...value, ...inner }, members))
}
