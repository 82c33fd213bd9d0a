import type { Warning } from '../../ir/index.ts'

/** Collects what an encoder cannot say, each with its place in the client's request. */
export interface Losses {
  readonly warnings: readonly Warning[]
  add(code: Warning['code'], feature: string, path: string, reason: string): void
}

export const createLosses = (): Losses => {
  const warnings: Warning[] = []
  return {
    warnings,
    add(code, feature, path, reason) {
      warnings.push({ code, feature, path, reason })
    },
  }
}
