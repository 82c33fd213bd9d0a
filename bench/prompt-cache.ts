/**
 * What the keeper of prompt caches costs for a request, in microseconds, by the size of its body:
 * `bun bench/prompt-cache.ts`. The marks are set before a request goes out; watching is done while the provider thinks.
 */
import { CacheWatch, createCacheBook, placeMarks } from '../src/prompt-cache/index.ts'

const rules = createCacheBook().find('anthropic', 'anthropic-messages', 'claude-sonnet-4-5')
const usage = { inputTokens: 50_000, cacheReadTokens: 50_000, cacheWriteTokens: 0 }

/** @param marked its last block has a mark, as agents set it */
const body = (bytes: number, marked = false): Buffer => {
  const line = 'const value = compute(input, "with a \\"quoted\\" text") // and a comment\n'
  const block = line.repeat(20)
  const messages: object[] = []
  for (let size = 0; size < bytes; size += block.length + 150) {
    const id = `toolu_${messages.length}`
    messages.push(
      messages.length % 2 === 0
        ? { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: block }] }
        : { role: 'assistant', content: [{ type: 'tool_use', id, name: 'read', input: { path: '/a' } }] },
    )
  }
  if (marked) {
    const last = { type: 'text', text: 'Go on.', cache_control: { type: 'ephemeral' } }
    messages.push({ role: 'user', content: [last] })
  }
  return Buffer.from(JSON.stringify({ model: 'm', messages, system: block, tools: [] }))
}

const measure = (name: string, run: () => void): void => {
  for (let warm = 0; warm < 200; warm++) run()
  const times: number[] = []
  for (let round = 0; round < 300; round++) {
    const start = Bun.nanoseconds()
    run()
    times.push((Bun.nanoseconds() - start) / 1000)
  }
  times.sort((a, b) => a - b)
  console.log(
    `${name}: least ${times[0]?.toFixed(1)} us, p50 ${times[150]?.toFixed(1)} us, p99 ${times[297]?.toFixed(1)} us`,
  )
}

for (const kilobytes of [2, 20, 60, 200, 1000]) {
  const bytes = body(kilobytes * 1024)
  const text = bytes.toString('latin1')
  const size = `${Math.round(bytes.length / 1024)} KB`
  measure(`${size}: marks`, () => void placeMarks(text, { minimumTokens: 1024, ttl: '5m' }))
  for (const marked of [false, true]) {
    const watch = new CacheWatch({ memory: 64 * 1024 * 1024, now: () => 1 })
    const sent = marked ? body(kilobytes * 1024, true) : bytes
    measure(`${size}: watched${marked ? ', with a mark' : ''}`, () => {
      watch
        .watch({
          ...{ group: 'g', upstream: 'u', protocol: 'anthropic-messages', rules, client: undefined, at: 1 },
          body: sent,
        })
        ?.answered(usage)
    })
  }
}
