import type { State } from './state/index.ts'
import type { Team } from './team.ts'

export interface AccountChangesParts {
  readonly team: Pick<Team, 'ask' | 'answer'>
  /** Shared with other machines, where there are any. */
  readonly beyond: Pick<State, 'publish' | 'subscribe'> | undefined
  /** Reads what others have changed. */
  readonly reload: () => Promise<void>
}

/** Tells the other processes of the gateway that keys, tokens and the like have changed. */
export interface AccountChanges {
  /** Resolves when the workers of this machine count with it; other machines follow at once. Never rejects. */
  announce(): Promise<void>
  close(): void
}

const topic = 'account-changes'

export const createAccountChanges = ({ team, beyond, reload }: AccountChangesParts): AccountChanges => {
  team.answer(topic, async () => {
    await reload()
    return ''
  })
  const end = beyond?.subscribe(topic, () => void reload().catch(() => undefined))
  return {
    async announce() {
      // Whoever misses the message finds the change in the database a moment later.
      await Promise.all([team.ask(topic), beyond?.publish(topic, '').catch(() => undefined)])
    },
    close: () => end?.(),
  }
}
