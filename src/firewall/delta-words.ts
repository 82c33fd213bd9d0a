import type { StreamEvent } from '../ir/index.ts'

/** The words of a delta; undefined for other events. */
export const deltaWords = (event: StreamEvent): string | undefined => {
  switch (event.type) {
    case 'text-delta':
    case 'refusal-delta':
    case 'reasoning-delta':
      return event.text
    case 'tool-call-delta':
      return event.input
    default:
      return undefined
  }
}

/** A delta with other words. What it had beside its words belonged to those words. Other events are as they were. */
export const withDeltaWords = (event: StreamEvent, words: string): StreamEvent => {
  switch (event.type) {
    case 'text-delta':
    case 'refusal-delta':
    case 'reasoning-delta': {
      const { extensions: _, ...rest } = event
      return { ...rest, text: words }
    }
    case 'tool-call-delta': {
      const { extensions: _, ...rest } = event
      return { ...rest, input: words }
    }
    default:
      return event
  }
}
