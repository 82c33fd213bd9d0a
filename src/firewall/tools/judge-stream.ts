import type { StreamEvent, ToolCallPart } from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'
import { deniedText, type ToolContext, type ToolJudge, type ToolVerdict } from './judge.ts'
import type { ToolCall } from './read-call.ts'

export interface JudgedStreamParts {
  readonly judge: ToolJudge
  /** Read when the first call is judged: most answers have none. */
  readonly context: () => ToolContext
  /** Calls that may not be made become text; else they are only told of. */
  readonly isActing: boolean
  /** Told of each call that may not be made, or not without being asked. */
  readonly onVerdict: (call: ToolCall, verdict: ToolVerdict) => void
}

type Placed = { readonly choice?: number; readonly index: number }
type Start = Extract<
  StreamEvent,
  { readonly type: 'text-start' | 'refusal-start' | 'reasoning-start' | 'tool-call-start' }
>

interface OpenCall {
  readonly start: Start
  readonly events: StreamEvent[]
  input: string
}

/**
 * Judges the tool calls of an answer. Agents run a call as soon as it is whole, so where calls may be taken back they
 * are held until then. One that may not be made becomes a text that says so; an answer that has no call left ends as a
 * finished turn does.
 */
export const judgeCalls = (parts: JudgedStreamParts): Machine<StreamEvent, StreamEvent> => {
  const open = new Map<string, OpenCall>()
  const made = new Map<number, number>()
  const denied = new Set<number>()
  let context: ToolContext | undefined

  const judged = (part: ToolCallPart, input: string): { call: ToolCall; verdict: ToolVerdict } => {
    const name = part.namespace === undefined ? part.name : `${part.namespace}__${part.name}`
    const call: ToolCall = { name, kind: part.kind, input }
    context ??= parts.context()
    const verdict = parts.judge(call, context)
    if (verdict.action !== 'allow') parts.onVerdict(call, verdict)
    return { call, verdict }
  }
  const count = ({ choice = 0 }: Placed): void => {
    made.set(choice, (made.get(choice) ?? 0) + 1)
  }
  const deny = (at: Placed, call: ToolCall, verdict: ToolVerdict): readonly StreamEvent[] => {
    const place = { ...(at.choice === undefined ? {} : { choice: at.choice }), index: at.index }
    denied.add(at.choice ?? 0)
    return [
      { type: 'text-start', ...place, part: { type: 'text', text: '' } },
      { type: 'text-delta', ...place, text: deniedText(call, verdict) },
      { type: 'text-end', ...place },
    ]
  }
  const end = (held: OpenCall, event: StreamEvent & Placed): readonly StreamEvent[] => {
    const { call, verdict } = judged(asToolCall(held.start), held.input)
    if (!parts.isActing) return [event]
    if (verdict.action !== 'allow') return deny(event, call, verdict)
    count(event)
    return [...held.events, event]
  }

  return {
    push(event) {
      switch (event.type) {
        case 'tool-call-start':
          open.set(keyOf(event), { start: event, events: [event], input: asToolCall(event).input })
          return parts.isActing ? [] : [event]
        case 'tool-call-delta': {
          const held = open.get(keyOf(event))
          if (held === undefined) return [event]
          held.input += event.input
          if (!parts.isActing) return [event]
          held.events.push(event)
          return []
        }
        case 'tool-call-end': {
          const held = open.get(keyOf(event))
          open.delete(keyOf(event))
          return held === undefined ? [event] : end(held, event)
        }
        case 'part': {
          if (event.part.type !== 'tool-call') return [event]
          const { call, verdict } = judged(event.part, event.part.input)
          if (parts.isActing && verdict.action !== 'allow') return deny(event, call, verdict)
          count(event)
          return [event]
        }
        case 'finish': {
          const choice = event.choice ?? 0
          const isOver = denied.has(choice) && (made.get(choice) ?? 0) === 0
          if (!isOver || event.finish.reason !== 'tool-calls') return [event]
          const { extensions: _extensions, ...rest } = event
          return [{ ...rest, finish: { reason: 'end' } }]
        }
        default:
          return [event]
      }
    },
    // A call that was cut off is none: nobody runs it.
    end: () => [...open.values()].flatMap(({ events }) => (parts.isActing ? events : [])),
  }
}

const keyOf = ({ choice, index }: Placed): string => `${choice ?? 0}/${index}`

const asToolCall = ({ part }: Start): ToolCallPart => {
  if (part.type === 'tool-call') return part
  throw new TypeError('a tool call begins with something else')
}
