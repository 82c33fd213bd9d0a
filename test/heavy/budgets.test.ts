import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { type BudgetRun, type BudgetStage, limit, slice, startBudgets } from '../support/budget-run.ts'
import { type PostgresServer, postgresAvailable, startPostgres } from '../support/postgres.ts'
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts'

/** Ten seeds of each, with a kill in the middle of every second. */
const seeds = Array.from({ length: 10 }, (_, at) => at + 1)

const withStage = async (
  open: () => Promise<BudgetStage>,
  work: (stage: BudgetStage) => Promise<void>,
): Promise<void> => {
  const stage = await open()
  try {
    await work(stage)
  } finally {
    await stage.stop()
  }
}

const told = (name: string, seed: number, run: BudgetRun): void =>
  console.log(
    `${name}, seed ${seed}: ${run.exchanges} exchanges, ${run.orphans} orphans, spent ${run.spent}, counted ${run.counted}, ${JSON.stringify(run.statuses)}`,
  )

const suite = (name: string, gateways: () => Promise<Parameters<typeof startBudgets>[0]>): void => {
  for (const mode of ['hard', 'metered'] as const) {
    for (const seed of seeds) {
      test(`${mode}, seed ${seed}`, async () => {
        await withStage(
          async () => startBudgets(await gateways(), mode),
          async (stage) => {
            const killAfter = seed % 2 === 0 ? 400 : 0
            const run = await stage.run({ mode, seed, requests: 1_200, killAfter })
            told(`${name}, ${mode}`, seed, run)
            expect(run.spent).toBeLessThanOrEqual(mode === 'hard' ? limit : limit + 200n * slice)
            if (mode === 'hard') expect(run.counted).toBeLessThanOrEqual(limit)
            // Nothing that was spent is missing where it is counted.
            expect(run.counted).toBeGreaterThanOrEqual(run.spent)
          },
        )
      }, 300_000)
    }
  }
}

describe('one worker on SQLite', () => suite('one worker', async () => [{ config: [] }]))

describe('four workers on SQLite', () => suite('four workers', async () => [{ config: ['workers: 4'] }]))

const hasBoth = postgresAvailable('budgets of two machines') && redisAvailable('budgets of two machines')

describe.skipIf(!hasBoth)('two gateways on PostgreSQL and Redis', () => {
  let postgres: PostgresServer
  let redis: RedisServer
  beforeAll(async () => {
    postgres = await startPostgres()
    redis = await startRedis()
  }, 60_000)
  afterAll(async () => {
    await postgres?.stop()
    await redis?.stop()
  })
  let runs = 0
  suite('two gateways', async () => {
    const url = await postgres.createDatabase()
    const config = [
      `database: { url: "${url}" }`,
      `redis: { url: "${redis.url}", key_prefix: "run${runs++}:" }`,
    ]
    const env = { TGW_MASTER_KEY: randomBytes(32).toString('base64') }
    return [
      { config, env },
      { config, env },
    ]
  })
})
