import type { StreamEvent } from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'
import { compileHosts } from './hosts.ts'
import { createLinkFilter, type LinkFilter } from './link-filter.ts'

export interface LinkMachine extends Machine<StreamEvent, StreamEvent> {
  readonly blocked: number
  /** Characters held back in all open parts. */
  readonly held: number
}

/** `filterLinks` for the text of a streamed answer. */
export const filterLinkStream = (allowedHosts: readonly string[]): LinkMachine => {
  const isAllowed = compileHosts(allowedHosts)
  const filters = new Map<string, LinkFilter>()
  let done = 0
  const keyOf = (event: { readonly choice?: number; readonly index: number }): string =>
    `${event.choice ?? 0}:${event.index}`
  const filterOf = (event: { readonly choice?: number; readonly index: number }): LinkFilter => {
    const known = filters.get(keyOf(event)) ?? createLinkFilter(isAllowed)
    filters.set(keyOf(event), known)
    return known
  }
  const close = (key: string): readonly StreamEvent[] => {
    const filter = filters.get(key)
    if (filter === undefined) return []
    const text = filter.end()
    done += filter.blocked
    filters.delete(key)
    const [choice = 0, index = 0] = key.split(':').map(Number)
    return text === '' ? [] : [{ type: 'text-delta', ...(choice === 0 ? {} : { choice }), index, text }]
  }
  const closeAll = (): readonly StreamEvent[] => [...filters.keys()].flatMap(close)

  return {
    get blocked() {
      let blocked = done
      for (const filter of filters.values()) blocked += filter.blocked
      return blocked
    },
    get held() {
      let held = 0
      for (const filter of filters.values()) held += filter.held
      return held
    },
    push(event) {
      switch (event.type) {
        case 'text-start': {
          if (event.part.type !== 'text' || event.part.text === '') return [event]
          const text = filterOf(event).push(event.part.text)
          if (text === event.part.text) return [event]
          const { raw: _raw, ...part } = event.part
          return [{ ...event, part: { ...part, text } }]
        }
        case 'text-delta': {
          const text = filterOf(event).push(event.text)
          if (text === event.text) return [event]
          return text === '' && event.extensions === undefined ? [] : [{ ...event, text }]
        }
        case 'text-end':
          return [...close(keyOf(event)), event]
        case 'part': {
          if (event.part.type !== 'text') return [event]
          const filter = createLinkFilter(isAllowed)
          const text = filter.push(event.part.text) + filter.end()
          done += filter.blocked
          if (text === event.part.text) return [event]
          const { raw: _raw, ...part } = event.part
          return [{ ...event, part: { ...part, text } }]
        }
        case 'finish':
        case 'error':
        case 'end':
          return [...closeAll(), event]
        default:
          return [event]
      }
    },
    end: closeAll,
  }
}
