import type { GenerateRequest, Part, Turn } from '../../ir/index.ts'
import { type QuestionTraits, questionTraits } from './question-traits.ts'

/** Why only an equal request may have the same answer. */
export type NotComparable =
  /** A conversation, or something that is not text. */
  | 'not-one-question'
  | 'tools'
  /** Answers are wanted that vary. */
  | 'temperature'
  /** Another answer is right tomorrow. */
  | 'time'
  | 'too-long'
  | 'empty'

/** The text of a request that other words may stand for, and the rest, of which nothing may be other. */
export interface SimilarQuestion {
  readonly text: string
  readonly traits: QuestionTraits
  /** The request without the text. */
  readonly rest: GenerateRequest
}

/** Characters; of longer texts an embedding says too little. */
const longest = 2_000

/**
 * One question of one user, with system text at most.
 * @param highestTemperature from 0; a request that names none is taken for one of 1, the providers' default
 */
export const similarQuestion = (
  request: GenerateRequest,
  highestTemperature: number,
): SimilarQuestion | NotComparable => {
  const { turns, tools, sampling } = request
  if (tools.length > 0 || turns.some((turn) => (turn.tools ?? []).length > 0)) return 'tools'
  const last = turns.at(-1)
  if (last?.role !== 'user' || turns.slice(0, -1).some(({ role }) => role !== 'system'))
    return 'not-one-question'
  const [part] = last.parts
  if (last.parts.length !== 1 || part?.type !== 'text') return 'not-one-question'
  if ((sampling.temperature ?? 1) > highestTemperature) return 'temperature'
  const text = part.text.trim()
  if (text === '') return 'empty'
  if (text.length > longest) return 'too-long'
  const traits = questionTraits(text)
  if (traits.isOfToday) return 'time'
  return { text, traits, rest: { ...request, turns: [...turns.slice(0, -1), withoutText(last, part)] } }
}

const withoutText = (turn: Turn, part: Extract<Part, { type: 'text' }>): Turn => {
  const { raw: _, ...bare } = part
  const { raw: __, ...around } = turn
  return { ...around, parts: [{ ...bare, text: '' }] }
}
