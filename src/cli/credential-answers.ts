import { z } from 'zod'

/** What the admin API answers about credentials and the vault, as far as the command line reads it. */

export const credentialSchema = z.looseObject({
  id: z.string(),
  provider: z.string(),
  label: z.string(),
  shown: z.string(),
  origin: z.string(),
  state: z.string(),
  updatedAt: z.number(),
})

export type ListedCredential = z.output<typeof credentialSchema>

export const credentialListSchema = z.looseObject({ credentials: z.array(credentialSchema) })

export const testedCredentialSchema = credentialSchema.extend({
  test: z.looseObject({ outcome: z.string(), status: z.number().nullable(), message: z.string() }),
})

export type TestedAnswer = z.output<typeof testedCredentialSchema>

export const rotatedVaultSchema = z.looseObject({
  before: z.string(),
  after: z.string(),
  keys: z.number(),
  source: z.enum(['file', 'environment']),
})

export type RotatedVault = Pick<z.output<typeof rotatedVaultSchema>, 'before' | 'after' | 'keys' | 'source'>
