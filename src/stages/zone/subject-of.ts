import type { Subject } from '../../budgets/index.ts'
import type { Exchange } from '../../pipeline/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import type { Recorded } from '../ledger/index.ts'

/** Whose budgets an exchange is charged to. */
export const subjectOf = ({ identity, entry, startedAt }: Exchange & Authenticated & Recorded): Subject => {
  const { organisation, team, user, key } = identity.tenant
  return {
    ...{ organisation, team, user, key },
    keyName: identity.name,
    session: entry.session,
    tags: entry.tags,
    at: startedAt,
  }
}
