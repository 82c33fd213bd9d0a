import type { GenerateRequest, ProtocolId, StreamEvent, ToolCallPart } from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'
import type { Pass } from '../pass.ts'
import { isCallIdFor, madeCallId } from './call-id-rule.ts'
import { createCallPairs } from './call-pairs.ts'
import { callStarts } from './call-starts.ts'
import { mapParts } from './map-parts.ts'

/**
 * Ids of calls that the other side takes (translation.md §1.6). In the history every call gets one, and every result its
 * call's; the same history gives the same ids. In the answer calls without an id that the client's protocol takes get
 * one: the client sends it back, and every target of the next request takes it.
 */
export const callIds: Pass = {
  name: 'call ids',
  run(request, { target }) {
    if (request.protocol === target.protocol) return { request }
    const pairs = createCallPairs(target.protocol)
    const turns = mapParts(request.turns, (part, _turn, turnIndex, partIndex) => {
      if (part.type === 'tool-call') return pairs.call(part, `${turnIndex}:${partIndex}`)
      return part.type === 'tool-result' ? pairs.result(part) : part
    })
    return {
      request: turns === request.turns ? request : { ...request, turns },
      answer: () => answerIds(request),
    }
  },
}

/** What tells the calls of this answer from those of every other answer in the conversation: its id, and its turn. */
const answerIds = ({ protocol, turns }: GenerateRequest): Machine<StreamEvent, StreamEvent> => {
  const used = new Set<string>()
  let answer = ''
  const starts = callStarts((part, { choice = 0, index }) => {
    const id = idOf(part, protocol)
    const fresh =
      id === undefined || used.has(`${choice} ${id}`)
        ? madeCallId(protocol, answer, turns.length, choice, index, part.name, part.id ?? '')
        : id
    used.add(`${choice} ${fresh}`)
    return fresh === part.id ? part : { ...part, id: fresh }
  })
  return {
    push(event) {
      if (event.type === 'start') answer = event.id ?? ''
      return starts.push(event)
    },
    end: () => [],
  }
}

/** The upstream's own id, if it is one for the client. */
const idOf = ({ id }: ToolCallPart, protocol: ProtocolId): string | undefined => {
  if (id === undefined || id === '') return undefined
  return isCallIdFor(protocol, id) ? id : madeCallId(protocol, id)
}
