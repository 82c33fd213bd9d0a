import { randomBytes } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import { adoptMasterKey, loadMasterKey } from './master-key.ts'
import { createKeyFile, masterKeyPathOf } from './master-key-file.ts'
import { type MasterKey, parseMasterKey, toMasterKey } from './parse-master-key.ts'
import { masterKeysOf, type PurposeKeyStore } from './purpose-key-store.ts'
import type { Secret } from './secret.ts'
import { unwrapKey, wrapKey } from './vault.ts'

export interface MasterKeyRotation {
  readonly dataDir: string
  /** The text of `TGW_MASTER_KEY`. */
  readonly given?: Secret | undefined
  /** The text of the key to come. Needed where one is given from outside; else a random one is made. */
  readonly next?: Secret | undefined
  readonly store: Pick<PurposeKeyStore, 'listAll' | 'rewrap'>
  /** Told what has become durable, for tests that end the process there. */
  readonly onStep?: (step: RotationStep) => void
}

/** In this order; those about files only where the key lies in a file. */
export const rotationSteps = ['begun', 'written', 'rewrapped', 'swapped'] as const

export type RotationStep = (typeof rotationSteps)[number]

/** What a rotation did, in ids of master keys, which reveal nothing of them. */
export interface RotatedMasterKey {
  readonly before: string
  readonly after: string
  /** How many keys it wraps. */
  readonly keys: number
  /** Where the key lies: with `environment` whoever gives it must give the new one from now on. */
  readonly source: 'file' | 'environment'
}

/**
 * Wraps the purpose keys with another master key. They themselves stay, and so does all that they seal: virtual keys,
 * credentials, envelopes, placeholders; processes that run need not be told. At each moment the key that fits the
 * database is durable, so a crash loses nothing: the next start, or the next rotation, finishes what was committed
 * (`loadMasterKey`). Throws `conflict` when there is nothing to wrap or another rotation was faster, and
 * `gateway_request_invalid` where a key must be given and is not.
 */
export const rotateMasterKey = async (rotation: MasterKeyRotation): Promise<RotatedMasterKey> => {
  const { dataDir, given, next, store, onStep = () => {} } = rotation
  const wrappedBy = () => masterKeysOf(store)
  if ((await wrappedBy()).length === 0) {
    throw new GatewayError('conflict', 'the vault is empty: start the gateway once before its key is rotated')
  }
  const before = await loadMasterKey({ dataDir, given, next, wrappedBy })
  onStep('begun')
  const after = nextKey(rotation)
  const rows = await store.listAll()
  const source = given === undefined ? 'file' : 'environment'
  if (after.id === before.id) {
    // Cut off after its commit, where the key comes from outside: nothing is left to do but what the caller says.
    const old = given === undefined ? undefined : parseMasterKey(given.reveal(), 'TGW_MASTER_KEY')
    if (old !== undefined && old.id !== after.id)
      return { before: old.id, after: after.id, keys: rows.length, source }
    throw new GatewayError('gateway_request_invalid', 'the new master key is the one that counts already')
  }
  // Another rotation came between the look at the key and the look at what it wraps.
  if (rows.every((row) => row.masterKey !== before.id)) {
    const now = await loadMasterKey({ dataDir, given, next, wrappedBy })
    if (now.id !== before.id) throw overtaken()
  }
  const rewrapped = rows.map((row) => wrapKey(after, row.purpose, unwrapKey(before, row)))
  if (source === 'file') await createKeyFile(dataDir, masterKeyPathOf(dataDir, after.id), after.key.export())
  onStep('written')
  if (!(await store.rewrap(rows, rewrapped))) {
    throw overtaken()
  }
  onStep('rewrapped')
  if (source === 'file') await adoptMasterKey(dataDir, after)
  onStep('swapped')
  return { before: before.id, after: after.id, keys: rows.length, source }
}

const overtaken = (): GatewayError =>
  new GatewayError('conflict', 'the vault was changed meanwhile, nothing was rotated: try again')

const nextKey = ({ given, next }: MasterKeyRotation): MasterKey => {
  if (next !== undefined) return parseMasterKey(next.reveal(), 'the new master key')
  if (given === undefined) return toMasterKey(randomBytes(32))
  throw new GatewayError(
    'gateway_request_invalid',
    'the master key comes from TGW_MASTER_KEY, so give the new one too: --new-key-file, or TGW_NEXT_MASTER_KEY',
  )
}
