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
export { configExitCode, type ReadyInfo } from './message.ts'
export { isCompiled, selfCommand } from './self-command.ts'
export { type SuperviseOptions, type SupervisorLog, supervise } from './supervise.ts'
export { attachToSupervisor, isWorker, type WorkerHandlers, type WorkerLink } from './worker-link.ts'
