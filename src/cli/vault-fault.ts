import { formatVaultReference, parseVaultReference } from '../accounts/index.ts'
import type { SealedKey } from '../cli-actions.ts'
import { type ProviderSettings, providerKeys } from '../providers/index.ts'
import { providerOrigin } from './provider-address.ts'

/** Why a provider cannot have the keys of the vault that its settings name; undefined when it can. */
export const vaultFault = (settings: ProviderSettings, sealed: readonly SealedKey[]): string | undefined => {
  const origin = providerOrigin(settings)
  for (const key of providerKeys(settings)) {
    const reference = parseVaultReference(key)
    if (reference === undefined) continue
    const named = formatVaultReference(reference)
    const found = sealed.find(
      ({ provider, label }) => provider === reference.provider && label === reference.label,
    )
    if (found === undefined) return `the vault holds no ${named}`
    if (found.origin !== origin) return `${named} was sealed for ${found.origin} and may not go to ${origin}`
  }
  return undefined
}
