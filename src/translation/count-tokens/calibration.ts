/**
 * What providers report, held against what was estimated: one factor for each provider and model, an average in which
 * newer observations weigh more. In memory and bounded; a restart begins at 1.
 */
export interface Calibration {
  /** Both are tokens of the same prompt. */
  observe(provider: string, model: string, estimated: number, reported: number): void
  /** What to multiply an estimate by; 1 where nothing is known. */
  factor(provider: string, model: string): number
}

export interface CalibrationOptions {
  /** So many models are remembered; the one not seen for longest goes first. */
  readonly maximum?: number
  /** Weight of one observation, once there were many. */
  readonly weight?: number
}

/** Small prompts tell of fixed additions, not of the rate. */
const leastTokens = 64

/** Beyond, something else than the rate is wrong: a cache that is not counted, a file that nobody saw. */
const lowest = 0.25
const highest = 4

export const createCalibration = ({
  maximum = 1024,
  weight = 0.05,
}: CalibrationOptions = {}): Calibration => {
  const known = new Map<string, { factor: number; count: number }>()
  const keyOf = (provider: string, model: string): string => `${provider}\n${model.slice(0, 256)}`
  return {
    observe(provider, model, estimated, reported) {
      if (!(estimated >= leastTokens) || !(reported > 0) || !Number.isFinite(reported)) return
      const ratio = Math.min(highest, Math.max(lowest, reported / estimated))
      const key = keyOf(provider, model)
      const entry = known.get(key) ?? { factor: 1, count: 0 }
      known.delete(key)
      entry.count++
      // The first observations are a plain average.
      entry.factor += (ratio - entry.factor) * Math.max(weight, 1 / entry.count)
      if (known.size >= maximum) for (const oldest of known.keys()) if (known.delete(oldest)) break
      known.set(key, entry)
    },
    factor: (provider, model) => known.get(keyOf(provider, model))?.factor ?? 1,
  }
}
