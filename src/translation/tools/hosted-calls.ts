import type { ServerCallPart, StreamEvent, ToolCallPart } from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'
import type { ResponsesFunction } from './responses-functions.ts'

interface OpenCall {
  readonly part: ToolCallPart
  readonly fn: ResponsesFunction
  readonly input: string[]
}

/**
 * Calls of functions that stand for tool types of OpenAI's become calls of those: items that come in one piece, so the
 * arguments are collected. A call that is cut off is none.
 * @param byName the functions under the names that the client's own tools left free
 */
export const hostedCalls = (
  byName: ReadonlyMap<string, ResponsesFunction>,
): Machine<StreamEvent, StreamEvent> => {
  const open = new Map<string, OpenCall>()
  const keyOf = (at: { readonly choice?: number; readonly index: number }): string =>
    `${at.choice ?? 0} ${at.index}`
  return {
    push(event) {
      switch (event.type) {
        case 'tool-call-start': {
          const fn = event.part.type === 'tool-call' ? byName.get(event.part.name) : undefined
          if (fn === undefined || event.part.type !== 'tool-call') return [event]
          open.set(keyOf(event), { part: event.part, fn, input: [event.part.input] })
          return []
        }
        case 'tool-call-delta': {
          const call = open.size === 0 ? undefined : open.get(keyOf(event))
          if (call === undefined) return [event]
          call.input.push(event.input)
          return []
        }
        case 'tool-call-end': {
          const call = open.get(keyOf(event))
          if (call === undefined) return [event]
          open.delete(keyOf(event))
          const { choice, index } = event
          const at = { ...(choice === undefined ? {} : { choice }), index }
          return [{ type: 'part', ...at, part: serverCall(call) }]
        }
        default:
          return [event]
      }
    },
    end: () => [],
  }
}

const serverCall = ({ part, fn, input }: OpenCall): ServerCallPart => ({
  type: 'server-call',
  ...(part.id === undefined ? {} : { id: part.id }),
  tool: fn.tool,
  name: fn.name,
  input: fn.toInput(input.join('')),
  byClient: true,
})
