/**
 * The process that `rotation-crash.test.ts` lets die: `<folder> seal` makes an installation and says what it sealed,
 * `<folder> <step>` rotates the master key and kills itself when that step is durable, and `<folder> work` rotates for
 * ever. Where a key is given from outside it is `TGW_MASTER_KEY`, and the one to come `TGW_NEXT_MASTER_KEY`.
 */
import { openDatabase } from '../storage/index.ts'
import { createCredentialStore } from './credential-store.ts'
import { createCredentials } from './credentials.ts'
import { createKeyStore } from './key-store.ts'
import { loadMasterKey } from './master-key.ts'
import { createPurposeKeyStore, masterKeysOf } from './purpose-key-store.ts'
import { rotateMasterKey } from './rotate-master-key.ts'
import { Secret } from './secret.ts'
import { createTokenDigest } from './token-digest.ts'
import { openVault } from './vault.ts'
import { createVirtualKeys } from './virtual-keys.ts'

const secretOf = (text: string | undefined): Secret | undefined =>
  text === undefined ? undefined : new Secret(text)

/** What a start opens. */
export const openSealed = async (folder: string, env: Readonly<Record<string, string | undefined>>) => {
  const database = await openDatabase(`sqlite:${folder}/tollgate.db`)
  const store = createPurposeKeyStore(database)
  const given = secretOf(env['TGW_MASTER_KEY'])
  const next = secretOf(env['TGW_NEXT_MASTER_KEY'])
  const source = { dataDir: folder, given, next }
  const master = await loadMasterKey({ ...source, wrappedBy: () => masterKeysOf(store) })
  const vault = await openVault(master, store)
  const digest = createTokenDigest(vault.purposeKey('key-hmac'))
  return {
    ...{ database, store, source, master, vault, digest },
    credentials: createCredentials(createCredentialStore(database), vault),
  }
}

const say = (line: unknown): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

const seal = async (folder: string): Promise<void> => {
  const { database, digest, credentials } = await openSealed(folder, process.env)
  const keys = createVirtualKeys({ store: createKeyStore(database), digest, apply: () => {} })
  const { secret } = await keys.create({ name: 'a' })
  const { id } = await credentials.put('openai', 'default', new Secret('sk-crash-0123'), 'https://a.test')
  say({ key: secret.reveal(), credential: id })
}

const rotate = async (folder: string, wanted: string): Promise<void> => {
  const { store, source } = await openSealed(folder, process.env)
  await rotateMasterKey({
    ...source,
    store,
    onStep: (step) => {
      say({ step })
      if (step === wanted) process.kill(process.pid, 'SIGKILL')
    },
  })
}

const work = async (folder: string): Promise<void> => {
  const { store, source } = await openSealed(folder, process.env)
  for (;;) {
    const { after } = await rotateMasterKey({ ...source, store })
    say({ after })
  }
}

if (import.meta.main) {
  const [, , folder = '', mode = ''] = process.argv
  await (mode === 'seal' ? seal(folder) : mode === 'work' ? work(folder) : rotate(folder, mode))
}
