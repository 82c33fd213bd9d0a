import { z } from 'zod'
import { expireInField, expiresAtField, idField, nameField } from './fields.ts'
import { defaultOptions, type KeyOptions, keyOptionsSchema, optionsChangeSchema } from './key-options.ts'
import { type KeyScopes, keyScopesSchema, scopesChangeSchema, unlimitedScopes } from './scopes.ts'
import { defaultOrganisation } from './tenant.ts'

/** Anything an operator wants to keep with a key. */
export type KeyMetadata = Readonly<Record<string, z.core.util.JSONType>>

/**
 * How a key or token came to be: by an administrator, from the environment (and perhaps replaced by another value
 * there), or by the first start.
 */
export const madeBy = ['created', 'preset', 'replaced-preset', 'first-start'] as const

export type MadeBy = (typeof madeBy)[number]

/** A virtual key without its secret. Times are in milliseconds since 1970. */
export interface VirtualKey {
  readonly id: string
  readonly organisation: string
  readonly team: string | null
  readonly user: string | null
  readonly name: string
  /** What may be shown of the secret, e.g. `tgw-sk-abcd…`. */
  readonly prefix: string
  readonly scopes: KeyScopes
  readonly options: KeyOptions
  readonly metadata: KeyMetadata
  readonly madeBy: MadeBy
  readonly disabled: boolean
  /** Its user is suspended: it does not work until the user is active again. */
  readonly suspended: boolean
  readonly expiresAt: number | null
  readonly revokedAt: number | null
  readonly lastUsedAt: number | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** One secret of a key: its HMAC, and when a rotation ends it. */
export interface KeySecret {
  readonly digest: string
  readonly expiresAt: number | null
}

/** A key as a look-up needs it. A higher version is a later state; versions are shared by all keys. */
export interface KeyState {
  readonly key: VirtualKey
  readonly secrets: readonly KeySecret[]
  readonly version: number
}

/** A key to be stored, with the HMAC of its first secret. */
export interface StoredKey
  extends Omit<VirtualKey, 'disabled' | 'suspended' | 'revokedAt' | 'lastUsedAt' | 'updatedAt'> {
  readonly digest: string
}

const metadata = z
  .record(z.string().max(100), z.json())
  .refine((value) => JSON.stringify(value).length <= 16_384, 'must be at most 16384 bytes of JSON')

/** What an administrator gives for a new key; only `name` is required. */
export const newKeySchema = z.strictObject({
  name: nameField,
  organisation: idField.default(defaultOrganisation),
  /** Taken from the user when there is one and no team is given. */
  team: idField.nullable().default(null),
  user: idField.nullable().default(null),
  scopes: keyScopesSchema.default(unlimitedScopes),
  options: keyOptionsSchema.default(defaultOptions),
  metadata: metadata.default({}),
  expiresAt: expiresAtField.default(null),
  /** In place of `expiresAt`. */
  expireInSeconds: expireInField.exactOptional(),
})

/** What may change later. Absent fields stay as they are, also those within `scopes` and `options`. */
export const keyChangeSchema = z.strictObject({
  name: nameField.exactOptional(),
  scopes: scopesChangeSchema.exactOptional(),
  options: optionsChangeSchema.exactOptional(),
  metadata: metadata.exactOptional(),
  expiresAt: expiresAtField.exactOptional(),
  /** In place of `expiresAt`. */
  expireInSeconds: expireInField.exactOptional(),
  disabled: z.boolean().exactOptional(),
})

/** Which keys to list; see `KeyFilter`. */
export const keyFilterSchema = z.strictObject({
  organisation: idField.exactOptional(),
  team: idField.exactOptional(),
  user: idField.exactOptional(),
  live: z.boolean().exactOptional(),
  after: idField.exactOptional(),
  limit: z.int().min(1).max(1000).exactOptional(),
})

export type NewKey = z.input<typeof newKeySchema>
/** What an administrator gives to change a key. */
export type KeyChange = z.input<typeof keyChangeSchema>

/** The same, read, as a store takes it. */
export type StoredChange = Omit<z.output<typeof keyChangeSchema>, 'expireInSeconds'>

/** Reads the JSON columns of a stored key. */
export const parseKeyColumns = (columns: { scopes: string; options: string; metadata: string }) => ({
  scopes: keyScopesSchema.parse(JSON.parse(columns.scopes)),
  options: keyOptionsSchema.parse(JSON.parse(columns.options)),
  metadata: metadata.parse(JSON.parse(columns.metadata)),
})
