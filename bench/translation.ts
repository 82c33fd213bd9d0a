/**
 * What a translation takes by itself: a request of 100 KB scanned, decoded, through all passes and written for the
 * provider, in milliseconds of one thread.
 *
 *   bun bench/translation.ts
 */
import { protocols } from '../src/protocols/index.ts'
import { scanJson } from '../src/wire/index.ts'
import { type Client, clients, requestWire } from '../test/translation/cases.ts'
import { read, send } from '../test/translation/cell.ts'
import { percentile } from './load.ts'
import { translatedRequest } from './requests.ts'
import { key, pinTo } from './subjects.ts'

const spoken = {
  chat: 'openai-chat',
  responses: 'openai-responses',
  messages: 'anthropic-messages',
} as const satisfies Record<string, Client>

const most = 3
const [warmUp, measured] = [300, 150]
const deepest = 1000

/** Prints a row for each pair. */
export const benchTranslation = (): Readonly<Record<string, number>> => {
  const medians: Record<string, number> = {}
  for (const client of ['chat', 'responses', 'messages'] as const) {
    const raw = translatedRequest(key, client, client, 'large')
    const body = raw.toString().slice(raw.indexOf('\r\n\r\n') + 4)
    for (const upstream of clients) {
      if (upstream === spoken[client]) continue
      medians[`${client} -> ${upstream}`] = medianOf(spoken[client], upstream, body)
    }
  }
  const slowest = Math.max(...Object.values(medians))
  const list = Object.entries(medians).map(([pair, median]) => `${pair} ${median.toFixed(2)}`)
  console.log(`100 KB translated, ms: ${list.join(', ')} (<= ${most}${slowest <= most ? '' : '  MISSED'})`)
  return medians
}

const medianOf = (client: Client, upstream: Client, source: string): number => {
  const times: number[] = []
  const wire = requestWire(client, source)
  for (let round = 0; round < warmUp + measured; round++) {
    const fresh = { ...wire, body: new Uint8Array(wire.body) }
    const before = performance.now()
    scanJson(fresh.body, protocols[client].watchedKeys, deepest)
    new TextEncoder().encode(send(read(client, fresh), client, upstream).sent.body)
    if (round >= warmUp) times.push(performance.now() - before)
  }
  return percentile(
    times.sort((a, b) => a - b),
    0.5,
  )
}

if (import.meta.main) {
  pinTo(1)
  benchTranslation()
}
