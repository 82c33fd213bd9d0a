import { deltaWords } from '../../firewall/index.ts'
import type { StreamEvent } from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'

/** Looks at the events of one answer. */
export interface AnswerLook {
  /** What may go on, in order; the rest is held or must not be said. */
  pass(events: readonly StreamEvent[]): Promise<readonly StreamEvent[]>
  /** What was held. */
  end(): Promise<readonly StreamEvent[]>
}

/** With machines, which wait for nobody. Deltas that they have left no words are not said. */
export const lookWith = (chain: Machine<StreamEvent, StreamEvent>): AnswerLook => ({
  pass: async (events) =>
    events.flatMap((event) => chain.push(event).filter((one) => one === event || !isEmpty(one))),
  end: async () => chain.end(),
})

/** All of its words are held back. */
const isEmpty = (event: StreamEvent): boolean => deltaWords(event) === ''
