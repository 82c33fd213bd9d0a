import { fold } from '../src/firewall/injection/fold.ts'
import type { InjectionModelFile } from '../src/firewall/injection/injection-detector.ts'
import { createInjectionDetector } from '../src/firewall/injection/injection-detector.ts'
import {
  featureBits,
  featuresPerToken,
  pairFeature,
  skipFeature,
  windowNorm,
  wordFeature,
} from '../src/firewall/injection/model.ts'
import { createRuleMatcher } from '../src/firewall/injection/rules.ts'
import { createTokens, tokenize } from '../src/firewall/injection/tokens.ts'
import { textOf } from '../src/firewall/injection/view.ts'
import { boundedRuleWeight, eachWindow, sumRules } from '../src/firewall/injection/window-scores.ts'
import type { Row } from './rows.ts'
import { seeded } from './seeded.ts'

/** How the model is trained. */
export interface Recipe {
  readonly epochs: number
  readonly rate: number
  readonly decay: number
  /** How much an attack weighs against a harmless window. */
  readonly attackWeight: number
  /** Shares of harmless texts that may be suspicious and high, and of code alone that may be either. */
  readonly suspiciousRate: number
  readonly highRate: number
  readonly codeRate: number
  readonly words: number
  readonly seed: string
}

export const recipe: Recipe = {
  epochs: 10,
  rate: 0.5,
  decay: 2e-4,
  attackWeight: 3,
  suspiciousRate: 0.002,
  highRate: 0.0006,
  codeRate: 0.001,
  words: 8000,
  seed: 'tollgate',
}

/** A row as the trainer sees it: features of its windows. Made once, used by every fold. */
export interface Sample {
  readonly row: Row
  readonly count: number
  readonly features: Int32Array
  readonly windows: Int32Array
  /** What the rules already add to each window. */
  readonly ruleWeights: Float64Array
  /** Windows that hold the attack; empty when the set does not say. */
  readonly focus: readonly number[]
}

const size = 1 << featureBits

/** Reads rows into samples. */
export const toSamples = (rows: readonly Row[]): readonly Sample[] => {
  const tokens = createTokens()
  const matcher = createRuleMatcher()
  let sums = new Float64Array(1024)
  return rows.map((row): Sample => {
    const { view } = fold(row.text)
    tokenize(view, tokens)
    const { count, hashes } = tokens
    const features = new Int32Array(count * featuresPerToken).fill(-1)
    for (let index = 0; index < count; index += 1) {
      const word = hashes[index] ?? 0
      features[index * featuresPerToken] = wordFeature(word)
      if (index > 0) features[index * featuresPerToken + 1] = pairFeature(hashes[index - 1] ?? 0, word)
      if (index > 1) features[index * featuresPerToken + 2] = skipFeature(hashes[index - 2] ?? 0, word)
    }
    if (sums.length <= count) sums = new Float64Array(count * 2)
    sumRules(matcher.match(view, tokens), row.role, count, sums)
    const windows: number[] = []
    const ruleWeights: number[] = []
    const focus: number[] = []
    const payload =
      row.payload === undefined || row.payload === row.text ? '' : textOf(fold(row.payload).view)
    const at = payload === '' ? -1 : textOf(view).indexOf(payload)
    eachWindow(count, (start, end) => {
      if (at >= 0) {
        const from = tokens.starts[start] ?? 0
        const to = tokens.ends[end - 1] ?? 0
        const overlap = Math.min(to, at + payload.length) - Math.max(from, at)
        if (overlap >= Math.min(payload.length, to - from) * 0.6) focus.push(ruleWeights.length)
      }
      windows.push(start, end)
      ruleWeights.push(boundedRuleWeight((sums[end] ?? 0) - (sums[start] ?? 0)))
    })
    return {
      row,
      count,
      features,
      windows: Int32Array.from(windows),
      ruleWeights: Float64Array.from(ruleWeights),
      focus,
    }
  })
}

/**
 * Trains weights on windows: every window of a harmless text is harmless; of an attack, the window that looks most
 * like one is (the windows with the attack in it, where the set says which). Logistic loss, AdaGrad. Nothing but
 * IEEE additions, multiplications, divisions and square roots, so that every machine gets the same weights.
 */
