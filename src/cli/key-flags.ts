import { type Command, InvalidArgumentError, Option } from 'commander'
import { suggestion } from '../config/index.ts'
import { operations, protocolIds, workModes } from '../ir/index.ts'
import type { ServerOptions } from './admin-client.ts'
import { parseCount, parseMoment, parseSpan } from './parse-time.ts'

/** What is said of a key when it is made or changed; absent flags say nothing. */
export interface KeyFlags extends ServerOptions {
  readonly models?: List
  readonly endpoints?: List
  readonly providers?: List
  readonly allowTags?: List
  readonly tags?: List
  readonly allowAddress?: List
  readonly prefer?: List
  readonly strategy?: string
  readonly workMode?: string
  readonly strict?: string
  readonly unbounded?: string
  readonly firewall?: string
  readonly cache?: string
  readonly cacheSemantic?: string
  readonly cacheScope?: string
  readonly cacheTtl?: number
  readonly cacheToolCalls?: string
  readonly compress?: string
  readonly rpm?: number
  readonly tpm?: number
  readonly concurrent?: number
  readonly expires?: Expiry
  readonly metadata?: Readonly<Record<string, string>>
}

/** Commander would make an empty text of a parsed `null`. */
type List = readonly string[] | 'any'

/** A moment in milliseconds, or seconds from now; `null` is never. */
export type Expiry = { readonly at: number | null } | { readonly inSeconds: number }

/** The options of `create` and `update`. Lists take commas and may be repeated; `any` and `none` stand alone. */
export const addKeyFlags = (command: Command): Command =>
  command
    .option('--model, --models <globs>', 'only models of these names or patterns', list)
    .option('--endpoint, --endpoints <names>', 'only these operations or protocols', endpointList)
    .option('--provider, --providers <ids>', 'only these providers', list)
    .option('--tag, --tags <names>', 'tags that each of its exchanges carries', list)
    .option('--allow-tag, --allow-tags <globs>', 'only these tags may be named by a request', list)
    .option(
      '--allow-address <networks>',
      'only from these addresses or networks: 10.0.0.0/8, 2001:db8::/32',
      list,
    )
    .option('--prefer <ids>', 'providers that are tried before others, in this order', list)
    .addOption(
      new Option('--strategy <name>', 'how targets are chosen among, whatever the rule says').choices([
        ...strategies,
        'rule',
      ]),
    )
    .addOption(
      new Option('--work-mode <mode>', 'whatever rule, port and gateway say about translation').choices([
        ...workModes,
        'rule',
      ]),
    )
    .addOption(
      new Option('--strict <when>', 'refuse what translation would lose').choices([
        'always',
        'never',
        'request',
      ]),
    )
    .addOption(
      new Option('--unbounded <what>', 'under a hard budget, costs without an upper bound').choices([
        'refuse',
        'admit',
      ]),
    )
    .addOption(
      new Option(
        '--firewall <policy>',
        'what the firewall does with what it finds; inherit: as team, route and gateway say',
      ).choices([...firewallPolicies]),
    )
    .addOption(
      new Option(
        '--cache <policy>',
        'answer equal requests from the cache; inherit: as route and gateway say',
      ).choices(['inherit', 'on', 'off']),
    )
    .addOption(
      new Option('--cache-semantic <what>', 'answer questions that mean the same as well').choices([
        'on',
        'off',
      ]),
    )
    .addOption(
      new Option('--cache-scope <scope>', 'whose answers it may get').choices([
        'organisation',
        'team',
        'user',
        'key',
      ]),
    )
    .option('--cache-ttl <seconds>', 'how long answers to it are kept', parseCount(1, longestCacheSeconds))
    .addOption(new Option('--cache-tool-calls <what>', 'keep answers that call tools').choices(['yes', 'no']))
    .addOption(
      new Option(
        '--compress <when>',
        'take comments out of pasted code; request: where a request asks for it, inherit: as route and gateway say',
      ).choices(['inherit', 'off', 'request', 'on']),
    )
    .option('--rpm <number>', 'at most so many requests per minute', parseCount(1, mostPerMinute))
    .option(
      '--tpm <number>',
      'at most so many input and output tokens per minute',
      parseCount(1, mostPerMinute),
    )
    .option('--concurrent <number>', 'at most so many requests at once', parseCount(1, 1_000_000))
    .option(
      '--expires <when>',
      'valid for so long (30d, 12h), until then (2027-01-31), or never',
      parseExpiry,
    )
    .option('--metadata <name=value>', 'kept with the key, for people (repeatable)', pair)

