/**
 * The process that `crash.test.ts` kills: `<folder> install` starts on a fresh folder and says how far it got,
 * `<folder> work` changes keys for ever and says what was done after each change was acknowledged.
 */
import { openDatabase } from '../storage/index.ts'
import {
  createFirstStartStore,
  createKeyStore,
  createPurposeKeyStore,
  createTokenDigest,
  createVirtualKeys,
  firstStart,
  loadMasterKey,
  masterKeysOf,
  openVault,
} from './index.ts'

/** One line of what the child says. `secrets` are the texts that must be found, or not be found, from now on. */
export interface CrashLine {
  readonly step: string
  readonly found?: readonly string[]
  readonly gone?: readonly string[]
}

export const openInstallation = async (folder: string) => {
  const database = await openDatabase(`sqlite:${folder}/tollgate.db`)
  const purposeKeys = createPurposeKeyStore(database)
  const master = await loadMasterKey({
    dataDir: folder,
    wrappedBy: () => masterKeysOf(purposeKeys),
  })
  const vault = await openVault(master, purposeKeys)
  return { database, vault, digest: createTokenDigest(vault.purposeKey('key-hmac')) }
}

const say = (line: CrashLine): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

const install = async (folder: string): Promise<void> => {
  say({ step: 'begun' })
  const { database, digest } = await openInstallation(folder)
  say({ step: 'vault' })
  const pair = await firstStart({ store: createFirstStartStore(database), digest })
  say({ step: 'offered' })
  const texts = [pair?.adminToken, pair?.virtualKey].flatMap((secret) => (secret ? [secret.reveal()] : []))
  say({ step: 'shown', found: texts })
  await pair?.markShown()
  say({ step: 'done' })
}

const work = async (folder: string): Promise<void> => {
  const { database, digest } = await openInstallation(folder)
  const keys = createVirtualKeys({ store: createKeyStore(database), digest, apply: () => {} })
  for (;;) {
    const { key, secret } = await keys.create({ name: 'a' })
    say({ step: 'created', found: [secret.reveal()] })
    const { secret: fresh } = await keys.rotate(key.id, 0)
    say({ step: 'rotated', found: [fresh.reveal()], gone: [secret.reveal()] })
    if (Math.random() < 0.5) continue
    await keys.revoke(key.id)
    say({ step: 'revoked', gone: [fresh.reveal()] })
  }
}

if (import.meta.main) {
  const [, , folder = '', mode] = process.argv
  await (mode === 'install' ? install(folder) : work(folder))
}
