import type { VirtualKey, VirtualKeys } from './accounts/index.ts'
import type { HookEvent } from './hooks/index.ts'

/** The same keys; hooks are told when one is made or revoked, whoever asked for it. */
export const announceKeys = (keys: VirtualKeys, emit: (event: HookEvent) => void): VirtualKeys => ({
  ...keys,
  async create(input) {
    const issued = await keys.create(input)
    emit({ type: 'key_created', data: named(issued.key) })
    return issued
  },
  async revoke(id) {
    const key = await keys.revoke(id)
    emit(keyRevoked(key))
    return key
  },
})

export const keyRevoked = (key: VirtualKey): HookEvent => ({ type: 'key_revoked', data: named(key) })

const named = ({ id, name, organisation, team, user }: VirtualKey) => ({
  key: id,
  name,
  organisation,
  team,
  user,
})