/** The same as the admin API takes it. */
export const keyFields = (flags: KeyFlags): Record<string, unknown> => {
  const { strategy, prefer, workMode, strict, unbounded, firewall, compress, tags, allowAddress, expires } =
    flags
  const scopes = present({
    models: bound(flags.models),
    endpoints: bound(flags.endpoints),
    providers: bound(flags.providers),
    tags: bound(flags.allowTags),
  })
  const routing = present({ strategy: orNull(strategy, 'rule'), prefer: prefer === 'any' ? [] : prefer })
  const options = present({
    unbounded,
    firewall,
    cache: cacheOf(flags),
    compress,
    workMode: orNull(workMode, 'rule'),
    strict: strict === undefined ? undefined : strict === 'request' ? null : strict === 'always',
    tags: tags === 'any' ? [] : tags,
    allowedAddresses: bound(allowAddress),
    limits: present({
      requestsPerMinute: flags.rpm,
      tokensPerMinute: flags.tpm,
      concurrent: flags.concurrent,
    }),
    routing,
  })
  return (
    present({
      scopes,
      options,
      metadata: flags.metadata,
      ...(expires === undefined
        ? {}
        : 'at' in expires
          ? { expiresAt: expires.at }
          : { expireInSeconds: expires.inSeconds }),
    }) ?? {}
  )
}

/** What one call says of the cache is all that is said of it: fields that it leaves out are as route and gateway say. */
const cacheOf = ({ cache, cacheSemantic, cacheScope, cacheTtl, cacheToolCalls }: KeyFlags): unknown =>
  cache === 'inherit'
    ? {}
    : present({
        exact: cache,
        semantic: cacheSemantic,
        scope: cacheScope,
        ttlSeconds: cacheTtl,
        toolCalls: cacheToolCalls === undefined ? undefined : cacheToolCalls === 'yes',
      })

const longestCacheSeconds = 30 * 24 * 3600
const mostPerMinute = 1_000_000_000_000
const strategies = ['fallback', 'weighted', 'round-robin', 'least-loaded', 'lowest-latency', 'cheapest']
const firewallPolicies = ['inherit', 'off', 'monitor', 'redact', 'enforce']

/** Operations and protocols: what a key's endpoints may be called. */
export const endpoints: readonly string[] = [...operations, ...protocolIds]

/** The fields that have a value; undefined when there is none. */
const present = (fields: Record<string, unknown>): Record<string, unknown> | undefined => {
  const found = Object.entries(fields).filter(([, value]) => value !== undefined)
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

/** `null` is everything. */
const bound = (list: List | undefined): readonly string[] | null | undefined => (list === 'any' ? null : list)

const orNull = (value: string | undefined, word: string): string | null | undefined =>
  value === word ? null : value

const list = (value: string, before: List | undefined): List => {
  const words = value.split(',').map((word) => word.trim())
  if (value === 'any' || value === 'none') {
    if (before !== undefined) throw new InvalidArgumentError(`\`${value}\` stands alone`)
    return value === 'any' ? value : []
  }
  if (before === 'any' || before?.length === 0) throw new InvalidArgumentError('`any` and `none` stand alone')
  if (words.includes('')) throw new InvalidArgumentError('give names with commas between them')
  return [...(before ?? []), ...words]
}

const endpointList = (value: string, before: List | undefined): List => {
  const names = list(value, before)
  if (names === 'any') return names
  const unknown = names.find((name) => !endpoints.includes(name))
  if (unknown === undefined) return names
  throw new InvalidArgumentError(
    `there is no endpoint ${unknown}${suggestion(unknown, endpoints)}; known are ${endpoints.join(', ')}`,
  )
}

const pair = (value: string, before: KeyFlags['metadata'] | undefined): Readonly<Record<string, string>> => {
  const [, name, text] = /^([^=]+)=(.*)$/s.exec(value) ?? []
  if (name === undefined || text === undefined) throw new InvalidArgumentError('write it as name=value')
  return { ...before, [name]: text }
}

/** A span from now, a moment, or `never`. Throws a usage error. */
export const parseExpiry = (text: string): Expiry => {
  if (text === 'never') return { at: null }
  if (/^\d+[smhdw]$/.test(text.trim())) return { inSeconds: parseSpan(text) / 1000 }
  return { at: parseMoment(text) }
}
