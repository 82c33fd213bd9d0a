/**
 * Measures the whole gateway with every detector on (requests redacted, answers watched) against the same gateway with
 * the firewall off: side by side on one core, in turns. Ratios count; absolute figures say little.
 *
 * A process that the machine or its compiler treats badly stays slow for as long as it lives: with `--rounds` each round has
 * processes of its own, and the median of the ratios counts.
 *
 *   bun bench/firewall.ts [--seconds N] [--rounds N] [--only 'part of a row's name']
 */
import { parseArgs } from 'node:util'
import { runLoad } from './load.ts'
import { growingRequests, requestFor } from './requests.ts'
import { key, type Measured, pinTo, startGateway, startUpstream } from './subjects.ts'

interface Row {
  readonly name: string
  readonly connections: number
  readonly request: Buffer | (() => Buffer)
  /** What the ratio should be at least; absent where it is only printed. */
  readonly target?: number
}

const rows: readonly Row[] = [
  { name: 'agent, 100 KB, 4 KB of it new', connections: 16, request: growingRequests(key), target: 0.5 },
  { name: 'agent, 100 KB, resent as it was', connections: 16, request: requestFor(key, 'large') },
  { name: 'small chat, whole', connections: 64, request: requestFor(key, 'small'), target: 0.5 },
  { name: '300-frame stream', connections: 16, request: requestFor(key, 'stream') },
]

const firewalls = {
  on: 'firewall: { input: redact, output: monitor, loops: { warn_after: 0, stop_after: 0 } }',
  off: 'firewall: { input: off, output: off, loops: { warn_after: 0, stop_after: 0 } }',
} as const

const turns = 5
const warmAnswers = 4_000

interface Sum {
  readonly answers: number
  readonly seconds: number
  /** Milliseconds. */
  readonly processor: number
}

const nothing: Sum = { answers: 0, seconds: 0, processor: 0 }

const plus = (a: Sum, b: Sum): Sum => ({
  answers: a.answers + b.answers,
  seconds: a.seconds + b.seconds,
  processor: a.processor + b.processor,
})

/** Runs the rows with a gateway of each kind; returns the ratios by name. */
export const benchFirewall = async (
  upstream: number,
  duration: number,
  only = '',
): Promise<Readonly<Record<string, number>>> => {
  const on = await startGateway(upstream, {}, { settings: [firewalls.on] })
  const off = await startGateway(upstream, {}, { settings: [firewalls.off] })
  const ratios: Record<string, number> = {}
  try {
    console.log(
      'with the firewall                  on/s     off/s   ratio   target        µs of processor each, and their ratio',
    )
    for (const row of rows.filter(({ name }) => name.includes(only))) {
      const rate = async (subject: Measured, milliseconds: number) => {
        const before = subject.processorTime()
        const { answers, seconds, failures } = await runLoad({
          port: subject.port,
          connections: row.connections,
          duration: milliseconds,
          request: row.request,
        })
        return { answers, seconds, failures, processor: subject.processorTime() - before }
      }
      for (const subject of [on, off]) {
        // A process compiles what it does often: it is measured when it has done so.
        let answers = 0
        for (let turn = 0; turn < 8 && answers < warmAnswers; turn++)
          answers += (await rate(subject, 2500)).answers
      }
      const sums = { on: nothing, off: nothing, failures: 0 }
      for (let turn = 0; turn < turns; turn++) {
        const ours = await rate(on, duration / turns)
        const bare = await rate(off, duration / turns)
        sums.on = plus(sums.on, ours)
        sums.off = plus(sums.off, bare)
        sums.failures += ours.failures + bare.failures
      }
      const each = ({ on, off }: typeof sums, of: (sum: Sum) => number) => ({ on: of(on), off: of(off) })
      const speed = each(sums, ({ answers, seconds }) => answers / seconds)
      const cost = each(sums, ({ answers, processor }) => (processor / answers) * 1000)
      const ratio = speed.on / speed.off
      const verdict =
        row.target === undefined ? '' : `>= ${row.target}${ratio >= row.target ? '' : '  MISSED'}`
      console.log(
        `${row.name.padEnd(33)} ${speed.on.toFixed(0).padStart(6)} ${speed.off.toFixed(0).padStart(9)} ${ratio.toFixed(2).padStart(7)}   ${verdict.padEnd(14)}${cost.on.toFixed(0)} / ${cost.off.toFixed(0)} (${(cost.off / cost.on).toFixed(2)})${sums.failures > 0 ? ` (${sums.failures} failures)` : ''}`,
      )
      ratios[row.name] = ratio
    }
  } finally {
    await on.stop()
    await off.stop()
  }
  return ratios
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '1' },
      only: { type: 'string' },
    },
  })
  pinTo(1)
  const upstream = await startUpstream()
  try {
    const rounds: Readonly<Record<string, number>>[] = []
    for (let round = 0; round < Number(values.rounds); round++)
      rounds.push(await benchFirewall(upstream.port, Number(values.seconds) * 1000, values.only))
    for (const name of rounds.length > 1 ? Object.keys(rounds[0] ?? {}) : []) {
      const ratios = rounds.map((ratio) => ratio[name] ?? 0)
      const [least, most] = [Math.min(...ratios), Math.max(...ratios)]
      const spread = `${least.toFixed(2)} to ${most.toFixed(2)}`
      console.log(`${name}: median ${median(ratios).toFixed(2)} of ${ratios.length} rounds, ${spread}`)
    }
  } finally {
    await upstream.stop()
  }
}
