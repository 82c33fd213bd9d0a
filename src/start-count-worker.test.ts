import { afterEach, expect, test } from 'bun:test'
import type { AnsweredCall } from './stages/count-tokens/index.ts'
import { type CountWorker, createCountWorker } from './start-count-worker.ts'

let worker: CountWorker | undefined
afterEach(() => worker?.stop())

const call: AnsweredCall = {
  protocol: 'openai-chat',
  target: { provider: 'p', model: 'gpt-4o' },
  usage: { inputTokens: 9, outputTokens: 4 },
  sent: Buffer.from('{"model":"gpt-4o","messages":[{"role":"user","content":"hello there"}]}'),
  said: {
    protocol: 'openai-chat',
    choices: [{ index: 0, parts: [{ type: 'text', text: 'hello you' }], finish: { reason: 'end' } }],
  },
}
const counts = {
  method: 'counted',
  input: { reported: 9, counted: 9 },
  output: { reported: 4, counted: 3 },
  hiddenReasoning: 0,
} as const

test('calls are counted in another thread', async () => {
  worker = createCountWorker()
  expect(await worker.compare(call)).toEqual(counts)
  expect(await worker.compare({ ...call, usage: {} })).toBeUndefined()
})

test('a thread without work is ended, and the next call starts another one', async () => {
  worker = createCountWorker(30_000, 0)
  for (let calls = 0; calls < 3; calls++) {
    expect(await worker.compare(call)).toEqual(counts)
    await Bun.sleep(5)
  }
})

test('a thread that takes too long is ended, and the next call starts another one', async () => {
  worker = createCountWorker(1)
  await expect(worker.compare(call)).rejects.toThrow('took too long')
  worker = createCountWorker()
  const [one, stopped] = [worker.compare(call), worker]
  stopped.stop()
  await expect(one).rejects.toThrow('stopped')
  expect(await stopped.compare(call)).toEqual(counts)
})
