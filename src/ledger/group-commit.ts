/**
 * Collects items into batches without a timer: an item that finds the writer idle is written at once, and the ones
 * that come while a write runs form the next batch. Nothing is ever dropped: a batch that fails is tried again.
 */
export interface GroupCommit<Item> {
  /** Resolves when the batch with this item is written. */
  readonly add: (item: Item) => Promise<void>
  /** Items that are not written yet. */
  readonly pending: () => number
  /** True while the last attempt to write failed. */
  readonly stalled: () => boolean
  /** Resolves when everything added so far is written. */
  readonly drained: () => Promise<void>
}

export interface GroupCommitOptions<Item> {
  readonly write: (batch: readonly Item[]) => Promise<void>
  readonly maxBatch: number
  /** Pause before a failed batch is tried again, in milliseconds. */
  readonly retryMs: number
  /** Told when a write fails after one that did not. */
  readonly onError: (error: unknown) => void
}

interface Waiting<Item> {
  readonly item: Item
  readonly written: () => void
}

export const createGroupCommit = <Item>(options: GroupCommitOptions<Item>): GroupCommit<Item> => {
  let queue: Waiting<Item>[] = []
  let writing = 0
  let running = false
  let finished = Promise.resolve()
  let stalled = false

  const writeBatch = async (batch: readonly Waiting<Item>[]) => {
    const items = batch.map((waiting) => waiting.item)
    for (;;) {
      try {
        await options.write(items)
        stalled = false
        return
      } catch (error) {
        if (!stalled) options.onError(error)
        stalled = true
        await Bun.sleep(options.retryMs)
      }
    }
  }

  const run = async () => {
    running = true
    while (queue.length > 0) {
      const batch = queue.length <= options.maxBatch ? queue : queue.slice(0, options.maxBatch)
      queue = batch === queue ? [] : queue.slice(options.maxBatch)
      writing = batch.length
      await writeBatch(batch)
      writing = 0
      for (const waiting of batch) waiting.written()
    }
    running = false
  }

  const add = (item: Item) =>
    new Promise<void>((written) => {
      queue.push({ item, written })
      if (!running) finished = run()
    })

  return {
    add,
    pending: () => queue.length + writing,
    stalled: () => stalled,
    drained: async () => {
      while (running) await finished
    },
  }
}
