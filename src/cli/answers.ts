import { z } from 'zod'
import { GatewayError } from '../errors.ts'

/** What the admin API answers, as far as the command line reads it: a newer server may say more. */

const names = z.array(z.string()).nullable()

export const keySchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  scopes: z.looseObject({ models: names, endpoints: names, providers: names }),
  disabled: z.boolean(),
  expiresAt: z.number().nullable(),
  revokedAt: z.number().nullable(),
  lastUsedAt: z.number().nullable(),
  createdAt: z.number(),
})

export type ListedKey = z.output<typeof keySchema>

export const keysSchema = z.looseObject({ keys: z.array(keySchema) })

export const issuedKeySchema = keySchema.extend({ secret: z.string() })

const sums = {
  requests: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  cacheReadTokens: z.number(),
  cacheWriteTokens: z.number(),
  reasoningTokens: z.number(),
  unpriced: z.number(),
  costUsd: z.string(),
}

export const usageSchema = z.looseObject({
  total: z.looseObject(sums),
  rows: z.array(z.looseObject({ group: z.string().nullable(), ...sums })),
})

export const modelsSchema = z.looseObject({
  models: z.array(
    z.looseObject({
      id: z.string(),
      provider: z.string(),
      operations: z.array(z.string()),
      contextWindow: z.number().nullable(),
      maxOutputTokens: z.number().nullable(),
      price: z.looseObject({ input: z.string().nullable(), output: z.string().nullable() }).nullable(),
    }),
  ),
})

export const healthSchema = z.looseObject({
  status: z.string(),
  version: z.string(),
  startedAt: z.number(),
  listeners: z.array(z.string()),
  openExchanges: z.number(),
  ledger: z.looseObject({ state: z.string(), pending: z.number() }),
  database: z.string(),
  configFiles: z.array(z.string()),
})

export const credentialsSchema = z.looseObject({
  credentials: z.array(
    z.looseObject({ provider: z.string(), label: z.string(), origin: z.string(), state: z.string() }),
  ),
})

/** Throws when the server is of a release that answers otherwise. */
export const readAnswer = <T>(schema: z.ZodType<T>, value: unknown): T => {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new GatewayError(
    'gateway_upstream_invalid',
    'the server answers otherwise than this release expects: use the `tgw` of the release that runs',
  )
}
