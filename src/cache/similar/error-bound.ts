/**
 * How sure the gateway is that the answer of one kept question is right for another one, and how often it asks all the
 * same. After vCache (Schroeder et al., "vCache: Verified Semantic Prompt Caching", ICLR 2026, arXiv 2502.03771): each
 * kept question has a threshold of its own, learned online from answers that were compared, and a question is asked
 * with such a probability that at most a wanted share of all answers is wrong.
 *
 * Of a question at similarity s the kept answer is right with the probability 1 / (1 + exp(-γ(s - t))). All pairs (t, γ)
 * that what was seen does not speak against are considered, and the least favourable one counts.
 */

/** How often the kept answer was right and wrong for questions of like similarity. */
export interface Observed {
  readonly right: number
  readonly wrong: number
}

/** By step of similarity, from 0 to 1. */
export type Certainties = Float32Array

/** Similarities are told apart by this many steps from 0 to 1. */
export const similaritySteps = 128
/** Less similar questions are always asked, so nothing is learned of them. */
export const leastSimilarity = 0.6

const leastStep = Math.ceil(leastSimilarity * similaritySteps)
/** Steps that can be observed: from the least to 1. */
export const observedSteps = similaritySteps - leastStep + 1

/** Where a similarity is counted: upwards, so that what was right counts for what is more similar, and wrong as well. */
export const observedStep = (similarity: number): number =>
  Math.min(observedSteps - 1, Math.max(0, Math.ceil(similarity * similaritySteps) - leastStep))

/** Where the certainty of a similarity is found: downwards. Undefined below the least. */
export const certaintyStep = (similarity: number): number | undefined => {
  const step = Math.floor(similarity * similaritySteps + 1e-9) - leastStep
  return step < 0 ? undefined : Math.min(observedSteps - 1, step)
}

const similarityOf = (step: number): number => (step + leastStep) / similaritySteps

/** Pairs of threshold and slope, and how likely each makes it that an answer is right at each step of similarity. */
interface Candidates {
  readonly count: number
  /** By step, then by candidate: `γ(s - t)`, and the logarithms of both probabilities. */
  readonly odds: readonly Float64Array[]
  readonly logRight: readonly Float64Array[]
  readonly logWrong: readonly Float64Array[]
}

/** Thresholds a little beyond 1 stand for a question whose answer suits nobody else. */
const highestThreshold = 1.125
const thresholdsPerUnit = 64
const thresholdSteps = Math.round(highestThreshold * thresholdsPerUnit)
const slopeSteps = 13
const leastSlope = 1
const mostSlope = 64

const makeCandidates = (): Candidates => {
  const pairs = Array.from({ length: slopeSteps }, (_, step) => {
    const slope = leastSlope * (mostSlope / leastSlope) ** (step / (slopeSteps - 1))
    return Array.from({ length: thresholdSteps + 1 }, (_, at) => ({
      slope,
      threshold: at / thresholdsPerUnit,
    }))
  }).flat()
  const odds = Array.from({ length: observedSteps }, (_, step) =>
    Float64Array.from(pairs, ({ slope, threshold }) => slope * (similarityOf(step) - threshold)),
  )
  return {
    count: pairs.length,
    odds,
    logRight: odds.map((row) => row.map((value) => -softplus(-value))),
    logWrong: odds.map((row) => row.map((value) => -softplus(value))),
  }
}

let candidates: Candidates | undefined

/**
 * For each step of similarity the least probability with which the answer is right, chance of the evidence itself
 * included: `max over ε of (1 - ε) * min of the probabilities within the region of confidence 1 - ε`. A region holds what is
 * at least ε times as likely as the likeliest: exact where all answers were right (which happens by chance in ε of all
 * cases at most), and wider than asymptotics would have it elsewhere.
 * @param observed by step, `observedSteps` of them
 */
export const certainties = (observed: readonly (Observed | undefined)[]): Certainties => {
  candidates ??= makeCandidates()
  const { count, odds, logRight, logWrong } = candidates
  const logLikelihoods = new Float64Array(count)
  for (const [step, seen] of observed.entries()) {
    const [ifRight, ifWrong] = [logRight[step], logWrong[step]]
    if (seen === undefined || ifRight === undefined || ifWrong === undefined) continue
    for (let at = 0; at < count; at++)
      logLikelihoods[at] =
        (logLikelihoods[at] ?? 0) + seen.right * (ifRight[at] ?? 0) + seen.wrong * (ifWrong[at] ?? 0)
  }
  let best = Number.NEGATIVE_INFINITY
  for (const likelihood of logLikelihoods) best = Math.max(best, likelihood)
  const order = Array.from({ length: count }, (_, at) => at)
    .filter((at) => best - (logLikelihoods[at] ?? 0) < farthest)
    .sort((one, other) => (logLikelihoods[other] ?? 0) - (logLikelihoods[one] ?? 0))
  /** `1 - ε` of the largest region that holds nothing beyond this candidate. */
  const confidences = new Float64Array(order.length)
  for (const [rank, at] of order.entries()) {
    const next = order[rank + 1]
    const distance = next === undefined ? farthest : best - (logLikelihoods[next] ?? 0)
    // What is as likely belongs to the same region.
    const isLast = next === undefined || distance - (best - (logLikelihoods[at] ?? 0)) > 1e-9
    confidences[rank] = isLast ? 1 - Math.exp(-distance) : (confidences[rank - 1] ?? 0)
  }
  return Float32Array.from(odds, (row) => {
    let leastOdds = Number.POSITIVE_INFINITY
    let certainty = 0
    for (let rank = 0; rank < order.length; rank++) {
      const odds = row[order[rank] ?? 0] ?? 0
      if (rank > 0 && odds >= leastOdds) continue
      // Up to here the regions grew and lost nothing: the largest of them is the surest.
      certainty = Math.max(certainty, (confidences[rank - 1] ?? 0) * logistic(leastOdds))
      leastOdds = odds
      if (logistic(leastOdds) <= certainty) return certainty
    }
    return Math.max(certainty, (confidences.at(-1) ?? 0) * logistic(leastOdds))
  })
}

/** Differences of log-likelihoods beyond: a chance of one in a million. */
const farthest = 13.8

const logistic = (odds: number): number => 1 / (1 + Math.exp(-odds))

const softplus = (value: number): number => (value > 30 ? value : Math.log1p(Math.exp(value)))

/** Nobody gets an answer of which the gateway is less sure than this, however seldom. */
const leastCertainty = 0.9
/** However sure it is, so often it looks whether that is still true. */
const leastAsked = 0.02

/**
 * How often to ask though an answer is kept, so that of all answers at most a share of `mostError` is wrong: those that
 * are asked are right, those that are given are right with at least `certainty`.
 * @param certainty from 0 to 1
 * @param mostError from 0 to 1
 * @returns from 0 to 1
 */
export const chanceToAsk = (certainty: number, mostError: number): number => {
  if (certainty < leastCertainty) return 1
  const wanted = certainty >= 1 - mostError ? 0 : (1 - mostError - certainty) / (1 - certainty)
  return Math.max(leastAsked, wanted)
}
