import { type Observed, observedStep, observedSteps } from './error-bound.ts'

/** Whether the answer of a kept question was right for another one. */
export interface Observation {
  /** The key of the other one's answer: each counts once, however often it is asked. */
  readonly asked: string
  readonly similarity: number
  readonly isRight: boolean
}

/** Of one question; more would make it no surer. */
export const mostObservations = 1_000

export const countByStep = (observations: Iterable<Observation>): readonly (Observed | undefined)[] => {
  const counts: (Observed | undefined)[] = Array.from({ length: observedSteps }, () => undefined)
  for (const { similarity, isRight } of observations) {
    const step = observedStep(similarity)
    const { right, wrong } = counts[step] ?? { right: 0, wrong: 0 }
    counts[step] = isRight ? { right: right + 1, wrong } : { right, wrong: wrong + 1 }
  }
  return counts
}
