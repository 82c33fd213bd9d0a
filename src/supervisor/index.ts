export type { BackoffOptions } from './backoff.ts'
export {
  type DaemonOptions,
  daemonVariable,
  handOver,
  serverStatus,
  startDaemon,
  stopServer,
} from './daemon.ts'
export { acquireLock, type HeldLock, type LockHolder, lockHolder } from './lock-file.ts'
export { configExitCode, type Member, type ReadyInfo } from './message.ts'
export type { SupervisorLog } from './seat.ts'
export { isCompiled, selfCommand } from './self-command.ts'
export { type SuperviseOptions, supervise } from './supervise.ts'
export { attachToSupervisor, isWorker, type WorkerHandlers, type WorkerLink } from './worker-link.ts'
