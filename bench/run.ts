/**
 * Measures the gateway and its floor, a bare Bun forwarder, side by side on one core, with load and upstream on
 * another, and prints ratios. Absolute figures depend on the machine and mean little.
 *
 *   bun bench/run.ts [--seconds N] [--json FILE]
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { measureFsync } from './fsync.ts'
import { type LoadResult, percentile, runLoad } from './load.ts'
import { requestFor } from './requests.ts'
import { type Measured, pinTo, startFloor, startGateway, startUpstream } from './subjects.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '3' }, json: { type: 'string' } },
})
const duration = Number(values.seconds) * 1000

interface Scenario {
  readonly name: string
  readonly kind: 'small' | 'large' | 'stream'
  readonly connections: number
  /** What the ratio should be at least; absent where it is only printed. */
  readonly target?: number
}

const scenarios: readonly Scenario[] = [
  { name: 'small chat, whole, 64 connections', kind: 'small', connections: 64, target: 0.5 },
  { name: '100 KB body, whole, 16 connections', kind: 'large', connections: 16, target: 0.6 },
  { name: '300-frame stream, 200 connections', kind: 'stream', connections: 200, target: 0.7 },
  { name: '300-frame stream, 16 connections', kind: 'stream', connections: 16 },
]

const rate = ({ answers, seconds }: LoadResult): number => answers / seconds

const load = (
  subject: Measured,
  kind: 'small' | 'large' | 'stream',
  connections: number,
  milliseconds: number,
) =>
  runLoad({
    port: subject.port,
    connections,
    duration: milliseconds,
    request: requestFor(subject.key, kind),
  })

/** Warms both up, then measures them in turns, so that a slow moment of the machine hits both. */
const compare = async (gateway: Measured, floor: Measured, { kind, connections }: Scenario) => {
  await load(gateway, kind, connections, 4000)
  await load(floor, kind, connections, 1000)
  const turns = 3
  const sums = { gateway: 0, floor: 0, failures: 0, gatewayCpu: 0, floorCpu: 0 }
  const answers = { gateway: 0, floor: 0 }
  const cpu = { gateway: gateway.processorTime(), floor: floor.processorTime() }
  for (let turn = 0; turn < turns; turn++) {
    const ours = await load(gateway, kind, connections, duration / turns)
    const bare = await load(floor, kind, connections, duration / turns)
    sums.gateway += rate(ours) / turns
    sums.floor += rate(bare) / turns
    sums.failures += ours.failures + bare.failures
    answers.gateway += ours.answers
    answers.floor += bare.answers
  }
  sums.gatewayCpu = ((gateway.processorTime() - cpu.gateway) / answers.gateway) * 1000
  sums.floorCpu = ((floor.processorTime() - cpu.floor) / answers.floor) * 1000
  return sums
}

pinTo(1)
const report: Record<string, unknown> = { at: new Date().toISOString() }
const upstream = await startUpstream()
const floor = await startFloor(upstream.port)
const gateway = await startGateway(upstream.port, {})
try {
  console.log(
    'scenario                                  gateway/s    floor/s   ratio   target        µs of processor each',
  )
  for (const scenario of scenarios) {
    const result = await compare(gateway, floor, scenario)
    const ratio = result.gateway / result.floor
    const verdict =
      scenario.target === undefined
        ? ''
        : `>= ${scenario.target}${ratio >= scenario.target ? '' : '  MISSED'}`
    console.log(
      `${scenario.name.padEnd(40)} ${result.gateway.toFixed(0).padStart(10)} ${result.floor.toFixed(0).padStart(10)} ${ratio.toFixed(2).padStart(7)}   ${verdict.padEnd(14)}${result.gatewayCpu.toFixed(0)} / ${result.floorCpu.toFixed(0)}${result.failures > 0 ? ` (${result.failures} failures)` : ''}`,
    )
    report[scenario.name] = {
      gatewayPerSecond: result.gateway,
      floorPerSecond: result.floor,
      ratio,
      target: scenario.target ?? null,
      failures: result.failures,
    }
  }

  const lone = async (subject: Measured) =>
    percentile((await load(subject, 'small', 1, duration)).latencies, 0.5)
  const [ours, bare] = [await lone(gateway), await lone(floor)]
  console.log(
    `added median latency at 1 connection     ${(ours - bare).toFixed(3)} ms (${ours.toFixed(3)} - ${bare.toFixed(3)})   <= 0.15${ours - bare <= 0.15 ? '' : '  MISSED'}`,
  )
  report['added median latency, ms'] = { added: ours - bare, gateway: ours, floor: bare, target: 0.15 }

  for (const [streams, target] of [
    [1000, 150],
    [2000, undefined],
  ] as const) {
    const slow = runLoad({
      port: gateway.port,
      connections: streams,
      duration: 12_000,
      request: requestFor(gateway.key, 'slow'),
    })
    await Bun.sleep(6000)
    const resident = gateway.residentMegabytes()
    const result = await slow
    const complete = result.answers >= streams && result.failures === 0
    console.log(
      `${streams} open streams: ${resident.toFixed(0)} MB resident${target === undefined ? '' : ` (<= ${target}${resident <= target ? '' : '  MISSED'})`}, ${result.answers} answers, ${result.failures} failures${complete ? '' : '  MISSED'}`,
    )
    report[`${streams} open streams`] = {
      residentMegabytes: resident,
      target: target ?? null,
      answers: result.answers,
      failures: result.failures,
      complete,
    }
  }
} finally {
  await gateway.stop()
}

const fsync = measureFsync()
console.log(`fsync of this disk: ${fsync.toFixed(3)} ms (median)`)
report['fsync, ms'] = fsync
const delayed = await startGateway(upstream.port, { TOLLGATE_FSYNC_DELAY_MS: '5' })
try {
  await load(delayed, 'small', 64, 1000)
  const result = await load(delayed, 'small', 64, duration)
  const median = percentile((await load(delayed, 'small', 1, duration / 2)).latencies, 0.5)
  console.log(
    `with 5 ms added to each commit: ${rate(result).toFixed(0)}/s at 64 connections, median ${median.toFixed(2)} ms at 1`,
  )
  report['with 5 ms fsync'] = { perSecond: rate(result), medianAtOne: median }
} finally {
  await delayed.stop()
  await floor.stop()
  await upstream.stop()
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
