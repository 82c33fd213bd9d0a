import type { ProtocolId, ToolCallPart, ToolResultPart } from '../../ir/index.ts'
import { isCallIdFor, madeCallId } from './call-id-rule.ts'

/** Walks a history and gives each call an id of its own that the target takes, and each result its call's. */
export interface CallPairs {
  /** @param place tells calls apart that say the same: it must not change in later requests */
  call(part: ToolCallPart, place: string): ToolCallPart
  result(part: ToolResultPart): ToolResultPart
}

interface OpenCall {
  readonly name: string
  readonly id: string
  isAnswered: boolean
}

/**
 * A result belongs to the latest call of its id; one without an id that any call has, to the oldest call of its name
 * that is not answered yet.
 */
export const createCallPairs = (protocol: ProtocolId): CallPairs => {
  const byId = new Map<string, OpenCall>()
  const used = new Set<string>()
  const withoutId: OpenCall[] = []
  return {
    call(part, place) {
      const isGiven = part.id !== undefined && part.id !== ''
      let id = isGiven ? part.id : madeCallId(protocol, place, part.name, part.input)
      if (isGiven && !isCallIdFor(protocol, id)) id = madeCallId(protocol, id)
      // Some servers count from zero in every answer; a history must not hold an id twice.
      if (used.has(id)) id = madeCallId(protocol, id, place)
      used.add(id)
      const call = { name: part.name, id, isAnswered: false }
      if (isGiven) byId.set(part.id, call)
      else withoutId.push(call)
      return id === part.id ? part : { ...part, id }
    },
    result(part) {
      const call =
        (part.callId === undefined ? undefined : byId.get(part.callId)) ??
        withoutId.find(({ name, isAnswered }) => !isAnswered && (part.name ?? name) === name)
      if (call === undefined) {
        const { callId } = part
        return callId === undefined || isCallIdFor(protocol, callId)
          ? part
          : { ...part, callId: madeCallId(protocol, callId) }
      }
      call.isAnswered = true
      // Gemini's results repeat the name; others neither need nor mind it.
      const name = protocol === 'gemini' ? call.name : part.name
      if (call.id === part.callId && name === part.name) return part
      return { ...part, callId: call.id, ...(name === undefined ? {} : { name }) }
    },
  }
}
