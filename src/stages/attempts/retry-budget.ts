/** Keeps retries a share of the traffic: in an outage of everything, an exchange must not bring several calls. */
export interface RetryBudget {
  /** An exchange has come. @param share retries that it allows, 0 to 1 */
  deposit(share: number): void
  /**
   * May one more call be made? Takes it out if so.
   * @param isSpare there is another way: the half that is kept for those who have none stays untouched
   */
  withdraw(isSpare?: boolean): boolean
  /** The call was answered, so it made nothing worse. */
  refund(): void
}

/** Retries that may be made at once whatever the traffic; also the most that is saved up. */
const reserve = 50
/** What a quiet gateway gets back, in retries per second. */
const trickle = 0.5

export const createRetryBudget = (now: () => number): RetryBudget => {
  let tokens = reserve
  let filledAt = now()
  const add = (amount: number): void => {
    tokens = Math.min(reserve, tokens + amount)
  }
  return {
    deposit: add,
    refund: () => add(1),
    withdraw(isSpare = false) {
      const time = now()
      add((Math.max(0, time - filledAt) / 1000) * trickle)
      filledAt = time
      if (tokens < (isSpare ? reserve / 2 : 0) + 1) return false
      tokens -= 1
      return true
    },
  }
}
