import { attemptRow, closedRow } from '../../../test/support/ledger-rows.ts'
import type { AttemptRow, ClosedRow } from '../entry.ts'
import { closedLine } from '../ledger-line.ts'
import { createRandomSource } from './random-source.ts'

export const minute = 60_000
export const begin = Date.UTC(2026, 10, 14)

/** One exchange with one upstream call, as a line of the ledger. */
export const callLine = (
  id: string,
  at: number,
  call: Partial<AttemptRow>,
  exchange: Partial<ClosedRow> = {},
): string => {
  const attempt = attemptRow(id, { at, ...call })
  const closed = closedRow(id, { at: at + attempt.latencyMs, openedAt: at, ...exchange })
  return closedLine(closed, [attempt], [])
}

export interface Behaviour {
  readonly ttftMs: number
  readonly tokensPerSecond: number
  readonly errors: number
  readonly outputTokens: number
  readonly answered: string
}

export const usual: Behaviour = {
  ttftMs: 400,
  tokensPerSecond: 80,
  errors: 0.02,
  outputTokens: 300,
  answered: 'large-2026-01-01',
}

/** So many calls of a model, one a minute, that scatter around what `behaviourAt` says. */
export const series = (
  model: string,
  count: number,
  behaviourAt: (index: number) => Behaviour,
  from = begin,
): readonly string[] => {
  const random = createRandomSource(model)
  const scatter = (): number => Math.exp(0.5 * (random() + random() + random() - 1.5))
  return Array.from({ length: count }, (_, index) => {
    const { ttftMs, tokensPerSecond, errors, outputTokens, answered } = behaviourAt(index)
    const hasFailed = random() < errors
    const ttft = Math.round(ttftMs * scatter())
    const tokens = Math.round(outputTokens * scatter())
    const duration = Math.round((tokens / (tokensPerSecond * scatter())) * 1000)
    return callLine(`${model}-${String(index).padStart(5, '0')}`, from + index * minute, {
      provider: 'vendor',
      modelSent: model,
      ...(hasFailed
        ? {
            status: 503,
            error: 'overloaded',
            ttftMs: null,
            usage: null,
            usageSource: null,
            modelAnswered: null,
          }
        : {
            modelAnswered: answered,
            ttftMs: ttft,
            latencyMs: ttft + duration,
            usage: { inputTokens: 50, outputTokens: tokens },
          }),
    })
  })
}
