import type { CredentialInfo, Credentials } from './accounts/index.ts'
import { createTurns } from './in-turn.ts'

/** Notices that the vault's credentials were changed, by this process or another one. */
export interface CredentialWatch {
  /** Looks, and has what changed used when this resolves. Throws what `apply` throws; the next look tries again. */
  check(): Promise<void>
}

/**
 * @param used what the vault held when it was last read for use
 * @param apply reads it again, and uses it
 */
export const createCredentialWatch = (
  credentials: Pick<Credentials, 'list'>,
  used: () => readonly CredentialInfo[],
  apply: () => Promise<void>,
): CredentialWatch => {
  const inTurn = createTurns()
  return {
    check: () =>
      inTurn(async () => {
        if (fingerprint(await credentials.list()) !== fingerprint(used())) await apply()
      }),
  }
}

/** What decides which secret goes where; whether a provider took it is not part of that. */
const fingerprint = (list: readonly CredentialInfo[]): string =>
  JSON.stringify(list.map(({ id, version, provider, origin }) => [id, version, provider, origin]))
