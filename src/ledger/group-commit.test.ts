import { describe, expect, test } from 'bun:test'
import { createGroupCommit } from './group-commit.ts'

const setUp = (options: { maxBatch?: number } = {}) => {
  const batches: (readonly number[])[] = []
  const errors: unknown[] = []
  let gate = Promise.withResolvers<void>()
  const commits = createGroupCommit<number>({
    write: async (batch) => {
      batches.push(batch)
      await gate.promise
    },
    maxBatch: options.maxBatch ?? 100,
    retryMs: 1,
    onError: (error) => errors.push(error),
  })
  return {
    batches,
    errors,
    commits,
    finishWrite: () => {
      const finished = gate
      gate = Promise.withResolvers()
      finished.resolve()
    },
    failWrite: (error: Error) => {
      const finished = gate
      gate = Promise.withResolvers()
      finished.reject(error)
    },
  }
}

describe('group commit', () => {
  test('writes a lone item at once, without waiting for company', () => {
    const { commits, batches } = setUp()
    void commits.add(1)
    expect(batches).toEqual([[1]])
  })

  test('collects what comes while a write runs', async () => {
    const { commits, batches, finishWrite } = setUp()
    const first = commits.add(1)
    const others = [commits.add(2), commits.add(3)]
    expect(batches).toEqual([[1]])
    expect(commits.pending()).toBe(3)
    finishWrite()
    await first
    expect(batches).toEqual([[1], [2, 3]])
    finishWrite()
    await Promise.all(others)
    expect(commits.pending()).toBe(0)
  })

  test('does not resolve an item before its batch is written', async () => {
    const { commits, finishWrite } = setUp()
    let written = false
    const first = commits.add(1)
    const second = commits.add(2).then(() => {
      written = true
    })
    finishWrite()
    await first
    expect(written).toBe(false)
    finishWrite()
    await second
    expect(written).toBe(true)
  })

  test('keeps the order and the size of a batch', async () => {
    const { commits, batches, finishWrite } = setUp({ maxBatch: 2 })
    const all = [1, 2, 3, 4, 5, 6].map((item) => commits.add(item))
    for (const item of all) {
      finishWrite()
      await Promise.race([item, Bun.sleep(0)])
    }
    await Promise.all(all)
    expect(batches).toEqual([[1], [2, 3], [4, 5], [6]])
  })

  test('tries a failed batch again until it is written, and reports the first failure', async () => {
    const { commits, batches, errors, failWrite, finishWrite } = setUp()
    const item = commits.add(1)
    failWrite(new Error('full'))
    while (batches.length < 2) await Bun.sleep(0)
    expect(commits.stalled()).toBe(true)
    failWrite(new Error('still full'))
    while (batches.length < 3) await Bun.sleep(0)
    finishWrite()
    await item
    expect(commits.stalled()).toBe(false)
    expect(errors).toEqual([new Error('full')])
    expect(batches).toEqual([[1], [1], [1]])
  })

  test('is drained when everything is written', async () => {
    const { commits, finishWrite } = setUp()
    await commits.drained()
    void commits.add(1)
    let drained = false
    const waiting = commits.drained().then(() => {
      drained = true
    })
    await Bun.sleep(0)
    expect(drained).toBe(false)
    finishWrite()
    await waiting
    expect(commits.pending()).toBe(0)
  })
})
