import type { Board } from '../state/index.ts'

/** How many gateways share their state. */
export interface GatewayCount {
  /** As last seen while they could be seen; at least 1. */
  last(): number
  close(): void
}

/** A gateway that was not heard of for so many milliseconds is gone. */
const memory = 30_000

/**
 * Each gateway says now and then that it is there.
 * @param board shared by them; @param instance this one; @param isShared can the others be seen just now?
 */
export const createGatewayCount = (
  board: Pick<Board, 'put' | 'remove' | 'all'>,
  instance: string,
  isShared: () => boolean,
): GatewayCount => {
  let last = 1
  const tell = (): void => {
    if (isShared()) last = Math.max(1, board.all().size)
    board.put(instance, '', memory)
  }
  tell()
  const timer = setInterval(tell, memory / 4)
  timer.unref()
  return {
    last() {
      if (isShared()) last = Math.max(1, board.all().size)
      return last
    },
    close() {
      clearInterval(timer)
      board.remove(instance)
    },
  }
}
