/**
 * Measures a hit in the cache of answers against the same gateway without a cache whose provider answers at once
 * (`loopback`): side by side on one core, in turns. What a hit costs more than that is what looking it up and saying it
 * again costs.
 *
 *   bun bench/cache.ts [--seconds N]
 */
import { parseArgs } from 'node:util'
import { percentile, runLoad } from './load.ts'
import { post } from './requests.ts'
import { key, type Measured, pinTo, startGateway, startUpstream } from './subjects.ts'

const words = (bytes: number): string => 'all work and no play makes jack a dull boy. '.repeat(bytes / 44)

const chat = (text: string, more: object = {}): Buffer =>
  post(
    '/v1/chat/completions',
    key,
    JSON.stringify({ model: 'loopback', messages: [{ role: 'user', content: text }], ...more }),
    [],
  )
const messages = (text: string): Buffer =>
  post(
    '/v1/messages',
    key,
    JSON.stringify({ model: 'loopback', max_tokens: 9000, messages: [{ role: 'user', content: text }] }),
    [],
  )

/** Loopback answers with the words of the last message: answers grow with requests. */
const rows: readonly { readonly name: string; readonly request: Buffer }[] = [
  { name: 'chat, 40 bytes', request: chat('hello') },
  { name: 'chat, 40 bytes, streamed', request: chat('hello', { stream: true }) },
  { name: 'messages, 40 bytes', request: messages('hello') },
  { name: 'chat, 4 KB and 4 KB of answer', request: chat(words(4096)) },
  { name: 'chat, 100 KB of history', request: history(100 * 1024) },
]

function history(bytes: number): Buffer {
  const turns = Array.from({ length: 50 }, (_, at) => ({
    role: at % 2 === 0 ? 'user' : 'assistant',
    content: `${at} ${words(bytes / 50)}`,
  }))
  return chat('', { messages: [...turns, { role: 'user', content: 'hello' }] })
}

/** Milliseconds that a hit of an ordinary request may cost. */
const target = 0.2
const turns = 6
const plain = 'firewall: { input: off, output: off, loops: { warn_after: 0, stop_after: 0 } }'

interface Row {
  readonly latencies: number[]
  processor: number
  answers: number
}

/** Runs the rows; returns milliseconds of processor that a hit takes more than loopback, by name. */
export const benchCache = async (
  upstream: number,
  duration: number,
): Promise<Readonly<Record<string, number>>> => {
  const cached = await startGateway(upstream, {}, { settings: [plain, 'cache: { exact: on }'] })
  const bare = await startGateway(upstream, {}, { settings: [plain] })
  const costs: Record<string, number> = {}
  const run = async (subject: Measured, request: Buffer, milliseconds: number, row: Row): Promise<void> => {
    const before = subject.processorTime()
    const { answers, latencies, failures } = await runLoad({
      port: subject.port,
      connections: 1,
      duration: milliseconds,
      request,
    })
    if (failures > 0) throw new Error(`${failures} requests failed`)
    row.processor += subject.processorTime() - before
    row.answers += answers
    row.latencies.push(...latencies)
  }
  try {
    console.log(
      'one at a time                          hit, ms  loopback, ms   processor, ms each   a hit costs more',
    )
    for (const { name, request } of rows) {
      const [hit, live]: [Row, Row] = [
        { latencies: [], processor: 0, answers: 0 },
        { latencies: [], processor: 0, answers: 0 },
      ]
      for (const subject of [cached, bare]) await run(subject, request, 1500, { ...hit, latencies: [] })
      for (let turn = 0; turn < turns; turn++) {
        await run(cached, request, duration / turns, hit)
        await run(bare, request, duration / turns, live)
      }
      const median = ({ latencies }: Row): number =>
        percentile(
          latencies.sort((a, b) => a - b),
          0.5,
        )
      const [ours, theirs] = [median(hit), median(live)]
      const [mine, other] = [hit.processor / hit.answers, live.processor / live.answers]
      const cost = Math.max(mine - other, ours - theirs)
      costs[name] = cost
      console.log(
        `${name.padEnd(36)} ${ours.toFixed(3).padStart(9)} ${theirs.toFixed(3).padStart(13)}   ${mine.toFixed(3)} / ${other.toFixed(3)}        ${cost.toFixed(3).padStart(7)}   <= ${target}${cost <= target ? '' : '  MISSED'}`,
      )
    }
  } finally {
    await cached.stop()
    await bare.stop()
  }
  return costs
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '3' } } })
  pinTo(1)
  const upstream = await startUpstream()
  try {
    await benchCache(upstream.port, Number(values.seconds) * 1000)
  } finally {
    await upstream.stop()
  }
}
