import type { Warning } from '../../ir/index.ts'

/** Collects what a request loses on its way into this protocol. */
export interface LossReporter {
  readonly dropped: (feature: string, path: string, reason: string) => void
  readonly approximated: (feature: string, path: string, reason: string) => void
  readonly warnings: readonly Warning[]
}

export const lossReporter = (): LossReporter => {
  const warnings: Warning[] = []
  const report = (code: Warning['code']) => (feature: string, path: string, reason: string) => {
    warnings.push({ code, feature, path, reason })
  }
  return { dropped: report('dropped'), approximated: report('approximated'), warnings }
}
