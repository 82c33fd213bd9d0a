import { describe, expect, test } from 'bun:test'
import type { ProtocolId } from '../../ir/index.ts'
import type { BodyStream, Outcome, SettleHook, Watchdog } from '../../pipeline/index.ts'
import { keptAlive } from './keep-alive.ts'

const decode = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
const outcome: Outcome = { result: 'success', status: 200, responseBytes: 0 }

/** A stream and a watchdog that the test moves by hand. */
const staged = (client: ProtocolId) => {
  const hooks: SettleHook[] = []
  const waiting: { give(bytes: Uint8Array | undefined): void; fail(error: Error): void }[] = []
  const ready: (Uint8Array | undefined)[] = []
  let cancelled = 0
  const inner: BodyStream = {
    next: () =>
      ready.length > 0
        ? Promise.resolve(ready.shift())
        : new Promise((give, fail) => {
            waiting.push({ give, fail })
          }),
    cancel: () => {
      cancelled++
    },
    onSettle: (hook) => hooks.push(hook),
  }
  const watched = new Set<() => void>()
  const watchdog: Watchdog = {
    watch(_limit, onSilence) {
      watched.add(onSilence)
      return { touch() {}, end: () => watched.delete(onSilence) }
    },
    stop() {},
  }
  const stream = keptAlive(inner, { client, watchdog })
  return {
    stream,
    silence() {
      for (const bark of [...watched]) {
        watched.delete(bark)
        bark()
      }
    },
    give(text: string | undefined) {
      const bytes = text === undefined ? undefined : new TextEncoder().encode(text)
      const first = waiting.shift()
      if (first === undefined) ready.push(bytes)
      else first.give(bytes)
    },
    fail: (error: Error) => waiting.shift()?.fail(error),
    settle: () => hooks.forEach((hook) => void hook(outcome)),
    watched: () => watched.size,
    cancelled: () => cancelled,
  }
}

describe('a silent stream', () => {
  test('is told as a comment, as often as it is silent, and no piece is lost', async () => {
    const { stream, silence, give } = staged('openai-chat')
    for (let round = 0; round < 3; round++) {
      const said = stream.next()
      silence()
      expect(decode(await said)).toBe(': keep-alive\n\n')
    }
    const piece = stream.next()
    give('data: 1\n\n')
    expect(decode(await piece)).toBe('data: 1\n\n')
    give('data: 2\n\n')
    expect(decode(await stream.next())).toBe('data: 2\n\n')
  })

  test('of Anthropic is told as a ping, but for before its first event', async () => {
    const { stream, silence, give } = staged('anthropic-messages')
    const first = stream.next()
    silence()
    expect(decode(await first)).toBe(': keep-alive\n\n')
    give('event: message_start\ndata: {}\n\n')
    await stream.next()
    const second = stream.next()
    silence()
    expect(decode(await second)).toBe('event: ping\ndata: {"type":"ping"}\n\n')
  })

  test('says nothing while nobody reads', async () => {
    const { stream, silence, give } = staged('gemini')
    give('data: 1\n\n')
    await stream.next()
    silence()
    silence()
    give('data: 2\n\n')
    expect(decode(await stream.next())).toBe('data: 2\n\n')
  })
})

describe('the watch ends', () => {
  test('with the stream', async () => {
    const { stream, give, settle, watched } = staged('openai-chat')
    give('x')
    await stream.next()
    expect(watched()).toBe(1)
    settle()
    give(undefined)
    expect(await stream.next()).toBeUndefined()
    expect(watched()).toBe(0)
  })

  test('with a broken stream, which breaks', async () => {
    const { stream, fail, watched } = staged('openai-chat')
    const piece = stream.next()
    fail(new Error('broken'))
    expect(piece).rejects.toThrow('broken')
    await piece.catch(() => undefined)
    expect(watched()).toBe(0)
  })

  test('when the client leaves', () => {
    const { stream, cancelled, watched } = staged('openai-chat')
    void stream.next()
    stream.cancel()
    expect([cancelled(), watched()]).toEqual([1, 0])
  })
})
