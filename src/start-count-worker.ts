import type { AnsweredCall, ComparedCounts } from './stages/count-tokens/index.ts'
import { remoteStores } from './storage/index.ts'

/**
 * Counts the tokens of calls in a thread of its own, which is started when there is a first one, and ended when none
 * comes for a while: the alphabets that it opens take some 100 MB.
 */
export interface CountWorker {
  /** Rejects when the thread dies or takes too long; the next call starts another one. */
  compare(call: AnsweredCall): Promise<ComparedCounts | undefined>
  stop(): void
}

interface Running {
  readonly compare: CountWorker['compare']
  /** Ends the thread, and every call that waits. */
  readonly end: (reason: string) => void
}

/**
 * @param longest that one call may take, in milliseconds
 * @param idle that the thread is kept without a call, in milliseconds
 */
export const createCountWorker = (longest = 30_000, idle = 120_000): CountWorker => {
  let running: Running | undefined
  let calls = 0
  let ending: ReturnType<typeof setTimeout> | undefined

  const start = (): Running => {
    // Named in `tools/build.ts` as an entry of its own, as the storage Worker is.
    const worker = new Worker(new URL('./count-worker.ts', import.meta.url))
    const { stores, fail } = remoteStores<{ readonly calls: Pick<CountWorker, 'compare'> }>(worker)
    const started: Running = {
      compare: stores.calls.compare,
      end(reason) {
        if (running === started) running = undefined
        fail(new Error(reason))
        worker.terminate()
      },
    }
    worker.addEventListener('error', ({ message }) => started.end(`the counting thread failed: ${message}`))
    worker.addEventListener('close', () => started.end('the counting thread ended'))
    return started
  }
  return {
    async compare(call) {
      running ??= start()
      const { compare, end } = running
      clearTimeout(ending)
      calls++
      const tooLong = setTimeout(() => end('the counting thread took too long'), longest)
      try {
        return await compare(call)
      } finally {
        clearTimeout(tooLong)
        calls--
        if (calls === 0) ending = setTimeout(() => running?.end('the counting thread was idle'), idle)
      }
    },
    stop() {
      clearTimeout(ending)
      running?.end('the counting thread was stopped')
    },
  }
}
