import type { WorkMode } from '../../ir/index.ts'

/** What was said about the work mode of one exchange, nearest first; absent or null where nothing was. */
export interface SaidWorkModes {
  readonly key: WorkMode | null | undefined
  readonly rule: WorkMode | undefined
  /** Of the port that the request came in at. */
  readonly listener: WorkMode | undefined
  readonly gateway: WorkMode
}

/** The narrower word counts: the key's, then the rule's, then the listener's, then the gateway's. */
export const workModeOf = ({ key, rule, listener, gateway }: SaidWorkModes): WorkMode =>
  key ?? rule ?? listener ?? gateway
