import type { GenerateResponse } from '../../ir/index.ts'
import type { AnswerFacts } from '../../protocols/index.ts'
import { joinAnswers } from '../../translation/index.ts'
import type { GenerateTranslation } from '../translate/index.ts'
import { AnswerBroken, type Breach, furtherCalls, lost } from './further-call.ts'
import { factsOf, heardAnswer, unreadable } from './heard-answer.ts'
import { joinedFacts, withInput } from './joined-facts.ts'
import { readWire } from './read-whole.ts'
import type { HttpCall } from './send-http.ts'
import type { TranslationJob } from './translation-job.ts'

export interface WholeAnswer {
  readonly answer: GenerateResponse
  readonly facts: AnswerFacts
  /** It did not come to its end. */
  readonly breach?: Breach
}

type Job = TranslationJob<GenerateTranslation>

/** Goes on with an answer that was read whole, as often as it pauses. */
export const goOnWhole = async (
  job: Job,
  first: GenerateResponse,
  known: AnswerFacts,
): Promise<WholeAnswer> => {
  const further = furtherCalls(job)
  let [answer, facts] = [first, known]
  while (answer.choices[0]?.finish?.reason === 'pause') {
    const next = await further.next(answer, facts)
    if (next === undefined) break
    try {
      const heard = await hear(job, await further.send(next))
      facts = joinedFacts(facts, heard.facts)
      answer = joinAnswers(answer, heard.answer)
    } catch (error) {
      const { breach } = lost(error)
      return { answer, facts: breach.isBilled ? withInput(facts, next.inputTokens) : facts, breach }
    }
  }
  return { answer, facts }
}

/** @throws AnswerBroken, or what `readWire` throws */
const hear = async ({ exchange, translation }: Job, call: HttpCall): Promise<WholeAnswer> => {
  const wire = await readWire(exchange, call)
  const facts = factsOf(translation, wire)
  const { error, usage } = facts
  if (error !== undefined) throw new AnswerBroken({ error, isBilled: usage !== undefined, isSaid: true })
  try {
    return { facts, answer: heardAnswer(translation, wire) }
  } catch {
    throw new AnswerBroken({ error: unreadable, isBilled: true, isSaid: true })
  }
}
