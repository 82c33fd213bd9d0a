import type { Board, State } from '../state/index.ts'

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
 * @param board shared by them
 * @param instance this one
 */
export const createGatewayCount = (
  board: Pick<Board, 'put' | 'remove' | 'all'>,
  instance: string,
  state: Pick<State, 'status' | 'onStatus'>,
): GatewayCount => {
  let last = 1
  const look = (): void => {
    last = Math.max(1, board.all().size)
  }
  const tell = (): void => {
    if (state.status() === 'connected') look()
    board.put(instance, '', memory)
  }
  tell()
  const timer = setInterval(tell, memory / 4)
  timer.unref()
  // What the others last said is known for a while after they are out of sight.
  const unwatch = state.onStatus((status) => {
    if (status === 'away') look()
  })
  return {
    last() {
      if (state.status() === 'connected') look()
      return last
    },
    close() {
      clearInterval(timer)
      unwatch()
      board.remove(instance)
    },
  }
}
