import { readdirSync, readFileSync } from 'node:fs'
import type { MetricRegistry } from './metric-registry.ts'

/** Milliseconds between two looks at the event loop. */
const lagInterval = 200

/**
 * Process metrics under the names that dashboards know, and how late the event loop was. prom-client's own set
 * is not used: half of it has no meaning under Bun. Returns what stops the timer.
 */
export const addProcessMetrics = (registry: MetricRegistry): (() => void) => {
  const startedAt = Date.now() / 1000 - process.uptime()
  const reading = (type: 'counter' | 'gauge', name: string, help: string, read: () => number): void =>
    registry.reading({ type, name, help, read })

  reading('counter', 'process_cpu_user_seconds_total', 'User CPU time.', () => process.cpuUsage().user / 1e6)
  reading(
    'counter',
    'process_cpu_system_seconds_total',
    'System CPU time.',
    () => process.cpuUsage().system / 1e6,
  )
  reading('counter', 'process_cpu_seconds_total', 'User and system CPU time.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  reading('gauge', 'process_start_time_seconds', 'Start of the process, unix time.', () => startedAt)
  reading('gauge', 'process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss())
  reading(
    'gauge',
    'tollgate_heap_used_bytes',
    'JavaScript heap in use.',
    () => process.memoryUsage().heapUsed,
  )
  if (process.platform === 'linux') {
    reading('gauge', 'process_open_fds', 'Open file descriptors.', () => readdirSync('/proc/self/fd').length)
    reading('gauge', 'process_max_fds', 'Limit of open file descriptors.', openFileLimit)
  }
  return addEventLoopLag(registry)
}

const openFileLimit = (): number => {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit)
}

/** The longest time, since the last reading, that something kept the event loop from its timers. */
const addEventLoopLag = (registry: MetricRegistry): (() => void) => {
  let worst = 0
  let expected = performance.now() + lagInterval
  const look = (): void => {
    const now = performance.now()
    worst = Math.max(worst, now - expected)
    expected = now + lagInterval
  }
  const timer = setInterval(look, lagInterval)
  timer.unref()
  registry.reading({
    type: 'gauge',
    name: 'tollgate_event_loop_lag_seconds',
    help: 'Longest delay of the event loop since the last scrape.',
    read: () => {
      const longest = worst
      worst = 0
      return longest / 1000
    },
  })
  return () => clearInterval(timer)
}
