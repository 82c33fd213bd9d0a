import { type ChangeCursor, firstChange } from './version-store.ts'

export interface ChangeReader {
  /** Applies everything that changed since the last call; tells how many changes were new here. */
  reload(): Promise<number>
  /** The same from the beginning. */
  load(): Promise<number>
}

const pageSize = 500

/** Follows a store's changes. Calls run one after the other, so each sees what was committed before it. */
export const createChangeReader = <Change>(
  read: (after: ChangeCursor, limit: number) => Promise<readonly Change[]>,
  cursorOf: (change: Change) => ChangeCursor,
  apply: (change: Change) => boolean,
): ChangeReader => {
  let cursor = firstChange
  let last: Promise<unknown> = Promise.resolve()
  const follow = async (): Promise<number> => {
    let applied = 0
    for (;;) {
      const page = await read(cursor, pageSize)
      for (const change of page) {
        if (apply(change)) applied += 1
        cursor = cursorOf(change)
      }
      if (page.length < pageSize) return applied
    }
  }
  const queue = (work: () => Promise<number>): Promise<number> => {
    const run = last.then(work, work)
    last = run
    return run
  }
  return {
    reload: () => queue(follow),
    load: () =>
      queue(() => {
        cursor = firstChange
        return follow()
      }),
  }
}
