import type { Part, Turn } from '../../ir/index.ts'
import type { LossReporter } from './losses.ts'

/**
 * JSON mode is refused when the word stands nowhere in the messages (translation.md §6.1). What comes before the first
 * answer decides, because it stays the same while a conversation grows.
 */
export const withJsonWord = (turns: readonly Turn[], losses: LossReporter): readonly Turn[] => {
  const answer = turns.findIndex((turn) => turn.role === 'assistant')
  const opening = answer < 0 ? turns : turns.slice(0, answer)
  if (opening.some((turn) => turn.parts.some(saysJson))) return turns
  losses.approximated('json output', 'output', 'asked for in a system message as well')
  const behindSystem = turns.findIndex((turn) => turn.role !== 'system')
  const place = behindSystem < 0 ? turns.length : behindSystem
  return [...turns.slice(0, place), line, ...turns.slice(place)]
}

const line: Turn = {
  role: 'system',
  form: 'string',
  parts: [{ type: 'text', text: 'Respond with a single JSON object and nothing else.' }],
}

const saysJson = (part: Part): boolean => part.type === 'text' && /json/i.test(part.text)
