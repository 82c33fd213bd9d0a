/**
 * What it costs a request that its first target refuses connections, with no circuit that would spare it the call.
 *
 *   bun bench/fail-over.ts [--seconds N]
 */
import { parseArgs } from 'node:util'
import { percentile, runLoad } from './load.ts'
import { routedRequest } from './requests.ts'
import { key, type Measured, pinTo, startGateway, startUpstream } from './subjects.ts'

/** Medians in milliseconds, at one connection. */
export interface FailOver {
  readonly direct: number
  readonly failingOver: number
  readonly added: number
  readonly ratio: number
  readonly target: number
  readonly failures: number
}

/** Nobody may listen on it without being root, and nobody does. */
const refusingPort = 1
const target = 5
const turns = 3

/** Measures and prints one row. @param duration milliseconds of load on each of the two routes */
export const benchFailOver = async (upstream: number, duration: number): Promise<FailOver> => {
  await assertRefused()
  const gateway = await startGateway(
    upstream,
    {},
    {
      providers: [
        `  refusing: { kind: openai-compatible, base_url: "http://127.0.0.1:${refusingPort}/v1", api_key: none }`,
      ],
      settings: [
        'circuits: { failures: 0 }',
        'routes:',
        '  - { match: direct, targets: [{ provider: upstream, model: gpt-5.1 }] }',
        '  - { match: failing-over, targets: [{ provider: refusing, model: gpt-5.1 }, { provider: upstream, model: gpt-5.1 }] }',
      ],
    },
  )
  try {
    await assertCalls(gateway, 'direct', '1')
    await assertCalls(gateway, 'failing-over', '2')
    await load(gateway, 'direct', 1000)
    await load(gateway, 'failing-over', 1000)
    const medians = { direct: 0, failingOver: 0 }
    let failures = 0
    for (let turn = 0; turn < turns; turn++) {
      const direct = await load(gateway, 'direct', duration / turns)
      const failingOver = await load(gateway, 'failing-over', duration / turns)
      medians.direct += percentile(direct.latencies, 0.5) / turns
      medians.failingOver += percentile(failingOver.latencies, 0.5) / turns
      failures += direct.failures + failingOver.failures
    }
    const { direct, failingOver } = medians
    const result = {
      ...medians,
      added: failingOver - direct,
      ratio: failingOver / direct,
      target,
      failures,
    }
    print(result)
    return result
  } finally {
    await gateway.stop()
  }
}

const load = ({ port }: Measured, model: string, milliseconds: number) =>
  runLoad({ port, connections: 1, duration: milliseconds, request: routedRequest(key, model) })

/** The row is worth nothing where the first target is not asked each time. */
const assertCalls = async ({ port }: Measured, model: string, calls: string): Promise<void> => {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] }),
  })
  await answer.bytes()
  const made = answer.headers.get('x-tollgate-attempts')
  if (made !== calls) throw new Error(`${model} took ${made} calls in place of ${calls}`)
}

const assertRefused = async (): Promise<void> => {
  const isOpen = await Bun.connect({ hostname: '127.0.0.1', port: refusingPort, socket: { data() {} } }).then(
    (socket) => {
      socket.end()
      return true
    },
    () => false,
  )
  if (isOpen) throw new Error(`port ${refusingPort} takes connections: the row needs one that refuses them`)
}

const print = ({ direct, failingOver, added, ratio, failures }: FailOver): void => {
  const verdict = added < target && failures === 0 ? '' : '  MISSED'
  console.log(
    `added median latency at 1 connection, failing over ${added.toFixed(3)} ms (${failingOver.toFixed(3)} - ${direct.toFixed(3)}, ratio ${ratio.toFixed(2)})   < ${target}${verdict}${failures > 0 ? ` (${failures} failures)` : ''}`,
  )
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '3' } } })
  pinTo(1)
  const upstream = await startUpstream()
  try {
    await benchFailOver(upstream.port, Number(values.seconds) * 1000)
  } finally {
    await upstream.stop()
  }
}
