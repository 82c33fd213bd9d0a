import { describe, expect, test } from 'bun:test'
import { type BodyStream, BrokenStream, type Outcome, type SettleHook } from '../../pipeline/index.ts'
import { prime } from './primed-stream.ts'

const success: Outcome = { result: 'success', status: 200, responseBytes: 3 }

/** A stream of the given pieces that settles before its last one. */
const streamOf = (pieces: readonly string[], outcome = success) => {
  const hooks: SettleHook[] = []
  let at = 0
  let cancelled = 0
  const inner: BodyStream = {
    async next() {
      const piece = pieces[at++]
      if (at === pieces.length) for (const hook of hooks) await hook(outcome)
      return piece === undefined ? undefined : new TextEncoder().encode(piece)
    },
    cancel() {
      cancelled++
    },
    onSettle: (hook) => hooks.push(hook),
  }
  return { inner, read: () => at, cancelled: () => cancelled }
}

const drain = async (body: BodyStream): Promise<string[]> => {
  const pieces: string[] = []
  for (let piece = await body.next(); piece !== undefined; piece = await body.next()) {
    pieces.push(new TextDecoder().decode(piece))
  }
  return pieces
}

describe('a stream that is read ahead', () => {
  test('loses nothing, and is read no further than its beginning', async () => {
    const { inner, read } = streamOf(['a', 'b', 'c'])
    const { body, outcome } = await prime(inner, () => read() >= 2, 1000)
    expect([read(), outcome]).toEqual([2, undefined])
    expect(await drain(body)).toEqual(['a', 'b', 'c'])
  })

  test('that settles meanwhile keeps its last piece until every hook is done', async () => {
    const { inner } = streamOf(['a'])
    const { body, outcome } = await prime(inner, () => false, 1000)
    expect(outcome).toEqual(success)
    const order: string[] = []
    body.onSettle(async () => {
      await Bun.sleep(1)
      order.push('hook')
    })
    const pieces = await drain(body)
    order.push('piece')
    expect([pieces, order]).toEqual([['a'], ['hook', 'piece']])
  })

  test('that breaks off on purpose does so when its reader gets there, and is told before', async () => {
    const died: Outcome = { result: 'upstream_died', status: 200, responseBytes: 0 }
    const hooks: SettleHook[] = []
    const inner: BodyStream = {
      async next() {
        for (const hook of hooks) await hook(died)
        throw new BrokenStream()
      },
      cancel() {},
      onSettle: (hook) => hooks.push(hook),
    }
    const { body, outcome } = await prime(inner, () => false, 1000)
    expect(outcome).toEqual(died)
    const told: Outcome[] = []
    body.onSettle((one) => void told.push(one))
    await expect(body.next()).rejects.toThrow(BrokenStream)
    expect(told).toEqual([died])
  })

  test('that settles later tells its hooks once', async () => {
    const { inner, read } = streamOf(['a', 'b'])
    const { body } = await prime(inner, () => read() >= 1, 1000)
    let told = 0
    body.onSettle(() => {
      told++
    })
    await drain(body)
    body.cancel()
    expect(told).toBe(1)
  })

  test('is not waited for longer than patience lasts', async () => {
    const waiting: ((piece: Uint8Array) => void)[] = []
    const inner: BodyStream = {
      next: () => new Promise((resolve) => waiting.push(resolve)),
      cancel() {},
      onSettle() {},
    }
    const { body, outcome } = await prime(inner, () => false, 1)
    expect(outcome).toBeUndefined()
    const piece = body.next()
    waiting[0]?.(new TextEncoder().encode('late'))
    expect(new TextDecoder().decode(await piece)).toBe('late')
    expect(waiting).toHaveLength(1)
  })

  test('is cancelled like any other, and what had settled is told', async () => {
    const { inner, cancelled } = streamOf(['a'])
    const { body } = await prime(inner, () => false, 1000)
    let told: Outcome | undefined
    body.onSettle((outcome) => {
      told = outcome
    })
    body.cancel()
    expect([cancelled(), told]).toEqual([1, success])
  })
})
