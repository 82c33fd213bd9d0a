import type { FinishEvent, StreamEvent } from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'
import { type StringFinder, stringFinders } from './string-finder.ts'

export interface CutOptions {
  /** Streams end at the match, so that the provider can be told to stop; whole answers still tell their usage. */
  readonly stream: boolean
  /** How many answers were asked for; each ends by itself. */
  readonly candidates: number
}

/** One text part that is being written. */
interface OpenText {
  readonly finder: StringFinder
  /** Text that may become a stop string, and so was not passed on. */
  held: string
}

interface Choice {
  readonly texts: Map<number, OpenText>
  /** Ends of parts that were opened and not yet ended, by the part's index. */
  readonly ends: Map<number, StreamEvent>
  isCut: boolean
}

/**
 * Cuts visible text at the first of some strings. Held back is the longest end of the text that is the beginning of
 * one. At a match the open parts are ended and the answer finishes with the reason `stop-sequence`; a stream also ends
 * there, and who drives this machine cancels the provider's when it sees the end.
 */
export const cutAtStopStrings = (
  strings: readonly string[],
  { stream, candidates }: CutOptions,
): Machine<StreamEvent, StreamEvent> => {
  const finder = stringFinders(strings)
  const choices = new Map<number, Choice>()
  let isOver = false

  const choiceAt = (index = 0): Choice => {
    let choice = choices.get(index)
    if (choice === undefined) {
      choice = { texts: new Map(), ends: new Map(), isCut: false }
      choices.set(index, choice)
    }
    return choice
  }
  const cut = (choice: Choice, at: { readonly choice?: number }, found: string): StreamEvent[] => {
    choice.isCut = true
    const finish: FinishEvent = {
      type: 'finish',
      ...(at.choice === undefined ? {} : { choice: at.choice }),
      finish: { reason: 'stop-sequence', stopSequence: found },
    }
    const events = [...choice.ends.values(), finish]
    if (!stream || candidates > 1) return events
    isOver = true
    return [...events, { type: 'end' }]
  }
  const pushText = (event: Extract<StreamEvent, { type: 'text-delta' }>): readonly StreamEvent[] => {
    const choice = choiceAt(event.choice)
    const open = choice.texts.get(event.index)
    if (open === undefined) return [event]
    const match = open.finder.feed(event.text)
    const text = open.held + event.text
    if (match !== undefined) {
      const length = open.held.length + match.end - match.found.length
      open.held = ''
      const said = length === 0 ? [] : [{ ...event, text: text.slice(0, length) }]
      return [...said, ...cut(choice, event, match.found)]
    }
    const said = text.length - open.finder.pending
    if (said === event.text.length && open.held === '') return [event]
    open.held = text.slice(said)
    return said === 0 ? [] : [{ ...event, text: text.slice(0, said) }]
  }
  /** What was held back in a part, or in all parts of all choices. */
  const release = (choice: number | undefined, index?: number): StreamEvent[] => {
    const events: StreamEvent[] = []
    for (const [at, open] of choiceAt(choice).texts) {
      if ((index !== undefined && at !== index) || open.held === '') continue
      const place = choice === undefined ? {} : { choice }
      events.push({ type: 'text-delta', ...place, index: at, text: open.held })
      open.held = ''
    }
    return events
  }
  const releaseAll = (): StreamEvent[] =>
    [...choices.keys()].flatMap((choice) => release(choice === 0 ? undefined : choice))

  return {
    push(event) {
      if (isOver) return []
      switch (event.type) {
        case 'usage':
        case 'start':
        case 'extension':
          return [event]
        case 'error':
        case 'end': {
          const left = releaseAll()
          return left.length === 0 ? [event] : [...left, event]
        }
      }
      const choice = choiceAt(event.choice)
      if (choice.isCut) return []
      switch (event.type) {
        case 'text-delta':
          return pushText(event)
        case 'text-start':
          choice.texts.set(event.index, { finder: finder(), held: '' })
          choice.ends.set(event.index, endOf(event, 'text-end'))
          return [event]
        case 'refusal-start':
          choice.ends.set(event.index, endOf(event, 'refusal-end'))
          return [event]
        case 'reasoning-start':
          choice.ends.set(event.index, endOf(event, 'reasoning-end'))
          return [event]
        case 'tool-call-start':
          choice.ends.set(event.index, endOf(event, 'tool-call-end'))
          return [event]
        case 'text-end':
        case 'refusal-end':
        case 'reasoning-end':
        case 'tool-call-end': {
          const left = release(event.choice, event.index)
          choice.ends.delete(event.index)
          choice.texts.delete(event.index)
          return left.length === 0 ? [event] : [...left, event]
        }
        case 'finish': {
          const left = release(event.choice)
          return left.length === 0 ? [event] : [...left, event]
        }
        default:
          return [event]
      }
    },
    end: () => (isOver ? [] : releaseAll()),
  }
}

type EndType = 'text-end' | 'refusal-end' | 'reasoning-end' | 'tool-call-end'

const endOf = (
  { choice, index }: { readonly choice?: number; readonly index: number },
  type: EndType,
): StreamEvent => ({
  type,
  ...(choice === undefined ? {} : { choice }),
  index,
})
