import { parseVaultReference } from '../accounts/index.ts'
import { GatewayError } from '../errors.ts'
import { providerKeys } from '../providers/index.ts'
import type { Settings } from '../settings.ts'
import type { AdminClient } from './admin-client.ts'
import type { CliContext } from './cli-context.ts'
import { providerOrigin } from './provider-address.ts'
import type { KeyToSeal } from './seal-keys.ts'
import { vaultFault } from './vault-fault.ts'

/** Seals a key for the address that the settings give its provider: through the server, else in its place. */
export const sealKey = async (
  { actions }: CliContext,
  settings: Settings,
  client: AdminClient | undefined,
  { provider, label, secret }: KeyToSeal,
): Promise<void> => {
  const origin = originIn(settings, provider)
  if (origin === undefined) {
    throw new GatewayError(
      'config_invalid',
      `providers.${provider} has no address to bind its key to: set its base_url first`,
    )
  }
  const credential = { provider, label, secret, origin }
  if (client === undefined) await actions.sealOffline(settings, credential)
  // The provider may not be configured yet, so it is not asked; what was there is replaced, as in the file.
  else await client.call('POST', '/credentials', { ...credential, replace: true, test: false })
}

/** What a server would refuse at its start: a key of the vault that is missing, or bound to another address. */
export const checkVault = async (
  { actions }: CliContext,
  before: Settings | undefined,
  settings: Settings,
  keys: readonly KeyToSeal[],
): Promise<void> => {
  const named = Object.entries(settings.providers).filter(([, provider]) =>
    providerKeys(provider).some((key) => parseVaultReference(key) !== undefined),
  )
  if (named.length === 0) return
  const held = await actions.listSealed(settings)
  const coming = keys.flatMap(({ provider, label }) => {
    const origin = originIn(settings, provider)
    return origin === undefined ? [] : [{ provider, label, origin, state: 'ok' }]
  })
  for (const [name, provider] of named) {
    const fault = vaultFault(provider, [...coming, ...held])
    const old = before?.providers[name]
    // What was wrong before keeps nobody from changing something else.
    if (fault === undefined || (old !== undefined && vaultFault(old, held) === fault)) continue
    throw new GatewayError(
      'config_invalid',
      `providers.${name}: ${fault}, so nothing was written: give address and key together, as \`tgw config set providers.${name} '{ base_url: …, api_key: … }'\``,
    )
  }
}

const originIn = (settings: Settings, provider: string): string | undefined => {
  const configured = settings.providers[provider]
  return configured === undefined ? undefined : providerOrigin(configured)
}
