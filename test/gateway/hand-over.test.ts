import { afterAll, beforeAll, expect, test } from 'bun:test'
import { allEntries, waitFor } from '../support/gateway.ts'
import { type StreamsInFlight, startStreams } from '../support/streams-in-flight.ts'

let streams: StreamsInFlight

beforeAll(async () => {
  streams = await startStreams()
})
afterAll(() => streams.stop())

test('streams in flight survive a reload and a hand-over to a new worker, and new requests find the new one', async () => {
  const { gateway } = streams
  const count = 50
  await streams.open(count)
  await streams.reload()
  const before = gateway.log().split('"serving"').length
  gateway.supervisor.kill('SIGUSR2')
  await waitFor(() => (gateway.log().includes('a new worker takes over') ? true : undefined))
  // Nobody is turned away at any moment of it.
  let answered = 0
  while (gateway.log().split('"serving"').length === before || answered < 50) {
    expect(await streams.ask()).toBe(200)
    answered++
    await Bun.sleep(5)
  }
  // Longer than what a stop would give them.
  await Bun.sleep(1500)
  await streams.open(count)
  expect(await streams.finish()).toBe(2 * count)
  await waitFor(async () => {
    const entries = await allEntries(gateway)
    return entries.filter((entry) => entry['streamed'] === true && entry.outcome === 'success').length ===
      2 * count
      ? true
      : undefined
  })
  const entries = await allEntries(gateway)
  expect(entries.length).toBe(2 * count + answered)
  expect(entries.every((entry) => entry.outcome === 'success')).toBe(true)
})
