import { type CredentialInfo, type Credentials, formatVaultReference, type Secret } from './accounts/index.ts'
import type { CredentialDesk, CredentialTest, TakeOptions, TestedCredential } from './admin/index.ts'
import { suggestion } from './config/index.ts'
import { GatewayError } from './errors.ts'
import type { Provider } from './providers/index.ts'
import { testCredential } from './test-credential.ts'
import { originOf } from './upstreams.ts'

export interface CredentialDeskParts {
  readonly credentials: Credentials
  /** The provider of this id, on or not; undefined when there can be none. */
  readonly provider: (id: string) => Provider | undefined
  /** Ids of all that there can be, for suggestions. */
  readonly providerIds: () => readonly string[]
  /** `vault:…` names in the settings. */
  readonly named: () => ReadonlySet<string>
  /** What is stored has changed; resolves when exchanges use it. */
  readonly onChange: () => Promise<void>
}

export const createCredentialDesk = (parts: CredentialDeskParts): CredentialDesk => {
  const { credentials, onChange } = parts
  const find = async (id: string): Promise<CredentialInfo> => {
    const found = (await credentials.list()).find((one) => one.id === id)
    if (found === undefined) throw unknown()
    return found
  }
  const store = async (
    place: Pick<CredentialInfo, 'provider' | 'label' | 'origin'>,
    secret: Secret,
    options: TakeOptions,
  ): Promise<TestedCredential> => {
    assertSendable(secret)
    const test = options.test ? await ask(parts, place, secret) : skipped
    if (test.outcome === 'refused' && !options.force) {
      throw new GatewayError(
        'credential_refused',
        `${test.message}, so nothing was stored: check the key, or store it all the same with force`,
      )
    }
    const stored = await credentials.put(place.provider, place.label, secret, place.origin)
    if (test.outcome === 'refused') await credentials.setState(stored, 'rejected')
    await onChange()
    return { credential: test.outcome === 'refused' ? { ...stored, state: 'rejected' } : stored, test }
  }
  return {
    list: (provider) => credentials.list(provider),
    async add({ provider, label, secret, origin, replace, ...options }) {
      const place = { provider, label, origin: origin ?? addressOf(parts, provider) }
      const before = (await credentials.list(provider)).find((one) => one.label === label)
      if (before !== undefined && !replace) {
        throw new GatewayError(
          'conflict',
          `there is a credential ${provider}/${label} already (${before.id}): rotate it, or give another label`,
          { param: 'label' },
        )
      }
      return store(place, secret, options)
    },
    async test(id) {
      const opened = await credentials.reveal(id)
      if (opened === undefined) throw unknown()
      const { info, secret } = opened
      const test = await ask(parts, info, secret)
      const state = stateAfter[test.outcome]
      if (state === undefined || state === info.state) return { credential: info, test }
      await credentials.setState(info, state)
      return { credential: { ...info, state }, test }
    },
    rotate: async (id, secret, options) => store(await find(id), secret, options),
    async remove(id, force) {
      const credential = await find(id)
      const reference = formatVaultReference(credential)
      if (!force && parts.named().has(reference)) {
        throw new GatewayError(
          'conflict',
          `the settings name ${reference}, and the next start would fail without it: take it out of them first, or remove it with force`,
        )
      }
      if (!(await credentials.remove(id))) throw unknown()
      await onChange()
      return credential
    },
  }
}

const unknown = (): GatewayError => new GatewayError('not_found', 'there is no such credential')

const skipped: CredentialTest = { outcome: 'skipped', status: null, message: 'it was not tested' }

const stateAfter: Readonly<Partial<Record<CredentialTest['outcome'], CredentialInfo['state']>>> = {
  accepted: 'ok',
  refused: 'rejected',
}

const ask = async (
  parts: CredentialDeskParts,
  { provider: id, origin }: Pick<CredentialInfo, 'provider' | 'origin'>,
  secret: Secret,
): Promise<CredentialTest> => {
  const provider = parts.provider(id)
  if (provider === undefined) {
    return {
      outcome: 'unknown',
      status: null,
      message: `there is no provider ${id} yet, so nobody could be asked`,
    }
  }
  return testCredential(provider, secret, origin)
}

const addressOf = (parts: CredentialDeskParts, id: string): string => {
  const provider = parts.provider(id)
  const origin = provider === undefined || provider.send !== undefined ? undefined : originOf(provider)
  if (origin !== undefined && origin !== 'null') return origin
  throw new GatewayError(
    'gateway_request_invalid',
    provider === undefined
      ? `there is no provider ${id.slice(0, 50)}${suggestion(id, parts.providerIds())}: configure it under providers, or give the origin that the key is for`
      : `the provider ${id} takes no key`,
    { param: 'provider' },
  )
}

/** What cannot be a header's value would fail at each call, with the secret in the message. */
const assertSendable = (secret: Secret): void => {
  if (/^[\x21-\x7e]{1,10000}$/.test(secret.reveal())) return
  throw new GatewayError(
    'gateway_request_invalid',
    'the secret is empty, or holds spaces or characters that no HTTP header can carry',
    { param: 'secret' },
  )
}
