import { describe, expect, test } from 'bun:test'
import type { BodyStream, Outcome, Reply, SettleHook } from '../../pipeline/index.ts'
import { type Captured, capture } from './capture.ts'

const success: Outcome = { result: 'success', status: 200, responseBytes: 3 }

/** A body that says these pieces, settles, and ends; `undefined` among them breaks it off. */
const stream = (pieces: readonly (string | undefined)[]) => {
  const hooks: SettleHook[] = []
  const left = [...pieces]
  const state = { isCancelled: false }
  const body: BodyStream = {
    async next() {
      if (left.length === 1) for (const hook of hooks.splice(0)) await hook(success)
      if (left.length === 0) return undefined
      const piece = left.shift()
      if (piece === undefined) throw new Error('broken')
      return Buffer.from(piece)
    },
    cancel() {
      state.isCancelled = true
    },
    onSettle: (hook) => void hooks.push(hook),
  }
  return { body, state }
}

const watch = (reply: Reply, { most = 100, room = 1_000 } = {}) => {
  const seen = { ends: [] as (Captured | undefined)[], losses: 0, held: 0, mostHeld: 0 }
  const captured = capture(reply, {
    most,
    hold(bytes) {
      if (seen.held + bytes > room) return false
      seen.held += bytes
      seen.mostHeld = Math.max(seen.mostHeld, seen.held)
      return true
    },
    letGo(bytes) {
      seen.held -= bytes
    },
    now: () => 7,
    onEnd(answer, letGo) {
      seen.ends.push(answer)
      letGo()
      letGo()
    },
    onLoss() {
      seen.losses++
    },
  })
  return { captured, seen }
}

const reply = (body: BodyStream): Reply => ({ status: 200, headers: new Headers({ a: 'b' }), body })

const readAll = async ({ body }: Reply): Promise<string> => {
  if (body instanceof Uint8Array) return Buffer.from(body).toString()
  let said = ''
  for (let piece = await body.next(); piece !== undefined; piece = await body.next()) {
    said += Buffer.from(piece).toString()
  }
  return said
}

describe('an answer that passes', () => {
  test('is the same to the client, and remembered when that has it all', async () => {
    const { captured, seen } = watch(reply(stream(['a', 'b', 'c']).body))
    expect(seen.ends).toHaveLength(0)
    expect(await readAll(captured)).toBe('abc')
    expect(seen.ends).toHaveLength(1)
    const [answer] = seen.ends
    expect(answer).toMatchObject({ outcome: success, settledAt: 7, isStreamed: true })
    expect(Buffer.concat(answer?.pieces ?? []).toString()).toBe('abc')
    expect(seen).toMatchObject({ held: 0, mostHeld: 3, losses: 0 })
  })

  test('is remembered at once where it is whole, and is the very same object', () => {
    const whole: Reply = { status: 200, headers: new Headers(), body: Buffer.from('abc'), outcome: success }
    const { captured, seen } = watch(whole)
    expect(captured).toBe(whole)
    expect(seen.ends[0]).toMatchObject({ outcome: success, isStreamed: false })
  })

  test('is forgotten, with all its bytes, where it is too long or nothing more can be kept', async () => {
    for (const limits of [{ most: 2 }, { room: 2 }]) {
      const { captured, seen } = watch(reply(stream(['a', 'b', 'c', 'd']).body), limits)
      expect(await readAll(captured)).toBe('abcd')
      expect(seen).toMatchObject({ ends: [undefined], held: 0, mostHeld: 2, losses: 0 })
    }
  })

  test('is lost, once, where it breaks off or the client leaves', async () => {
    const broken = watch(reply(stream(['a', 'b', undefined]).body))
    await expect(readAll(broken.captured)).rejects.toThrow('broken')
    expect(broken.seen).toMatchObject({ ends: [], losses: 1, held: 0, mostHeld: 2 })

    const { body, state } = stream(['a', 'b'])
    const left = watch(reply(body))
    const { body: watched } = left.captured
    if (watched instanceof Uint8Array) throw new Error('a stream is expected')
    await watched.next()
    watched.cancel()
    watched.cancel()
    expect(state.isCancelled).toBe(true)
    expect(left.seen).toMatchObject({ ends: [], losses: 1, held: 0 })
  })

  test('is lost where the gateway ends it early, which the stream behind it is told', async () => {
    const cuts: number[] = []
    const { body } = stream(['a', 'b'])
    const { captured, seen } = watch(reply({ ...body, cut: async (tokens) => void cuts.push(tokens) }))
    if (captured.body instanceof Uint8Array) throw new Error('a stream is expected')
    await captured.body.next()
    await captured.body.cut?.(5)
    expect(cuts).toEqual([5])
    expect(seen).toMatchObject({ ends: [], losses: 1, held: 0 })
    // What cannot be ended early does not look as if it could.
    expect('cut' in watch(reply(stream(['a']).body)).captured.body).toBe(false)
  })
})
