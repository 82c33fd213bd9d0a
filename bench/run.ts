/**
 * Measures the gateway and its floor, a bare Bun forwarder, side by side on one core, with load and upstream on
 * another, and prints ratios. Absolute figures depend on the machine and mean little.
 *
 *   bun bench/run.ts [--seconds N] [--json FILE]
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { benchFailOver } from './fail-over.ts'
import { measureFsync } from './fsync.ts'
import { type LoadResult, percentile, runLoad } from './load.ts'
import { benchQuota } from './quota.ts'
import { requestFor, type Speaks, translatedRequest } from './requests.ts'
import { benchRouting } from './routing.ts'
import { key, type Measured, pinTo, startFloor, startGateway, startUpstream } from './subjects.ts'
import { benchTranslation } from './translation.ts'
import { benchWorkers } from './workers.ts'
import { benchWritePath } from './write-path.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '2' }, json: { type: 'string' } },
})
const duration = Number(values.seconds) * 1000

interface Scenario {
  readonly name: string
  readonly connections: number
  readonly request: Buffer
  /** What the floor forwards: the same size of answer. */
  readonly floorRequest: Buffer
  /** What the ratio should be at least; absent where it is only printed. */
  readonly target?: number
  readonly warmUp?: number
}

const passing = (
  name: string,
  kind: 'small' | 'large' | 'stream',
  connections: number,
  target?: number,
): Scenario => ({
  name,
  connections,
  request: requestFor(key, kind),
  floorRequest: requestFor(key, kind),
  ...(target === undefined ? {} : { target }),
})

const translated = (
  client: Speaks,
  upstream: Speaks,
  kind: 'stream' | 'frames',
  target: number,
): Scenario => ({
  name: `${client} -> ${upstream}, ${words[kind]}, 16`,
  connections: 16,
  request: translatedRequest(key, client, upstream, kind),
  floorRequest: translatedRequest(key, upstream, upstream, kind),
  // Few streams fit into a second, and their code has to be compiled all the same; then it is.
  warmUp: kind === 'frames' ? 6000 : 2500,
  target,
})

const words = {
  stream: '300 frames at once',
  frames: '300 frames one by one',
} as const

const scenarios: readonly Scenario[] = [
  passing('small chat, whole, 64 connections', 'small', 64, 0.5),
  passing('100 KB body, whole, 16 connections', 'large', 16, 0.6),
  passing('300-frame stream, 200 connections', 'stream', 200, 0.7),
  passing('300-frame stream, 16 connections', 'stream', 16),
  translated('messages', 'chat', 'stream', 0.5),
  translated('chat', 'messages', 'stream', 0.5),
  translated('responses', 'messages', 'stream', 0.5),
  translated('messages', 'responses', 'stream', 0.5),
  // As a model writes them; the rows above are the worst case, an answer that was there before it was asked for.
  translated('chat', 'chat', 'frames', 0.7),
  translated('messages', 'chat', 'frames', 0.5),
  translated('chat', 'messages', 'frames', 0.5),
  translated('responses', 'messages', 'frames', 0.5),
  translated('messages', 'responses', 'frames', 0.5),
]

/** With 1,000 open streams. */
const mostMegabytes = 150

const rate = ({ answers, seconds }: LoadResult): number => answers / seconds

const load = ({ port }: Measured, request: Buffer, connections: number, milliseconds: number) =>
  runLoad({ port, connections, duration: milliseconds, request })

/** Warms both up, then measures them in turns, so that a slow moment of the machine hits both. */
const compare = async (gateway: Measured, floor: Measured, scenario: Scenario) => {
  const { request, floorRequest, connections, warmUp = 4000 } = scenario
  await load(gateway, request, connections, warmUp)
  await load(floor, floorRequest, connections, 800)
  const turns = 3
  const sums = { gateway: 0, floor: 0, failures: 0, gatewayCpu: 0, floorCpu: 0 }
  const answers = { gateway: 0, floor: 0 }
  const cpu = { gateway: gateway.processorTime(), floor: floor.processorTime() }
  for (let turn = 0; turn < turns; turn++) {
    const ours = await load(gateway, request, connections, duration / turns)
    const bare = await load(floor, floorRequest, connections, duration / turns)
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

  const lone = async (subject: Measured, request: Buffer) =>
    percentile((await load(subject, request, 1, duration)).latencies, 0.5)
  const bare = await lone(floor, requestFor(key, 'small'))
  for (const [name, request, most] of [
    ['passing', requestFor(key, 'small'), 0.15],
    ['translated', translatedRequest(key, 'messages', 'chat', 'whole'), 0.4],
  ] as const) {
    const ours = await lone(gateway, request)
    console.log(
      `added median latency at 1 connection, ${name.padEnd(10)} ${(ours - bare).toFixed(3)} ms (${ours.toFixed(3)} - ${bare.toFixed(3)})   <= ${most}${ours - bare <= most ? '' : '  MISSED'}`,
    )
    report[`added median latency, ${name}, ms`] = {
      added: ours - bare,
      gateway: ours,
      floor: bare,
      target: most,
    }
  }

  const thousand = (): Promise<LoadResult> => load(gateway, requestFor(key, 'slow'), 1000, 12_000)
  const first = thousand()
  await Bun.sleep(5000)
  const resident = gateway.residentMegabytes()
  const both = await Promise.all([first, thousand()])
  const [answers, failures] = [both[0].answers + both[1].answers, both[0].failures + both[1].failures]
  const complete = answers >= 2000 && failures === 0
  console.log(
    `1000 open streams: ${resident.toFixed(0)} MB resident (<= ${mostMegabytes}${resident <= mostMegabytes ? '' : '  MISSED'})`,
  )
  console.log(`2000 open streams: ${answers} answers, ${failures} failures${complete ? '' : '  MISSED'}`)
  report['open streams'] = { residentMegabytes: resident, target: mostMegabytes, answers, failures, complete }
} finally {
  await gateway.stop()
}

report['100 KB translated, ms'] = benchTranslation()
report['write path'] = await benchWritePath(floor, duration)
report['failing over'] = await benchFailOver(upstream.port, duration)

const fsync = measureFsync()
console.log(`fsync of this disk: ${fsync.toFixed(3)} ms (median)`)
report['fsync, ms'] = fsync
const delayed = await startGateway(upstream.port, { TOLLGATE_FSYNC_DELAY_MS: '5' })
try {
  await load(delayed, requestFor(key, 'small'), 64, 1000)
  const result = await load(delayed, requestFor(key, 'small'), 64, duration)
  const median = percentile((await load(delayed, requestFor(key, 'small'), 1, duration / 2)).latencies, 0.5)
  console.log(
    `with 5 ms added to each commit: ${rate(result).toFixed(0)}/s at 64 connections, median ${median.toFixed(2)} ms at 1`,
  )
  report['with 5 ms fsync'] = { perSecond: rate(result), medianAtOne: median }
} finally {
  await delayed.stop()
  await floor.stop()
  await upstream.stop()
}
report['workers'] = await benchWorkers(duration)
report['shared counters'] = await benchQuota(duration)
benchRouting()
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
