export { memoryState } from './memory.ts'
export { memoryQuota } from './memory-quota.ts'
export type {
  Bucket,
  BucketChange,
  BucketClaim,
  BucketLevel,
  BudgetChange,
  BudgetClaim,
  BudgetLevel,
  Change,
  Claim,
  Holder,
  Level,
  Quota,
  RepeatClaim,
  RepeatLevel,
  Seed,
  SlotChange,
  SlotClaim,
  SlotLevel,
  Take,
  Taken,
} from './quota.ts'
export { type RedisStateOptions, type RedisTrial, redisState, tryRedis } from './redis.ts'
export { type Board, type BoardParts, createBoard } from './shared-board.ts'
export type { State, StateEntry, StateStatus, StatusHandler } from './state.ts'
export { type SupervisorStateOptions, supervisorState } from './supervisor.ts'
export { type StateServer, type StateServerOptions, serveState } from './supervisor-server.ts'
export type {
  NewVector,
  VectorEntry,
  VectorSetLook,
  VectorSetPlace,
  VectorSets,
  VectorSetsSize,
} from './vector-sets.ts'
