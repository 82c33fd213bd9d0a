import type { StreamEvent } from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'
import { eventChain } from '../event-chain.ts'
import type { Pass, Passed } from '../pass.ts'

/** Several passes as one. Its answer takes them backwards, and lets words by that concern none of them. */
export const combinedPass = (name: string, passes: readonly Pass[]): Pass => ({
  name,
  run(given, context) {
    const answers: NonNullable<Passed['answer']>[] = []
    let request = given
    for (const pass of passes) {
      const passed = pass.run(request, context)
      request = passed.request
      if (passed.answer !== undefined) answers.unshift(passed.answer)
    }
    if (answers.length === 0) return { request }
    return { request, answer: () => pastWords(eventChain(answers.map((create) => create()))) }
  },
})

/** Most of a stream is words. They concern tools only where a tool of the provider's ran among them. */
const pastWords = (machine: Machine<StreamEvent, StreamEvent>): Machine<StreamEvent, StreamEvent> => {
  let hasWholeParts = false
  return {
    push(event) {
      switch (event.type) {
        case 'text-delta':
        case 'reasoning-delta':
        case 'refusal-delta':
        case 'usage':
        case 'extension':
          return hasWholeParts ? machine.push(event) : [event]
        case 'part':
          hasWholeParts = true
          return machine.push(event)
        default:
          return machine.push(event)
      }
    },
    end: () => machine.end(),
  }
}
