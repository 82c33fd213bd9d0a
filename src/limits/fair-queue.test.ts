import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createFairQueue, type Try } from './fair-queue.ts'

/** Room that the test hands out one by one. */
const setUp = (mostWaiting = 1_000) => {
  const queue = createFairQueue<string>()
  const served: string[] = []
  const given: string[] = []
  let room = 0
  let asked = 0
  const enter = (name: string, signal = new AbortController().signal, longestWait = 10_000) => {
    const [organisation = '', key = ''] = name.split('/')
    return queue.wait({
      place: { organisation, key },
      signal,
      longestWait,
      mostWaiting,
      async attempt(): Promise<Try<string>> {
        asked++
        if (room === 0) return { again: 60_000 }
        room--
        served.push(name)
        return { got: name }
      },
      giveBack: (got) => void given.push(got),
    })
  }
  const release = async (count = 1): Promise<void> => {
    room += count
    queue.wake()
    await settled()
  }
  return { queue, served, given, enter, release, asked: () => asked }
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

const counts = (names: readonly string[]): Map<string, number> => {
  const found = new Map<string, number>()
  for (const name of names) found.set(name, (found.get(name) ?? 0) + 1)
  return found
}

test('organisations take turns, in them their keys, and each key is served in its own order', async () => {
  const { served, enter, release } = setUp()
  const all = ['a/1.x', 'a/1.y', 'a/1.z', 'a/2.x', 'b/1.x', 'b/1.y'].map((name) => {
    const [place = ''] = name.split('.')
    return enter(place)
  })
  await release(6)
  await Promise.all(all)
  expect(served).toEqual(['a/1', 'b/1', 'a/2', 'b/1', 'a/1', 'a/1'])
})

test('a crowd of one key is not ahead of anybody: shares of those that still wait differ by one at most', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a/1', 'a/1', 'a/1', 'a/2', 'b/1', 'c/1', 'c/2'), {
        minLength: 1,
        maxLength: 60,
      }),
      fc.integer({ min: 1, max: 40 }),
      async (names, rooms) => {
        const { queue, served, enter, release } = setUp()
        const all = names.map((name) => enter(name))
        await settled()
        await release(rooms)
        expect(served.length).toBe(Math.min(rooms, names.length))
        const wanted = counts(names)
        const got = counts(served)
        const waiting = [...wanted].filter(([name, count]) => (got.get(name) ?? 0) < count)
        const perOrganisation = (name: string): number =>
          served.filter((one) => one.split('/')[0] === name.split('/')[0]).length
        for (const [one] of waiting) {
          for (const [other] of waiting) {
            expect(Math.abs(perOrganisation(one) - perOrganisation(other))).toBeLessThanOrEqual(1)
            if (one.split('/')[0] !== other.split('/')[0]) continue
            expect(Math.abs((got.get(one) ?? 0) - (got.get(other) ?? 0))).toBeLessThanOrEqual(1)
          }
        }
        await release(names.length)
        await Promise.all(all)
        expect(counts(served)).toEqual(wanted)
        expect(queue.size).toBe(0)
      },
    ),
    { numRuns: 200 },
  )
})

describe('whoever waits', () => {
  test('waits no longer than it may', async () => {
    const { queue, enter } = setUp()
    expect(await enter('a/1', undefined, 20)).toEqual({ refused: 'late', again: 60_000 })
    expect(queue.size).toBe(0)
  })

  test('finds at most so many others', async () => {
    const { enter, release } = setUp(2)
    const two = [enter('a/1'), enter('a/1')]
    await settled()
    expect(await enter('b/1')).toEqual({ refused: 'full', again: 60_000 })
    await release(2)
    expect(await Promise.all(two)).toEqual([{ got: 'a/1' }, { got: 'a/1' }])
  })

  test('leaves when it is aborted, and those behind move up', async () => {
    const { queue, served, enter, release } = setUp()
    const leaving = new AbortController()
    const first = enter('a/1', leaving.signal)
    const second = enter('a/2')
    await settled()
    leaving.abort()
    expect(await first).toMatchObject({ refused: 'aborted' })
    expect(queue.size).toBe(1)
    await release()
    expect(await second).toEqual({ got: 'a/2' })
    expect(served).toEqual(['a/2'])
    expect(await enter('a/1', leaving.signal)).toMatchObject({ refused: 'aborted' })
  })

  test('gives back what it got while it left', async () => {
    const queue = createFairQueue<string>()
    const leaving = new AbortController()
    const answer = Promise.withResolvers<Try<string>>()
    const given: string[] = []
    const wait = queue.wait({
      place: { organisation: 'a', key: '1' },
      signal: leaving.signal,
      longestWait: 10_000,
      mostWaiting: 10,
      attempt: () => answer.promise,
      giveBack: (got) => void given.push(got),
    })
    leaving.abort()
    expect(await wait).toMatchObject({ refused: 'aborted' })
    answer.resolve({ got: 'room' })
    await settled()
    expect(given).toEqual(['room'])
    expect(queue.size).toBe(0)
  })

  test('is not asked again and again, but when room came free or the time that was said is over', async () => {
    const { asked, enter } = setUp()
    const all = Array.from({ length: 20 }, (_, at) => enter(`a/${at}`, undefined, 30))
    await settled()
    expect(asked()).toBe(1)
    await Promise.all(all)
    // Each that goes makes another one the head, which may want less.
    expect(asked()).toBeLessThanOrEqual(21)
  })

  test('is told when asking fails, and the next is asked', async () => {
    const queue = createFairQueue<string>()
    const base = {
      place: { organisation: 'a', key: '1' },
      signal: new AbortController().signal,
      longestWait: 10_000,
      mostWaiting: 10,
      giveBack: () => undefined,
    }
    const broken = queue.wait({ ...base, attempt: () => Promise.reject(new Error('away')) })
    const next = queue.wait({ ...base, attempt: async () => ({ got: 'in' }) })
    await expect(broken).rejects.toThrow('away')
    expect(await next).toEqual({ got: 'in' })
  })
})
