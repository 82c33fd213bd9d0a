/**
 * What a decision over shared counters costs: a bucket, a slot and a budget in one take, in memory, over the supervisor's
 * socket, and over Redis. The supervisor runs in a process of its own.
 *
 *   bun bench/quota.ts [--seconds N]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { memoryState, redisState, type State, serveState, supervisorState } from '../src/state/index.ts'
import { redisAvailable, startRedis } from '../test/support/redis.ts'
import { percentile } from './load.ts'

export interface QuotaRow {
  readonly name: string
  /** With this many decisions under way at once. */
  readonly perSecond: number
  /** Of one decision alone, in microseconds. */
  readonly median: number
}

const atOnce = 64
const role = 'TOLLGATE_BENCH_STATE'

/** Measures and prints the rows. @param duration milliseconds for each backend */
export const benchQuota = async (duration: number): Promise<readonly QuotaRow[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
  const server = Bun.spawn([process.execPath, import.meta.path], {
    stdout: 'pipe',
    stderr: 'inherit',
    env: { ...process.env, [role]: folder },
  })
  const rows: QuotaRow[] = []
  const measure = async (name: string, state: State): Promise<void> => {
    while (state.status() === 'away') await Bun.sleep(5)
    const row = await measureState(name, state, duration)
    console.log(
      `${`a decision, ${name}`.padEnd(52)} ${row.perSecond.toFixed(0).padStart(8)}/s at ${atOnce} at once, median ${row.median.toFixed(0)} us alone`,
    )
    rows.push(row)
    state.close()
  }
  try {
    const { value } = await server.stdout.getReader().read()
    await measure('in memory', memoryState())
    await measure('at the supervisor', supervisorState({ path: new TextDecoder().decode(value).trim() }))
    if (!redisAvailable('decisions')) return rows
    const redis = await startRedis()
    try {
      await measure('in Redis', redisState({ url: redis.url, keyPrefix: 'bench:' }))
    } finally {
      await redis.stop()
    }
    return rows
  } finally {
    server.kill()
    await server.exited
    rmSync(folder, { recursive: true, force: true })
  }
}

const measureState = async (name: string, state: State, duration: number): Promise<QuotaRow> => {
  const { quota } = state
  await quota.seed({ key: 'month', spent: [], ttl: 600_000 })
  const decide = async (holder: string): Promise<void> => {
    await quota.take({
      claims: [
        { type: 'bucket', key: 'tokens', amount: 1, capacity: 1e9, refill: 1e9, period: 60_000 },
        { type: 'slot', key: 'places', holder, limit: 1_000, holding: 60_000 },
        {
          ...{ type: 'budget', key: 'month', holder, limit: null, base: 10, step: 0 },
          ...{ holding: 60_000, slice: 0, oldest: 0, ttl: 600_000 },
        },
      ],
    })
  }
  const run = async (concurrency: number, milliseconds: number): Promise<readonly number[]> => {
    const latencies: number[] = []
    const end = performance.now() + milliseconds
    await Promise.all(
      Array.from({ length: concurrency }, async (_, number) => {
        while (performance.now() < end) {
          const begun = performance.now()
          await decide(`holder ${number}`)
          latencies.push(performance.now() - begun)
          // In memory nothing ever waits; others want their turn as well.
          if (latencies.length % 1_000 === 0) await Bun.sleep(0)
        }
      }),
    )
    return latencies.sort((one, other) => one - other)
  }
  await run(atOnce, duration / 4)
  const many = await run(atOnce, duration / 2)
  const alone = await run(1, duration / 4)
  return { name, perSecond: (many.length / duration) * 2_000, median: percentile(alone, 0.5) * 1_000 }
}

const folder = process.env[role]
if (import.meta.main && folder !== undefined) console.log(serveState({ folder }).path)
else if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '3' } } })
  await benchQuota(Number(values.seconds) * 1000)
}
