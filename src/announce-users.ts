import type { User, Users } from './accounts/index.ts'
import { keyRevoked } from './announce-keys.ts'
import type { HookEvent } from './hooks/index.ts'

/** The same users; hooks are told when one is made, and which keys went with a deleted one. */
export const announceUsers = (users: Users, emit: (event: HookEvent) => void): Users => ({
  ...users,
  async create(by, input) {
    const user = await users.create(by, input)
    emit(userProvisioned(user, 'api'))
    return user
  },
  async import(by, input) {
    const report = await users.import(by, input)
    for (const user of report.users) emit(userProvisioned(user, 'csv'))
    return report
  },
  async remove(by, id) {
    const changed = await users.remove(by, id)
    for (const { key } of changed.revoked) emit(keyRevoked(key))
    return changed
  },
})

/** @param source what made the user */
export const userProvisioned = (
  { id, organisation, team }: User,
  source: 'api' | 'csv' | 'first-start',
): HookEvent => ({ type: 'user_provisioned', data: { user: id, organisation, team, source } })
