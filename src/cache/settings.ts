import { z } from 'zod'
import { byteSize, duration, settingMeta } from '../config/index.ts'
import { type CacheLayer, type CachePolicy, cacheScopes } from './policy.ts'

const exact = () => z.enum(['on', 'off'])
const scope = () => z.enum(cacheScopes)
const ttl = () => duration({ days: 30 })

const scopeText =
  'Who shares answers: `organisation` all of its keys, `team`, `user` or `key` only exchanges of the same one; a key without team or user then shares with nobody.'

/** What a route may say otherwise. */
export const cacheLayerSettings = z.union([
  exact(),
  z.strictObject({
    exact: exact().exactOptional().describe('Answer equal requests from the cache?'),
    scope: scope().exactOptional().describe(scopeText),
    ttl: ttl().exactOptional().describe('How long an answer is kept, in seconds or with a unit.'),
    tool_calls: z.boolean().exactOptional().describe('Keep answers that call tools?'),
  }),
])

export const cacheSettings = z
  .strictObject({
    exact: exact()
      .prefault('off')
      .describe('`on`: a request that was answered before is answered again without asking a provider.'),
    scope: scope().prefault('organisation').describe(scopeText),
    ttl: ttl().prefault('1h').describe('How long an answer is kept, in seconds or with a unit.'),
    tool_calls: z
      .boolean()
      .prefault(false)
      .describe('Keep answers that call tools? The client runs such a call again with each of them.'),
    backend: z
      .enum(['memory', 'redis'])
      .prefault('memory')
      .describe(
        '`memory`: each gateway process for itself; `redis`: shared by all that have the same `redis.url`, sealed with a key of the organisation.',
      ),
    memory: byteSize()
      .prefault('64 MB')
      .describe(
        'How much is kept in the memory of a process, in bytes or with a unit; beyond, answers unused longest go first.',
      ),
    largest_entry: byteSize()
      .prefault('1 MB')
      .describe('Largest answer that is kept, in bytes or with a unit.'),
  })
  .prefault({})
  .register(settingMeta, { reloads: true, expects: 'settings such as `exact: on`' })
  .describe('Answers that are given again to equal requests.')

type CacheSettings = z.output<typeof cacheSettings>

export const toCachePolicy = (settings: CacheSettings): CachePolicy => ({
  exact: settings.exact,
  scope: settings.scope,
  ttl: settings.ttl,
  toolCalls: settings.tool_calls,
})

export const toCacheLayer = (written: z.output<typeof cacheLayerSettings>): CacheLayer => {
  if (typeof written === 'string') return { exact: written }
  const { tool_calls, ...layer } = written
  return { ...layer, ...(tool_calls === undefined ? {} : { toolCalls: tool_calls }) }
}
