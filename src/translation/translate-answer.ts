import { type CanonicalError, collect, type GenerateResponse, replay } from '../ir/index.ts'
import { eventChain } from './event-chain.ts'
import type { TranslatedRequest } from './translate-request.ts'

/** A whole answer through the passes' machines: replayed as a stream, rewritten, and collected again. */
export const translateAnswer = (
  response: GenerateResponse,
  { answerMachines }: Pick<TranslatedRequest, 'answerMachines'>,
): GenerateResponse => {
  const machines = answerMachines()
  if (machines.length === 0) return response
  const chain = eventChain(machines)
  const events = replay(response).flatMap((event) => chain.push(event))
  const collected = collect(response.protocol, [...events, ...chain.end()])
  if (collected.error !== undefined) throw new RefusedAnswer(collected.error)
  return collected.response
}

/** A pass ended the answer with an error of its own. */
export class RefusedAnswer extends Error {
  readonly error: CanonicalError

  constructor(error: CanonicalError) {
    super(error.message)
    this.name = 'RefusedAnswer'
    this.error = error
  }
}
