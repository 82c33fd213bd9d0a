import { GatewayError } from '../errors.ts'
import type { Warning } from '../ir/index.ts'
import type { Warn } from './pass.ts'

/** What a translation loses. In strict mode the first loss of a request refuses it. */
export interface Losses {
  /** In the order in which they were found; each once. */
  readonly list: readonly Warning[]
  readonly warn: Warn
  readonly refuse: (feature: string, path: string, reason: string) => never
  /** The request is on its way: what is lost from here on is told, and refuses nothing. */
  sent(): void
}

export interface LossesParts {
  /** For people: whom the request goes to. */
  readonly target: string
  /** The client's own spelling of a canonical field path; other paths come back as they are. */
  readonly fieldPath: (path: string) => string
  readonly strict: boolean
  /** Sees each loss once. */
  readonly onLoss?: (warning: Warning) => void
}

/** A row of the ledger holds so many; what a hostile history would add beyond says nothing new. */
const maximum = 100

export const createLosses = ({ target, fieldPath, strict, onLoss }: LossesParts): Losses => {
  const list: Warning[] = []
  const known = new Set<string>()
  let refuses = strict
  return {
    list,
    warn(code, feature, at, reason) {
      const path = fieldPath(at)
      if (refuses) {
        throw new GatewayError(
          'gateway_translation_unsupported',
          `${path}: ${feature} would be ${code} for ${target} (${reason}), and the request is strict`,
          { param: path },
        )
      }
      const id = `${code}\u0000${feature}\u0000${path}`
      if (known.has(id) || list.length >= maximum) return
      known.add(id)
      const warning = { code, feature, path, reason }
      list.push(warning)
      onLoss?.(warning)
    },
    refuse(feature, at, reason) {
      const path = fieldPath(at)
      throw new GatewayError(
        'gateway_translation_unsupported',
        `${path}: ${feature} cannot be said to ${target}: ${reason}`,
        { param: path },
      )
    },
    sent() {
      refuses = false
    },
  }
}
