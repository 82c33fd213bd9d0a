import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { memoryPurse } from '../../../test/support/memory-purse.ts'
import { budgetSettings, createBudgetTable, toBudget } from '../../budgets/index.ts'
import type { PriceCard } from '../../catalog/index.ts'
import { holdBudgets, stepTokens } from './hold-budgets.ts'

const card: PriceCard = {
  version: 'v',
  source: 's',
  inputPerMtok: 3_000_000_000n,
  outputPerMtok: 15_000_000_000n,
}
const sender = {
  ...{ organisation: 'org_1', team: null, user: null, key: 'key_1', keyName: 'k', session: null, tags: [] },
  ...{ at: 0, target: { provider: 'p', model: 'm' } },
}

const tryIt = async (limits: { readonly usd: string; readonly tokens: number }) => {
  const purse = memoryPurse()
  const applied = createBudgetTable(
    [
      { level: 'global', limit_usd: limits.usd, period: 'forever', mode: 'metered' },
      { level: 'key', limit_tokens: limits.tokens, period: 'forever', mode: 'metered' },
    ].map((settings) => toBudget(budgetSettings.parse(settings))),
  ).ofAttempt(sender)
  const held = await holdBudgets(purse, {
    ...{ applied, holder: 'h', at: 0, model: 'm', card, billing: { classes: undefined, regions: undefined } },
    bounds: { inputTokens: 100, candidates: 1 },
    ...{ mostOutput: 1_000, slice: 500, unbounded: 'refuse' as const },
  })
  const reserved = async () => {
    const [usd, tokens] = await purse.look(applied, 0)
    return { usd: usd?.reserved ?? 0n, tokens: tokens?.reserved ?? 0n }
  }
  return { purse, held, reserved }
}

type Step = { readonly usd: bigint; readonly tokens: bigint } | { readonly steps: number }

const anySteps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({ usd: fc.bigInt(0n, 30_000_000n), tokens: fc.bigInt(0n, 5_000n) }),
    fc.record({ steps: fc.integer({ min: 1, max: 20 }) }),
  ),
  { maxLength: 8 },
)

test('what was covered is held, in money and in tokens, and what does not fit changes nothing', () =>
  fc.assert(
    fc.asyncProperty(anySteps, async (steps) => {
      const { purse, held, reserved } = await tryIt({ usd: '0.05', tokens: 8_000 })
      for (const step of steps) {
        const before = await reserved()
        if ('steps' in step) {
          const granted = await held.extend({ least: 1, most: step.steps })
          const { tokens } = await reserved()
          expect(tokens - before.tokens).toBe(BigInt(granted * stepTokens))
          continue
        }
        const isCovered = await held.cover(step)
        const after = await reserved()
        expect(after.usd).toBeLessThanOrEqual(50_000_000n)
        expect(after.tokens).toBeLessThanOrEqual(8_000n)
        if (!isCovered) {
          expect(after).toEqual(before)
          continue
        }
        // No more than was asked for, either.
        expect(after.usd).toBe(before.usd > step.usd ? before.usd : step.usd)
        expect(after.tokens).toBe(before.tokens > step.tokens ? before.tokens : step.tokens)
      }
      await held.hold.settle(() => 1n)
      expect(await reserved()).toEqual({ usd: 0n, tokens: 0n })
      await purse.stop()
    }),
  ))
