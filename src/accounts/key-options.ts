import { z } from 'zod'
import { networkFault } from './address-list.ts'
import { type KeyLimits, keyLimitsSchema } from './key-limits.ts'
import { isTag, mostTags, tagRule } from './tags.ts'

/** How the gateway treats the exchanges of a key. */
export interface KeyOptions {
  /** What happens to a cost that has no upper bound under a hard budget. */
  readonly unbounded: 'refuse' | 'admit'
  /** Refuse losses in translation; `null` leaves it to the request. */
  readonly strict: boolean | null
  /**
   * Serve only what passes through, only what is translated, or both; `null` leaves it to the rule, the port and the
   * gateway.
   */
  readonly workMode: 'auto' | 'passthrough' | 'translation' | null
  /** Tags that each of its exchanges carries, whatever the request names. */
  readonly tags: readonly string[]
  /** Addresses and networks that it may be used from; `null` is anywhere, an empty list nowhere. */
  readonly allowedAddresses: readonly string[] | null
  readonly routing: KeyRouting
  /** Rate limits of its own, beside those of the configuration; `null` for none. */
  readonly limits: KeyLimits | null
  /** What the firewall does with what it finds in its exchanges, whatever team and route say; `inherit`: as they say. */
  readonly firewall: 'inherit' | 'off' | 'monitor' | 'redact' | 'enforce'
  /** Are comments taken out of code that it pastes, whatever the route says? `inherit`: as that says. */
  readonly compress: 'inherit' | 'off' | 'request' | 'on'
  /** What is other than route and gateway say of the cache. */
  readonly cache: KeyCache
}

/** Fields that are absent are as route and gateway say. A change replaces all of it. */
export interface KeyCache {
  readonly exact?: 'on' | 'off'
  readonly semantic?: 'on' | 'off'
  readonly scope?: 'organisation' | 'team' | 'user' | 'key'
  readonly ttlSeconds?: number
  readonly toolCalls?: boolean
}

/** Which of the targets that a rule leads to, and that the key may use, come first. */
export interface KeyRouting {
  /** In place of the rule's; `null` leaves it to the rule. */
  readonly strategy:
    | 'fallback'
    | 'weighted'
    | 'round-robin'
    | 'least-loaded'
    | 'lowest-latency'
    | 'cheapest'
    | null
  /** Ids of providers that are tried before the others, in this order. */
  readonly prefer: readonly string[]
}

/** What a key has that nothing was said about. */
export const defaultOptions: KeyOptions = {
  unbounded: 'refuse',
  strict: null,
  workMode: null,
  tags: [],
  allowedAddresses: null,
  routing: { strategy: null, prefer: [] },
  limits: null,
  firewall: 'inherit',
  cache: {},
  compress: 'inherit',
}

const unbounded = z.enum(['refuse', 'admit'])
const strict = z.boolean().nullable()
const workMode = z.enum(['auto', 'passthrough', 'translation']).nullable()
const tags = z.array(z.string().refine(isTag, tagRule)).max(mostTags).readonly()

const allowedAddresses = z
  .array(
    z
      .string()
      .max(100)
      .superRefine((text, context) => {
        const fault = networkFault(text)
        if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
      }),
  )
  .max(100)
  .readonly()
  .nullable()

const strategy = z
  .enum(['fallback', 'weighted', 'round-robin', 'least-loaded', 'lowest-latency', 'cheapest'])
  .nullable()
const prefer = z.array(z.string().min(1).max(100)).max(50).readonly()

const firewall = z.enum(['inherit', 'off', 'monitor', 'redact', 'enforce'])
const compress = z.enum(['inherit', 'off', 'request', 'on'])

const cache = z.strictObject({
  exact: z.enum(['on', 'off']).exactOptional(),
  semantic: z.enum(['on', 'off']).exactOptional(),
  scope: z.enum(['organisation', 'team', 'user', 'key']).exactOptional(),
  ttlSeconds: z
    .int()
    .min(1)
    .max(30 * 24 * 3600)
    .exactOptional(),
  toolCalls: z.boolean().exactOptional(),
})

/** Strict: for what an operator gives. What is absent is as nothing was said about. */
export const keyOptionsSchema = z.strictObject({
  unbounded: unbounded.default(defaultOptions.unbounded),
  strict: strict.default(null),
  workMode: workMode.default(null),
  tags: tags.default([]),
  allowedAddresses: allowedAddresses.default(null),
  routing: z
    .strictObject({ strategy: strategy.default(null), prefer: prefer.default([]) })
    .default(defaultOptions.routing),
  limits: keyLimitsSchema.nullable().default(null),
  firewall: firewall.default('inherit'),
  cache: cache.default(defaultOptions.cache),
  compress: compress.default('inherit'),
})

/** The options that change; absent ones stay as they are. */
export const optionsChangeSchema = z.strictObject({
  unbounded: unbounded.exactOptional(),
  strict: strict.exactOptional(),
  workMode: workMode.exactOptional(),
  tags: tags.exactOptional(),
  allowedAddresses: allowedAddresses.exactOptional(),
  routing: z
    .strictObject({ strategy: strategy.exactOptional(), prefer: prefer.exactOptional() })
    .exactOptional(),
  limits: keyLimitsSchema.nullable().exactOptional(),
  firewall: firewall.exactOptional(),
  cache: cache.exactOptional(),
  compress: compress.exactOptional(),
})

export type OptionsChange = z.output<typeof optionsChangeSchema>

/** Lays a change over what there was. */
export const changedOptions = (before: KeyOptions, { routing, ...change }: OptionsChange): KeyOptions => ({
  ...before,
  ...change,
  routing: { ...before.routing, ...routing },
})
