export { memoryState } from './memory.ts'
export { type RedisStateOptions, redisState, tryRedis } from './redis.ts'
export { type Board, type BoardParts, createBoard } from './shared-board.ts'
export type { State, StateEntry, StateStatus, StatusHandler } from './state.ts'
