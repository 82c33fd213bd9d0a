import { z } from 'zod'
import { byteSize, duration, settingMeta } from '../config/index.ts'
import { type CacheLayer, type CachePolicy, cacheScopes } from './policy.ts'

const exact = () => z.enum(['on', 'off'])
const semantic = () => z.enum(['on', 'off'])
const scope = () => z.enum(cacheScopes)
const ttl = () => duration({ days: 30 })

const scopeText =
  'Who shares answers: `organisation` all of its keys, `team`, `user` or `key` only exchanges of the same one; a key without team or user then shares with nobody.'

/** What a route may say otherwise. */
export const cacheLayerSettings = z.union([
  exact(),
  z.strictObject({
    exact: exact().exactOptional().describe('Answer equal requests from the cache?'),
    semantic: semantic()
      .exactOptional()
      .describe(
        'Answer questions that mean the same from the cache? Where `exact` is `on`, and `cache.similar` says how.',
      ),
    scope: scope().exactOptional().describe(scopeText),
    ttl: ttl().exactOptional().describe('How long an answer is kept, in seconds or with a unit.'),
    tool_calls: z.boolean().exactOptional().describe('Keep answers that call tools?'),
  }),
])

const target = (what: string) =>
  z.strictObject({
    provider: z.string().min(1).max(200).describe(`The provider ${what}, as named in \`providers\`.`),
    model: z.string().min(1).max(200).describe(`The model ${what}.`),
  })

const similarSettings = z
  .strictObject({
    embeddings: target('that makes embeddings of questions')
      .extend({
        dimensions: z
          .int()
          .min(16)
          .max(4096)
          .exactOptional()
          .describe('How many numbers an embedding has, for models that let one choose; 256 are enough.'),
      })
      .exactOptional()
      .describe('Who makes embeddings of questions. Any server of OpenAI embeddings can be a provider.'),
    judge: z
      .union([z.literal('same-text'), target('that compares answers')])
      .prefault('same-text')
      .describe(
        'Who says whether a kept answer is right for another question, once both were answered: a small model, or `same-text`, by which only equal answers count.',
      ),
    most_error: z
      .number()
      .min(0.001)
      .max(0.1)
      .prefault(0.01)
      .describe('Largest share of all answers that may be wrong because of this.'),
    highest_temperature: z
      .number()
      .min(0)
      .max(2)
      .prefault(0.3)
      .describe('Requests of a higher temperature want answers that vary. One that names none counts as 1.'),
    wait: duration()
      .prefault('1s')
      .describe(
        'How long a request waits for the embedding of its question before it goes on, in seconds or with a unit; at most 10 s.',
      ),
    questions: z
      .int()
      .min(1)
      .max(10_000)
      .prefault(10_000)
      .describe(
        'How many questions are kept beside one another, of those that differ in nothing but their text.',
      ),
    index: z
      .enum(['memory', 'redis-vector-sets'])
      .prefault('memory')
      .describe(
        'Who looks for the nearest: each gateway process in its memory, or Redis (8.0 or newer), where embeddings then lie open and all else is sealed.',
      ),
    memory: byteSize()
      .prefault('64 MB')
      .describe(
        'How much all questions may take in the memory of a process, or of Redis with `index: redis-vector-sets`, in bytes or with a unit.',
      ),
  })
  .prefault({})
  .describe('How questions are found that mean the same.')

export const cacheSettings = z
  .strictObject({
    exact: exact()
      .prefault('off')
      .describe('`on`: a request that was answered before is answered again without asking a provider.'),
    semantic: semantic()
      .prefault('off')
      .describe(
        '`on`: so is a question that means the same as one that was answered before. `similar` says how that is found out.',
      ),
    similar: similarSettings,
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
  semantic: settings.semantic,
  scope: settings.scope,
  ttl: settings.ttl,
  toolCalls: settings.tool_calls,
})

export const toCacheLayer = (written: z.output<typeof cacheLayerSettings>): CacheLayer => {
  if (typeof written === 'string') return { exact: written }
  const { tool_calls, ...layer } = written
  return { ...layer, ...(tool_calls === undefined ? {} : { toolCalls: tool_calls }) }
}
