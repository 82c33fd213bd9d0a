import type { GenerateRequest } from '../../ir/index.ts'
import { createCalibration } from './calibration.ts'
import { createTokenCounter, type TokenCounter } from './token-counter.ts'

/** A counter that gets better with every prompt whose tokens a provider reported. */
export interface LearningCounter extends TokenCounter {
  /** Holds what a provider reported against what would have been estimated. Estimates now and then, not each time. */
  learn(
    request: GenerateRequest,
    target: { readonly provider: string; readonly model: string },
    reportedTokens: number,
  ): void
}

export interface LearningOptions {
  /** Of so many prompts, one is learnt from. Default 8. */
  readonly every?: number
  /** Runs the work when no answer waits for it. Default: in a turn of its own. */
  readonly later?: (work: () => void) => void
}

export const createLearningCounter = ({
  every = 8,
  later = (work) => void setTimeout(work, 0),
}: LearningOptions = {}): LearningCounter => {
  const calibration = createCalibration()
  const plain = createTokenCounter()
  let prompts = 0
  return {
    ...createTokenCounter(calibration),
    learn(request, target, reportedTokens) {
      if (prompts++ % every !== 0) return
      later(() => {
        calibration.observe(target.provider, target.model, plain.estimate(request, target), reportedTokens)
      })
    },
  }
}
