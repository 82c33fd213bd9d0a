import type { Part, StreamEvent } from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'
import type { PlaceholderMap } from './placeholder-map.ts'
import { restoreExtensions } from './restore-extensions.ts'
import {
  isSigned,
  type RestoreOptions,
  restoreCitation,
  restoreFinish,
  restorePart,
  unsourced,
} from './restore-response.ts'
import { createRestorer, type Restorer, restoreText } from './restorer.ts'

/** A machine that restores, and tells how much it holds back. */
export interface RestoreMachine extends Machine<StreamEvent, StreamEvent> {
  /** Characters held back in all open parts. */
  readonly held: number
}

type Delta = Extract<
  StreamEvent,
  { readonly type: 'text-delta' | 'refusal-delta' | 'reasoning-delta' | 'tool-call-delta' }
>
type Start = Extract<
  StreamEvent,
  { readonly type: 'text-start' | 'refusal-start' | 'reasoning-start' | 'tool-call-start' }
>

/** One open part. Each piece of reasoning is a text of its own. */
interface OpenPart {
  /** Absent: it passes as it is. */
  readonly restorer: (piece: number) => Restorer | undefined
  /** What the held text goes out in. */
  readonly held: Map<number, { readonly restorer: Restorer; last: Delta }>
}

/**
 * A streamed answer with the values of its placeholders. Only the end of a text that may begin a placeholder waits for
 * what comes next, and never past the part's end.
 */
export const restoreStream = (map: PlaceholderMap, options: RestoreOptions): RestoreMachine => {
  const counts = options.counts ?? { restored: 0, unknown: 0 }
  const parts = new Map<string, OpenPart>()

  const open = (key: string, part: Part): OpenPart => {
    const passes = part.type === 'reasoning' && (options.signedReasoning || isSigned(part))
    const kind = part.type === 'tool-call' && part.kind === 'function' ? 'json' : 'text'
    const restorers = new Map<number, Restorer>()
    const opened: OpenPart = {
      held: new Map(),
      restorer(piece) {
        if (passes) return undefined
        const restorer = restorers.get(piece) ?? createRestorer(map, kind, counts)
        restorers.set(piece, restorer)
        return restorer
      },
    }
    parts.set(key, opened)
    return opened
  }

  const start = (event: Start): StreamEvent => {
    const opened = open(keyOf(event), event.part)
    const { part } = event
    if (part.type === 'reasoning') {
      const restored = restorePart(part, map, { ...options, counts })
      return restored === part ? event : { ...event, part: restored as typeof part }
    }
    const said = part.type === 'tool-call' ? part.input : part.text
    const restorer = said === '' ? undefined : opened.restorer(0)
    if (restorer === undefined) return event
    const text = restorer.push(said)
    if (restorer.held > 0) opened.held.set(0, { restorer, last: firstDelta(event) })
    if (text === said) return event
    const restored = part.type === 'tool-call' ? { ...part, input: text } : { ...part, text }
    return { ...event, part: unsourced(restored) }
  }

  const delta = (event: Delta): readonly StreamEvent[] => {
    const opened = parts.get(keyOf(event))
    const piece = event.type === 'reasoning-delta' ? event.piece : 0
    const restorer = opened?.restorer(piece)
    if (opened === undefined || restorer === undefined) return [event]
    // A piece that begins ends the one before.
    const earlier = opened.held.has(piece) ? [] : flush(opened)
    const said = textOf(event)
    const text = restorer.push(said)
    if (restorer.held > 0) opened.held.set(piece, { restorer, last: event })
    else opened.held.delete(piece)
    if (text === said) return [...earlier, event]
    if (text === '' && event.extensions === undefined) return earlier
    return [...earlier, restoreExtensions(withText(event, text), map)]
  }

  const flush = (opened: OpenPart | undefined): readonly StreamEvent[] => {
    if (opened === undefined || opened.held.size === 0) return []
    const events = [...opened.held.values()].map(({ restorer, last }) => {
      const { extensions: _extensions, ...bare } = last
      return withText(bare as Delta, restorer.end())
    })
    opened.held.clear()
    return events
  }

  const flushAll = (wanted: (key: string) => boolean = () => true): readonly StreamEvent[] =>
    [...parts].flatMap(([key, opened]) => (wanted(key) ? flush(opened) : []))

  return {
    get held() {
      let held = 0
      for (const opened of parts.values())
        for (const { restorer } of opened.held.values()) held += restorer.held
      return held
    },

    push(event) {
      if (!map.restores) return [event]
      switch (event.type) {
        case 'text-start':
        case 'refusal-start':
        case 'reasoning-start':
        case 'tool-call-start':
          return [start(event)]
        case 'text-delta':
        case 'refusal-delta':
        case 'reasoning-delta':
        case 'tool-call-delta':
          return delta(event)
        case 'text-end':
        case 'refusal-end':
        case 'reasoning-end':
        case 'tool-call-end': {
          const key = keyOf(event)
          const events = flush(parts.get(key))
          parts.delete(key)
          const last = event.type === 'reasoning-end' ? event : restoreExtensions(event, map)
          return events.length === 0 ? [last] : [...events, last]
        }
        case 'part': {
          const part = restorePart(event.part, map, { ...options, counts })
          return [part === event.part ? event : { ...event, part }]
        }
        case 'citation': {
          const citation = restoreCitation(event.citation, map)
          return [citation === event.citation ? event : { ...event, citation }]
        }
        case 'finish': {
          const choice = `${event.choice ?? 0}:`
          const last = restoreExtensions(event, map)
          const finish = restoreFinish(event.finish, map)
          return [
            ...flushAll((key) => key.startsWith(choice)),
            finish === event.finish ? last : { ...last, finish },
          ]
        }
        case 'error': {
          const message = restoreText(event.error.message, map)
          const error = restoreExtensions(unsourced({ ...event.error, message }), map)
          return [
            ...flushAll(),
            message === event.error.message ? event : restoreExtensions({ ...event, error }, map),
          ]
        }
        case 'end':
          return [...flushAll(), restoreExtensions(event, map)]
        case 'usage':
        case 'extension':
          return [restoreExtensions(event, map)]
        case 'start':
          return [event]
      }
    },

    end: () => flushAll(),
  }
}

const keyOf = (at: { readonly choice?: number; readonly index: number }): string =>
  `${at.choice ?? 0}:${at.index}`

const textOf = (event: Delta): string => (event.type === 'tool-call-delta' ? event.input : event.text)

const withText = (event: Delta, text: string): Delta =>
  event.type === 'tool-call-delta' ? { ...event, input: text } : { ...event, text }

/** What says the rest of a text that came with the part's start. */
const firstDelta = (event: Start): Delta => {
  const place = { ...(event.choice === undefined ? {} : { choice: event.choice }), index: event.index }
  switch (event.type) {
    case 'tool-call-start':
      return { type: 'tool-call-delta', ...place, input: '' }
    case 'refusal-start':
      return { type: 'refusal-delta', ...place, text: '' }
    case 'reasoning-start':
      return { type: 'reasoning-delta', ...place, piece: 0, kind: 'text', text: '' }
    case 'text-start':
      return { type: 'text-delta', ...place, text: '' }
  }
}
