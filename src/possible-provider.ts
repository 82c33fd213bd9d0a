import { formatVaultReference, parseVaultReference } from './accounts/index.ts'
import { createCatalog } from './catalog/index.ts'
import { protocols } from './protocols/index.ts'
import { builtInProviderIds, type Provider, providerKeys, usableProviders } from './providers/index.ts'
import type { Settings } from './settings.ts'
import { buildProvider } from './upstreams.ts'

/** A provider as it is, or would be with a credential; undefined where the settings and the built-in ones know none. */
export const possibleProvider = (
  settings: Settings,
  id: string,
  { env, now }: { readonly env: Readonly<Record<string, string | undefined>>; readonly now: () => number },
): Provider | undefined => {
  const usable = usableProviders(settings.providers, env, new Set([id]))
  const own = Object.hasOwn(usable, id) ? usable[id] : undefined
  if (own === undefined) return undefined
  return buildProvider(id, own, {
    catalog: createCatalog({ overrides: [] }),
    protocols: Object.values(protocols),
    now,
  })
}

export const possibleProviderIds = ({ providers }: Settings): readonly string[] => [
  ...new Set([...Object.keys(providers), ...builtInProviderIds]),
]

/** The keys of the vault that the settings name, as `vault:<provider>/<label>`. */
export const namedCredentials = ({ providers }: Settings): ReadonlySet<string> =>
  new Set(
    Object.values(providers)
      .filter(({ enabled }) => enabled)
      .flatMap(providerKeys)
      .flatMap((key) => {
        const reference = parseVaultReference(key)
        return reference === undefined ? [] : [formatVaultReference(reference)]
      }),
  )
