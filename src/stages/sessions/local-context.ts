import type { Exchange } from '../../pipeline/index.ts'
import type { SessionCodec } from '../../protocols/index.ts'
import type { Owner, Sessions } from '../../sessions/index.ts'
import type { Received } from '../receive/index.ts'
import type { BackgroundJobs } from './background-jobs.ts'

/** What an operation on kept things needs. */
export interface LocalContext {
  readonly exchange: Exchange & Received
  readonly codec: SessionCodec
  readonly owner: Owner
  readonly sessions: Sessions
  readonly jobs: BackgroundJobs
  readonly isIssued: (id: string) => Promise<boolean>
}
