import type { Warning } from '../../ir/index.ts'

/** Collects what an encoder could not say. */
export interface Losses {
  readonly warnings: readonly Warning[]
  add(code: Warning['code'], feature: string, path: string, reason: string): void
}

export const losses = (): Losses => {
  const warnings: Warning[] = []
  return {
    warnings,
    add(code, feature, path, reason) {
      warnings.push({ code, feature, path, reason })
    },
  }
}
