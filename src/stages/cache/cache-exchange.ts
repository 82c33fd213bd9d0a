import type { Exchange } from '../../pipeline/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import type { Screened } from '../firewall/index.ts'
import type { HandlesChecked } from '../handles/index.ts'
import type { Recorded } from '../ledger/index.ts'
import type { Matched } from '../match/index.ts'
import type { Received } from '../receive/index.ts'
import type { InSession } from '../sessions/index.ts'

/** What the cache of answers needs to know of an exchange. */
export type CacheExchange = Exchange &
  Authenticated &
  Recorded &
  Received &
  InSession &
  Matched &
  Screened &
  HandlesChecked
