/**
 * One worker, several, and several with Redis, on all cores of the machine. Upstream and load run on the same cores, so
 * that the rows say how the three compare, and not what a machine of its own would do.
 *
 *   bun bench/workers.ts [--seconds N]
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { type RedisServer, redisAvailable, startRedis } from '../test/support/redis.ts'
import { percentile, runLoad } from './load.ts'
import { requestFor } from './requests.ts'
import { key, type MoreConfig, startGateway, startUpstream } from './subjects.ts'

export interface WorkersRow {
  readonly name: string
  readonly perSecond: number
  /** Milliseconds. */
  readonly median: number
  readonly failures: number
  readonly residentMegabytes: number
}

const connections = 64

/** Measures and prints the rows. @param duration milliseconds of load on each */
export const benchWorkers = async (duration: number): Promise<readonly WorkersRow[]> => {
  const workers = Math.max(2, Math.min(8, availableParallelism()))
  const upstream = await startUpstream()
  let redis: RedisServer | undefined
  const measure = async (name: string, more: MoreConfig): Promise<WorkersRow> => {
    const gateway = await startGateway(upstream.port, {}, more)
    try {
      const request = requestFor(key, 'small')
      await runLoad({ port: gateway.port, connections, duration: duration / 2, request })
      const result = await runLoad({ port: gateway.port, connections, duration, request })
      const row = {
        name,
        perSecond: result.answers / result.seconds,
        median: percentile(result.latencies, 0.5),
        failures: result.failures,
        residentMegabytes: gateway.residentMegabytes(),
      }
      print(row)
      return row
    } finally {
      await gateway.stop()
    }
  }
  try {
    const rows = [await measure('1 worker', {}), await measure(`${workers} workers`, { workers })]
    if (!redisAvailable('workers')) return rows
    redis = await startRedis()
    const settings = [`redis: { url: "${redis.url}" }`]
    return [...rows, await measure(`${workers} workers with Redis`, { workers, settings })]
  } finally {
    await redis?.stop()
    await upstream.stop()
  }
}

const print = ({ name, perSecond, median, failures, residentMegabytes }: WorkersRow): void =>
  console.log(
    `${`${name}, small chat, ${connections} connections`.padEnd(52)} ${perSecond.toFixed(0).padStart(8)}/s, median ${median.toFixed(2)} ms, ${residentMegabytes.toFixed(0)} MB${failures > 0 ? ` (${failures} failures)` : ''}`,
  )

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '3' } } })
  await benchWorkers(Number(values.seconds) * 1000)
}
