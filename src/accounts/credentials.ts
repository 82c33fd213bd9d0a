import { GatewayError } from '../errors.ts'
import type { CredentialState, CredentialStore, SealedCredential } from './credential-store.ts'
import { mask, type Secret } from './secret.ts'
import { defaultOrganisation } from './tenant.ts'
import { newId } from './token.ts'
import type { SealPlace, Vault } from './vault.ts'
import { isCredentialName } from './vault-reference.ts'

/** A credential as it may be displayed. Times are in milliseconds since 1970. */
export type CredentialInfo = Omit<SealedCredential, 'sealed'>

/** A credential in clear, for this process only. It may be sent to `info.origin` and nowhere else. */
export interface OpenCredential {
  readonly info: CredentialInfo
  readonly secret: Secret
}

/** Providers' keys, sealed in the vault. Without an organisation the default one is meant. */
export interface Credentials {
  /**
   * Seals a secret under provider and label; an existing one is replaced and counts as `ok` again. Throws
   * `gateway_request_invalid` for a name or origin that cannot be.
   */
  put(
    provider: string,
    label: string,
    secret: Secret,
    origin: string,
    organisation?: string,
  ): Promise<CredentialInfo>
  list(provider?: string, organisation?: string): Promise<readonly CredentialInfo[]>
  /** Throws `vault_value_invalid` when the row was tampered with. */
  reveal(id: string): Promise<OpenCredential | undefined>
  /** The same by name, as `vault:<provider>/<label>` in the configuration asks for it. */
  revealByName(provider: string, label: string, organisation?: string): Promise<OpenCredential | undefined>
  /** What the provider said about this version of the credential. */
  setState(info: CredentialInfo, state: CredentialState): Promise<void>
  /** Tells whether it existed. */
  remove(id: string): Promise<boolean>
}

export const createCredentials = (
  store: CredentialStore,
  vault: Vault,
  now: () => number = Date.now,
): Credentials => {
  const findByName = async (organisation: string, provider: string, label: string) =>
    (await store.list(organisation, provider)).find((credential) => credential.label === label)
  const open = (credential: SealedCredential | undefined): OpenCredential | undefined =>
    credential && { info: toInfo(credential), secret: vault.open(credential.sealed, placeOf(credential)) }
  return {
    put: async (provider, label, secret, origin, organisation = defaultOrganisation) => {
      checkName('provider', provider)
      checkName('label', label)
      if (secret.reveal() === '') throw invalid('secret', 'the secret is empty')
      const named = {
        organisation,
        provider,
        label,
        shown: mask(secret.reveal()),
        origin: parseOrigin(origin),
      }
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const at = now()
        const before = await findByName(organisation, provider, label)
        const unsealed = {
          ...named,
          id: before?.id ?? newId('cred', at),
          state: 'ok' as const,
          version: (before?.version ?? 0) + 1,
          createdAt: before?.createdAt ?? at,
          updatedAt: at,
        }
        const credential = { ...unsealed, sealed: vault.seal(secret, placeOf(unsealed)) }
        if (await store.put(credential)) return unsealed
      }
      throw new GatewayError(
        'conflict',
        `credential ${provider}/${label} is being changed by others: try again`,
      )
    },
    list: async (provider, organisation = defaultOrganisation) =>
      (await store.list(organisation, provider)).map(toInfo),
    reveal: async (id) => open(await store.get(id)),
    revealByName: async (provider, label, organisation = defaultOrganisation) =>
      open(await findByName(organisation, provider, label)),
    setState: ({ id, version }, state) => store.setState(id, version, state, now()),
    remove: (id) => store.remove(id),
  }
}

/** Bound to provider and origin as well: whoever can write to the database cannot send a key elsewhere. */
const placeOf = (credential: CredentialInfo): SealPlace => ({
  organisation: credential.organisation,
  row: credential.id,
  version: credential.version,
  bound: [credential.provider, credential.origin],
})

const toInfo = ({ sealed: _, ...info }: SealedCredential): CredentialInfo => info

const checkName = (field: 'provider' | 'label', text: string): void => {
  if (isCredentialName(text)) return
  throw invalid(field, `the ${field} must be letters, digits, dots, dashes and underscores, at most 100`)
}

const parseOrigin = (text: string): string => {
  const url = URL.parse(text)
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url.origin
  throw invalid('origin', 'the origin must be an http or https address')
}

const invalid = (param: string, message: string): GatewayError =>
  new GatewayError('gateway_request_invalid', `credential: ${message}`, { param })