export const trainWeights = (
  samples: readonly Sample[],
  { epochs, rate, decay, attackWeight, seed }: Recipe,
) => {
  const weights = new Float64Array(size)
  const squares = new Float64Array(size).fill(1e-6)
  let bias = -1
  const random = seeded(seed)
  const marginOf = (sample: Sample, window: number): number => {
    const start = sample.windows[window * 2] ?? 0
    const end = sample.windows[window * 2 + 1] ?? 0
    let sum = 0
    for (let place = start * featuresPerToken; place < end * featuresPerToken; place += 1) {
      const feature = sample.features[place] ?? -1
      if (feature >= 0) sum += weights[feature] ?? 0
    }
    return sum / windowNorm(end - start) + bias + (sample.ruleWeights[window] ?? 0)
  }
  const learn = (sample: Sample, window: number, margin: number, label: number, importance: number): void => {
    const push = logistic(-label * margin)
    if (push < 0.002) return
    const start = sample.windows[window * 2] ?? 0
    const end = sample.windows[window * 2 + 1] ?? 0
    const slope = -label * push * importance
    const step = slope / windowNorm(end - start)
    for (let place = start * featuresPerToken; place < end * featuresPerToken; place += 1) {
      const feature = sample.features[place] ?? -1
      if (feature < 0) continue
      const held = weights[feature] ?? 0
      const gradient = step + decay * held
      const square = (squares[feature] ?? 0) + gradient * gradient
      squares[feature] = square
      weights[feature] = held - (rate * gradient) / Math.sqrt(square)
    }
    bias -= 0.01 * slope
  }
  const order = samples.map((_, index) => index)
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    for (let index = order.length - 1; index > 0; index -= 1) {
      const other = Math.floor(random() * (index + 1))
      const held = order[index] ?? 0
      order[index] = order[other] ?? 0
      order[other] = held
    }
    for (const place of order) {
      const sample = samples[place]
      if (sample === undefined || sample.count === 0) continue
      const windows = sample.ruleWeights.length
      if (sample.row.label === 'benign') {
        for (let window = 0; window < windows; window += 1) {
          const margin = marginOf(sample, window)
          if (margin > -3) learn(sample, window, margin, -1, 1)
        }
        continue
      }
      const candidates = sample.focus.length > 0 ? sample.focus : undefined
      const total = candidates?.length ?? windows
      let best = 0
      let bestMargin = Number.NEGATIVE_INFINITY
      for (let step = 0; step < total; step += 1) {
        const window = candidates?.[step] ?? step
        const margin = marginOf(sample, window)
        if (epoch === 0 && total > 3) learn(sample, window, margin, 1, attackWeight / total)
        if (margin > bestMargin) {
          bestMargin = margin
          best = window
        }
      }
      if (epoch > 0 || total <= 3) learn(sample, best, bestMargin, 1, attackWeight)
    }
  }
  return { weights, bias }
}

/** `1 / (1 + e^-x)` from its own arithmetic: libraries differ in the last bit of `exp`. */
const logistic = (x: number): number => {
  if (x > 20) return 1
  if (x < -20) return 0
  // e^-x by halving the exponent until a short series is exact enough, then squaring back.
  const small = -x / 1024
  let power = 1 + small * (1 + (small / 2) * (1 + (small / 3) * (1 + small / 4)))
  for (let step = 0; step < 10; step += 1) power *= power
  return 1 / (1 + power)
}

const largest = 127

/** Rounds weights to one byte each; the few beyond the largest are cut. */
const quantize = (weights: Float64Array): { readonly weights: string; readonly unit: number } => {
  const sizes = Float64Array.from(weights, Math.abs).sort()
  const unit = Math.max((sizes[Math.floor(size * 0.9995)] ?? 0) / largest, 1e-9)
  const bytes = Int8Array.from(weights, (weight) =>
    Math.max(-largest, Math.min(largest, Math.round(weight / unit))),
  )
  return { weights: Buffer.from(bytes.buffer).toString('base64'), unit }
}

/** The words that most rows hold, those of attacks counted more: what rejoined and decoded words are looked up in. */
export const commonWords = (rows: readonly Row[], most: number): string => {
  const counts = new Map<string, number>()
  for (const row of rows) {
    if (row.kind === 'code' || row.kind === 'multilingual') continue
    const weight = row.label === 'attack' ? 4 : 1
    const words = new Set(
      row.text
        .slice(0, 6000)
        .toLowerCase()
        .match(/[a-z]+/g),
    )
    for (const word of words) {
      if (word.length < 15 && (word.length > 1 || word === 'a' || word === 'i'))
        counts.set(word, (counts.get(word) ?? 0) + weight)
    }
  }
  return [...counts]
    .filter(([word, count]) => count > 3 && (word.length > 2 || count > 250))
    .sort(([left, many], [right, more]) => more - many || (left < right ? -1 : 1))
    .slice(0, most)
    .map(([word]) => word)
    .join(' ')
}

const zero = { suspicious: 0, high: 0 }

/** Trains a model without thresholds. */
const trainUncut = (samples: readonly Sample[], using: Recipe, words: string): InjectionModelFile => {
  const { weights, bias } = trainWeights(samples, using)
  return { ...quantize(weights), bias, thresholds: { user: zero, tool: zero }, words }
}

/**
 * Trains a model whole. The thresholds are read off harmless texts that the weights have not seen, in three folds of
 * the rows given, by the whole detector.
 */
export const trainModel = (samples: readonly Sample[], using: Recipe = recipe): InjectionModelFile => {
  const words = commonWords(
    samples.map(({ row }) => row),
    using.words,
  )
  const margins: Record<Row['role'], number[]> = { user: [], tool: [] }
  const code: number[] = []
  const folds = 3
  for (let fold = 0; fold < folds; fold += 1) {
    const detector = createInjectionDetector({
      model: trainUncut(
        samples.filter((_, index) => index % folds !== fold),
        using,
        words,
      ),
    })
    samples.forEach(({ row }, index) => {
      if (index % folds !== fold || row.label !== 'benign') return
      const { margin } = detector.scan(row.text, { role: row.role })
      margins[row.role].push(margin)
      if (row.kind === 'code') code.push(margin)
    })
  }
  const all = [...margins.user, ...margins.tool]
  const user = { suspicious: cut(all, using.suspiciousRate), high: cut(all, using.highRate) }
  const tool = {
    suspicious: Math.max(user.suspicious, cut(code, using.codeRate)),
    high: Math.max(user.high, cut(code, using.codeRate)),
  }
  const thresholds = { user, tool }
  return { ...trainUncut(samples, using, words), thresholds }
}

/** The margin that this share of harmless texts exceeds. */
const cut = (margins: readonly number[], rate: number): number => {
  const sorted = margins.toSorted((left, right) => right - left)
  return round((sorted[Math.floor(sorted.length * rate)] ?? 0) + 0.01)
}

const round = (value: number): number => Math.round(value * 100) / 100
