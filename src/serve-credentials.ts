import type { Credentials } from './accounts/index.ts'
import type { CredentialDesk } from './admin/index.ts'
import { createCredentialDesk } from './credential-desk.ts'
import { createCredentialWatch } from './credential-watch.ts'
import { namedCredentials, possibleProvider, possibleProviderIds } from './possible-provider.ts'
import type { Runtime } from './runtime.ts'

export interface ServeCredentialsParts {
  readonly credentials: Credentials
  readonly runtime: () => Runtime
  /** Reads the vault again, and uses what it holds. */
  readonly rebuild: () => Promise<void>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => number
}

/** The credentials of a running worker: changed through the desk, and looked at for what other processes change. */
export const serveCredentials = ({
  credentials,
  runtime,
  rebuild,
  env,
  now,
}: ServeCredentialsParts): { readonly desk: CredentialDesk; readonly check: () => Promise<void> } => {
  const watch = createCredentialWatch(credentials, () => runtime().upstreams.sealed, rebuild)
  const desk = createCredentialDesk({
    credentials,
    provider: (id) =>
      runtime().upstreams.providers.get(id) ?? possibleProvider(runtime().settings, id, { env, now }),
    providerIds: () => possibleProviderIds(runtime().settings),
    named: () => namedCredentials(runtime().settings),
    onChange: watch.check,
  })
  return { desk, check: watch.check }
}
