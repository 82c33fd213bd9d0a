import { type Model, sumWeights, windowNorm, windowSizes } from './model.ts'
import type { RuleHit, RuleMatcher } from './rules.ts'
import { createTokens, type Tokens, tokenize } from './tokens.ts'
import type { View } from './view.ts'

/** Who wrote a text: the user of the client, or a tool that answered. */
export type InjectionRole = 'user' | 'tool'

/** A window of tokens and how much it looks like an attack, in the model's margin. */
export interface WindowScore {
  readonly margin: number
  readonly start: number
  readonly end: number
}

/** A view that was read: its best window, its rules, and all windows from a margin on when asked. */
export interface ScoredView {
  readonly best: WindowScore
  readonly hits: readonly RuleHit[]
  readonly tokens: Tokens
  /** Windows of at least this margin, in order. Valid until the next view is scored. */
  windowsFrom(margin: number): readonly WindowScore[]
}

/** Scores views one after another, in room that is used again. */
export interface ViewScorer {
  score(view: View, role: InjectionRole): ScoredView
}

const mostRuleWeight = 9
const mostWindows = 512

/** What the rules that hold in a window may add together. */
export const boundedRuleWeight = (weight: number): number => Math.min(weight, mostRuleWeight)

/** Weight of a rule for a role. */
export const ruleWeight = (hit: RuleHit, role: InjectionRole): number =>
  role === 'tool' ? (hit.rule.toolWeight ?? hit.rule.weight) : hit.rule.weight

/** Calls `visit` for each window of a text of so many tokens: every size, a quarter of it apart. */
export const eachWindow = (count: number, visit: (start: number, end: number) => void): void => {
  for (const size of windowSizes) {
    if (count <= size) {
      visit(0, count)
      return
    }
    const step = size >> 2
    for (let end = size; ; end += step) {
      if (end >= count) {
        visit(count - size, count)
        break
      }
      visit(end - size, end)
    }
  }
}

/** Weight of the rules up to each token, for one role. */
export const sumRules = (
  hits: readonly RuleHit[],
  role: InjectionRole,
  count: number,
  sums: Float64Array,
): void => {
  sums.fill(0, 0, count + 1)
  for (const hit of hits) sums[hit.end] = (sums[hit.end] ?? 0) + ruleWeight(hit, role)
  for (let index = 1; index <= count; index += 1) sums[index] = (sums[index] ?? 0) + (sums[index - 1] ?? 0)
}

/** Creates a scorer over a model and rules. */
export const createViewScorer = (model: Model, matcher: RuleMatcher): ViewScorer => {
  const tokens = createTokens()
  let weightSums = new Int32Array(1025)
  let ruleSums = new Float64Array(1025)
  return {
    score: (view, role) => {
      tokenize(view, tokens)
      const { count } = tokens
      if (weightSums.length <= count) {
        weightSums = new Int32Array(tokens.hashes.length + 1)
        ruleSums = new Float64Array(tokens.hashes.length + 1)
      }
      sumWeights(model, tokens, weightSums)
      const hits = matcher.match(view, tokens)
      const hasHits = hits.length > 0
      if (hasHits) sumRules(hits, role, count, ruleSums)
      const marginOf = (start: number, end: number): number => {
        const sum = (weightSums[end] ?? 0) - (weightSums[start] ?? 0)
        const learned = (sum * model.unit) / windowNorm(end - start) + model.bias
        return hasHits ? learned + boundedRuleWeight((ruleSums[end] ?? 0) - (ruleSums[start] ?? 0)) : learned
      }
      let best = -100
      let bestStart = 0
      let bestEnd = 0
      eachWindow(count, (start, end) => {
        const margin = marginOf(start, end)
        if (margin > best) {
          best = margin
          bestStart = start
          bestEnd = end
        }
      })
      return {
        best: { margin: best, start: bestStart, end: bestEnd },
        hits,
        tokens,
        windowsFrom: (least) => {
          const windows: WindowScore[] = []
          eachWindow(count, (start, end) => {
            const margin = marginOf(start, end)
            if (margin >= least && windows.length < mostWindows) windows.push({ margin, start, end })
          })
          return windows
        },
      }
    },
  }
}
