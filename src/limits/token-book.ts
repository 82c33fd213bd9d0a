/** Tokens of one exchange: expected, or used. */
export interface Tokens {
  readonly input: number
  readonly output: number
}

export interface TokenQuestion {
  /** Whose habits count: those of this key with this model. */
  readonly who: string
  /** Estimated from the request's texts. */
  readonly input: number
  /** The most that the client wants; absent where it says nothing. */
  readonly maxOutput: number | undefined
}

/**
 * What exchanges are expected to use, by what earlier ones of the same key and model did use: the estimate of their
 * input corrected by how far it was off, and the middle one of their last outputs. In memory and bounded.
 */
export interface TokenBook {
  expect(question: TokenQuestion): Tokens
  /** @param input as estimated when the exchange came */
  learn(who: string, input: number, used: Tokens): void
}

interface Habits {
  factor: number
  seen: number
  readonly outputs: number[]
}

const mostRemembered = 4096
/** So many outputs are remembered; their middle one is what the next is expected to have. */
const lastOutputs = 15
/** Until something is known: agents ask for far more than they use. */
const usualOutput = 1000
/** Weight of one exchange, once there were many. */
const weight = 0.1
/** Beyond, something else than the rate is wrong. */
const lowestFactor = 0.1
const highestFactor = 10
/** Small prompts tell of fixed additions. */
const leastInput = 64

export const createTokenBook = (): TokenBook => {
  const known = new Map<string, Habits>()
  return {
    expect({ who, input, maxOutput = Number.POSITIVE_INFINITY }) {
      const habits = known.get(who)
      return {
        input: Math.ceil(input * (habits?.factor ?? 1)),
        output: Math.min(maxOutput, habits === undefined ? usualOutput : middle(habits.outputs)),
      }
    },
    learn(who, input, used) {
      const habits = known.get(who) ?? { factor: 1, seen: 0, outputs: [] }
      known.delete(who)
      if (input >= leastInput && used.input > 0) {
        habits.seen++
        const off = Math.min(highestFactor, Math.max(lowestFactor, used.input / input))
        // The first ones are a plain average.
        habits.factor += (off - habits.factor) * Math.max(weight, 1 / habits.seen)
      }
      habits.outputs.push(used.output)
      if (habits.outputs.length > lastOutputs) habits.outputs.shift()
      if (known.size >= mostRemembered) for (const oldest of known.keys()) if (known.delete(oldest)) break
      known.set(who, habits)
    },
  }
}

const middle = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? usualOutput
