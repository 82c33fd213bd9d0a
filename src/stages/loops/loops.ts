import {
  applyEdits,
  type LoopOptions,
  loopEdits,
  loopError,
  loopsOf,
  mostRepeated,
} from '../../firewall/index.ts'
import type { Exchange, Stage } from '../../pipeline/index.ts'
import type { Recorded } from '../ledger/index.ts'
import { leavesOf, type Received, withBody } from '../receive/index.ts'

export interface LoopsParts {
  /** Undefined: agents may repeat themselves. */
  readonly loopOptions: LoopOptions | undefined
  readonly maxNesting: number
  /** A model was told that it repeats itself, or its agent was stopped. */
  readonly onLoop: (result: 'warned' | 'stopped') => void
}

export interface LoopBroken {
  /** No loop goes on behind here. */
  readonly loopsBroken: true
}

/**
 * Agents that make the same tool call again and again: the model is told in the tool's answer, in the same words at
 * the same place of every later request, and at last the request is refused.
 */
export const loops = (parts: LoopsParts): Stage<Exchange & Recorded & Received, Received & LoopBroken> => ({
  name: 'loops',
  run(exchange, next) {
    const { request, facts, protocol, operation } = exchange
    const untouched = { request, facts, loopsBroken: true as const }
    const options = parts.loopOptions
    const codec = protocol.generate
    if (options === undefined || codec === undefined || operation !== 'generate') return next(untouched)
    const leaves = leavesOf(protocol, operation, request)
    const fewest = Math.min(...[options.warnAt, options.stopAt].filter((count) => count > 0))
    if (mostRepeated(leaves) < fewest) return next(untouched)
    const report = loopsOf(codec.decodeRequest(request, { locations: true }), options)
    if (report.isStopped) {
      parts.onLoop('stopped')
      throw loopError(report)
    }
    const edits = loopEdits(report.warnings, leaves)
    if (edits.length === 0) return next(untouched)
    if (report.count === options.warnAt) parts.onLoop('warned')
    const changed = withBody(protocol, request, applyEdits(request.body, edits), parts.maxNesting)
    return next({ ...changed, loopsBroken: true })
  },
})
