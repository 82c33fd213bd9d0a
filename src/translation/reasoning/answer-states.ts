import type { StreamEvent } from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'
import { type ChoiceOptions, ChoiceStates } from './choice-states.ts'
import { type AnswerParts, answerSeal } from './seal-answer.ts'

/**
 * Makes the reasoning state of an answer fit for a client of another protocol (translation.md §7.3).
 *
 * Gemini says the state of thoughts on the part behind them. There an open thought waits for that part, and state
 * without a thought becomes a thought without text in front of it, so that state is always on a reasoning part.
 * Chat Completions keeps it on tool calls, where Google's own convention has a place.
 */
export const answerStates = (parts: AnswerParts): Machine<StreamEvent, StreamEvent> => {
  const { protocol, reasoning } = parts.request
  const isGemini = protocol === 'gemini'
  const options: Omit<ChoiceOptions, 'choice'> = {
    seal: answerSeal(parts),
    movesState: parts.target.protocol === 'gemini',
    keepsCallState: protocol === 'openai-chat',
    // Gemini's clients get thoughts only when they ask for them, and seldom send them back.
    hidesThoughts: isGemini && !isShown(reasoning?.display),
    statesStandAlone: isGemini,
  }
  const choices = new Map<number, ChoiceStates>()
  const choiceAt = (index: number): ChoiceStates => {
    let choice = choices.get(index)
    if (choice === undefined) {
      choice = new ChoiceStates({ ...options, choice: index === 0 ? {} : { choice: index } })
      choices.set(index, choice)
    }
    return choice
  }
  const flush = (): readonly StreamEvent[] => [...choices.values()].flatMap((choice) => choice.flush())
  return {
    push(event) {
      switch (event.type) {
        case 'start':
        case 'usage':
        case 'extension':
          return [event]
        case 'finish': {
          const left = choices.get(event.choice ?? 0)?.flush() ?? []
          return left.length === 0 ? [event] : [...left, event]
        }
        case 'error':
        case 'end': {
          const left = flush()
          return left.length === 0 ? [event] : [...left, event]
        }
        default:
          return choiceAt(event.choice ?? 0).push(event)
      }
    },
    end: flush,
  }
}

const isShown = (display: string | undefined): boolean => display !== undefined && display !== 'none'
