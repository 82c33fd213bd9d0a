export type { Exchange, Incoming, Internal } from './exchange.ts'
export { failedOutcome } from './failed-outcome.ts'
export { pause } from './pause.ts'
export { type Pipeline, pipeline } from './pipeline.ts'
export {
  type BodyStream,
  BrokenStream,
  isWhole,
  type Outcome,
  type Reply,
  type SettleHook,
  type StreamReply,
  type WholeReply,
  whenSettled,
} from './reply.ts'
export type { Handler, Stage } from './stage.ts'
export { createWatchdog, type Watch, type Watchdog } from './watchdog.ts'
export { within } from './within.ts'
