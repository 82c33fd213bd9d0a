import { Secret } from '../accounts/index.ts'
import type { CredentialDesk, TakeOptions, TestedCredential } from '../admin/index.ts'
import type { Settings } from '../settings.ts'
import { type AdminClient, connect, localClient, type ServerOptions } from './admin-client.ts'
import { readAnswer } from './answers.ts'
import type { CliContext } from './cli-context.ts'
import {
  credentialListSchema,
  credentialSchema,
  type ListedCredential,
  type TestedAnswer,
  testedCredentialSchema,
} from './credential-answers.ts'
import { findDataFolder } from './data-folder.ts'

export interface GivenCredential extends TakeOptions {
  readonly provider: string
  readonly label: string
  readonly secret: string
  readonly origin: string | undefined
}

/** Providers' credentials, held by a server that runs or by the folder of one that does not. */
export interface CredentialCalls {
  list(provider?: string): Promise<readonly ListedCredential[]>
  add(credential: GivenCredential): Promise<TestedAnswer>
  test(id: string): Promise<TestedAnswer>
  rotate(id: string, secret: string, options: TakeOptions): Promise<TestedAnswer>
  remove(id: string, force: boolean): Promise<ListedCredential>
}

/** The server that is named, else the one that runs in the data folder, else the folder itself. */
export const credentialCalls = (context: CliContext, options: ServerOptions): CredentialCalls => {
  if (options.url !== undefined) return atServer(connect(context, options))
  const { dataDir, settings } = findDataFolder(context, options)
  const client = localClient(dataDir, settings?.listen.tls !== undefined)
  if (client !== undefined) return atServer(client)
  return settings === undefined ? atServer(connect(context, options)) : inFolder(context, settings)
}

const atServer = (client: AdminClient): CredentialCalls => {
  const path = (id: string): string => `/credentials/${encodeURIComponent(id)}`
  return {
    async list(provider) {
      const query = provider === undefined ? '' : `?${new URLSearchParams({ provider })}`
      return readAnswer(credentialListSchema, await client.call('GET', `/credentials${query}`)).credentials
    },
    add: async (credential) =>
      readAnswer(testedCredentialSchema, await client.call('POST', '/credentials', credential)),
    test: async (id) => readAnswer(testedCredentialSchema, await client.call('POST', `${path(id)}/test`, {})),
    rotate: async (id, secret, options) =>
      readAnswer(
        testedCredentialSchema,
        await client.call('POST', `${path(id)}/rotate`, { secret, ...options }),
      ),
    remove: async (id, force) =>
      readAnswer(credentialSchema, await client.call('DELETE', `${path(id)}${force ? '?force=true' : ''}`)),
  }
}

const inFolder = ({ actions }: CliContext, settings: Settings): CredentialCalls => {
  const at = <T>(work: (desk: CredentialDesk) => Promise<T>) => actions.atCredentialDesk(settings, work)
  return {
    list: (provider) => at((desk) => desk.list(provider)),
    add: ({ secret, ...credential }) =>
      at(async (desk) => flat(await desk.add({ ...credential, secret: new Secret(secret), replace: false }))),
    test: (id) => at(async (desk) => flat(await desk.test(id))),
    rotate: (id, secret, options) =>
      at(async (desk) => flat(await desk.rotate(id, new Secret(secret), options))),
    remove: (id, force) => at((desk) => desk.remove(id, force)),
  }
}

const flat = ({ credential, test }: TestedCredential): TestedAnswer => ({ ...credential, test: { ...test } })
