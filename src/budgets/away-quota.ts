import { GatewayError } from '../errors.ts'
import type { BudgetChange, BudgetClaim, Change, Claim, Quota, Take, Taken } from '../state/index.ts'

export interface AwayQuotaParts {
  /** Of all processes. */
  readonly shared: Quota
  /** Of this process alone. */
  readonly own: Quota
  /** `refuse`: nothing is granted while the shared counters are away. `local`: this process's share is. */
  readonly mode: () => 'refuse' | 'local'
  /** How many processes share what is left, this one too. */
  readonly sharers: () => Promise<number>
  /** Told when this process goes on alone, and when it does so no more. */
  readonly onAlone: (isAlone: boolean) => void
}

/**
 * Budgets while the shared counters cannot be reached. In `local` mode each process spends its share of what the ledger
 * says is left, and makes up for it in the shared counters once they are back.
 */
export const createAwayQuota = (parts: AwayQuotaParts): Quota => {
  const { shared, own } = parts
  /** What was spent of a counter when this process began to count alone. */
  const begun = new Map<string, number>()
  /** What is held alone, by counter and holder. */
  const held = new Map<string, BudgetClaim>()
  /** What was spent alone and the shared counters do not know, with a claim to tell them by. */
  const owed = new Map<string, { claim: BudgetClaim; amount: number }>()
  let isAlone = false
  let sharers = 1
  let repayments = 0

  const alone = async (): Promise<void> => {
    if (isAlone) return
    isAlone = true
    sharers = Math.max(1, await parts.sharers().catch(() => 1))
    parts.onAlone(true)
  }
  const together = (): void => {
    if (!isAlone) return
    isAlone = false
    // The next time is counted anew.
    begun.clear()
    parts.onAlone(false)
  }

  const repay = async (): Promise<void> => {
    for (const [key, { claim, amount }] of [...owed]) {
      owed.delete(key)
      const holder = `${claim.holder}/repaid/${repayments++}`
      try {
        const taken = await shared.take({
          claims: [{ ...claim, holder, limit: null, base: amount, step: 0 }],
        })
        // Lost meanwhile: whoever reads it from the ledger finds what was spent here as well.
        if (taken.granted) await shared.give([{ type: 'budget', key, holder, spent: amount }])
      } catch (error) {
        owed.set(key, { claim, amount: amount + (owed.get(key)?.amount ?? 0) })
        throw error
      }
    }
  }

  const takeAlone = async (take: Take): Promise<Taken> => {
    const taken = await own.take({ ...take, claims: take.claims.map(shareOf) })
    if (!taken.granted) return taken
    for (const claim of take.claims) {
      if (claim.type === 'budget') held.set(nameOf(claim), claim)
    }
    return taken
  }
  const shareOf = (claim: Claim): Claim => {
    if (claim.type !== 'budget' || claim.limit === null) return claim
    const base = begun.get(claim.key) ?? 0
    return { ...claim, limit: base + Math.floor(Math.max(0, claim.limit - base) / sharers) }
  }
  const settleAlone = (change: BudgetChange): void => {
    const claim = held.get(nameOf(change))
    if (claim === undefined) return
    held.delete(nameOf(change))
    if (change.spent === 0) return
    owed.set(change.key, { claim, amount: (owed.get(change.key)?.amount ?? 0) + change.spent })
  }
  const isOwn = (change: Change): change is BudgetChange =>
    change.type === 'budget' && held.has(nameOf(change))

  return {
    async take(take) {
      try {
        if (owed.size > 0) await repay()
        const taken = await shared.take(take)
        together()
        return taken
      } catch (error) {
        if (!isAway(error) || parts.mode() === 'refuse') throw error
        await alone()
        return takeAlone(take)
      }
    },
    async give(changes) {
      const mine = changes.filter(isOwn)
      const others = changes.filter((change) => !isOwn(change))
      if (mine.length > 0) await own.give(mine)
      for (const change of mine) settleAlone(change)
      if (others.length > 0) await shared.give(others)
    },
    async keep(holders, holding) {
      await own.keep(holders, holding)
      await shared.keep(holders, holding)
    },
    async seed(seed) {
      try {
        return await shared.seed(seed)
      } catch (error) {
        if (!isAway(error) || parts.mode() === 'refuse') throw error
        begun.set(
          seed.key,
          seed.spent.reduce((sum, [, amount]) => sum + amount, 0),
        )
        return own.seed(seed)
      }
    },
  }
}

const nameOf = ({ key, holder }: { readonly key: string; readonly holder: string }): string =>
  `${key}\n${holder}`

const isAway = (error: unknown): boolean =>
  error instanceof GatewayError && error.code === 'gateway_state_unavailable'
