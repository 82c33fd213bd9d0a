import { keepConnected, reasonOf } from './connection.ts'
import { redisQuota } from './redis-quota.ts'
import type { RedisCall } from './redis-script.ts'
import { openRedisSession } from './redis-session.ts'
import { redisVectorSets } from './redis-vector-sets.ts'
import type { State, StateEntry } from './state.ts'

export interface RedisStateOptions {
  /** `redis://` or `rediss://`, with user, password and database where there are any. */
  readonly url: string
  /** Before all keys and channels, so that others may use the same Redis. */
  readonly keyPrefix: string
  /** How long an answer is waited for, in milliseconds; default 1000. */
  readonly patience?: number
}

/** Waits between attempts to connect, in milliseconds. */
const shortestPause = 50
const longestPause = 2_000
const scanPage = 1_000

const incrementScript = `
local value = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return value`

/**
 * State that is shared over Redis. Returns at once and connects by itself, for as long as it takes, again after each
 * loss; until then every call rejects at once.
 */
export const redisState = ({ url, keyPrefix, patience = 1_000 }: RedisStateOptions): State => {
  const named = (name: string): string => keyPrefix + name
  const connection = keepConnected({
    open: (events) => openRedisSession({ ...events, url, patience, probe: named('probe') }),
    peer: 'redis',
    shortestPause,
    longestPause,
  })
  const call: RedisCall = async (command, args) => connection.session().call(command, args)

  const clear = async (prefix: string): Promise<number> => {
    const pattern = `${escaped(named(prefix))}*`
    let count = 0
    let cursor = '0'
    do {
      const page = list(await call('SCAN', [cursor, 'MATCH', pattern, 'COUNT', String(scanPage)]))
      cursor = String(page[0])
      const keys = list(page[1]).map(String)
      if (keys.length > 0) count += Number(await call('UNLINK', keys))
    } while (cursor !== '0')
    return count
  }

  return {
    quota: redisQuota(call, named),
    vectors: redisVectorSets({ call, named, clear }),
    async get(key) {
      const value = await call('GET', [named(key)])
      return typeof value === 'string' ? value : undefined
    },
    async set(key, value, ttl) {
      await call('SET', [named(key), value, 'PX', milliseconds(ttl)])
    },
    async delete(key) {
      await call('DEL', [named(key)])
    },
    async increment(key, by, ttl) {
      return Number(await call('EVAL', [incrementScript, '1', named(key), String(by), milliseconds(ttl)]))
    },
    async entries(prefix) {
      const found = new Map<string, StateEntry>()
      const pattern = `${escaped(named(prefix))}*`
      let cursor = '0'
      do {
        const page = list(await call('SCAN', [cursor, 'MATCH', pattern, 'COUNT', String(scanPage)]))
        cursor = String(page[0])
        const keys = list(page[1]).map(String)
        if (keys.length === 0) continue
        const [values, ...ttls] = await Promise.all([
          call('MGET', keys),
          ...keys.map((key) => call('PTTL', [key])),
        ])
        for (const [at, value] of list(values).entries()) {
          const key = keys[at]
          const ttl = Number(ttls[at])
          // It may have ended between the two looks.
          if (key === undefined || typeof value !== 'string' || !(ttl > 0)) continue
          found.set(key.slice(keyPrefix.length), { value, ttl })
        }
      } while (cursor !== '0')
      return found
    },
    clear,
    async publish(channel, text) {
      await call('PUBLISH', [named(channel), text])
    },
    subscribe: (channel, handler) => connection.subscribe(named(channel), handler),
    status: connection.status,
    onStatus: connection.onStatus,
    close: connection.close,
  }
}

export interface RedisTrial {
  /** Why it could not be reached. */
  readonly reason?: string
  readonly hasVectorSets: boolean
}

/** Connects once. */
export const tryRedis = async (options: RedisStateOptions): Promise<RedisTrial> => {
  const state = redisState(options)
  const told = Promise.withResolvers<string | undefined>()
  state.onStatus((status, reason) =>
    told.resolve(status === 'connected' ? undefined : (reason ?? 'no reason was given')),
  )
  try {
    const reason = await told.promise
    if (reason !== undefined) return { reason, hasVectorSets: false }
    return { hasVectorSets: (await state.vectors?.isSupported()) ?? false }
  } catch (error) {
    return { reason: reasonOf(error), hasVectorSets: false }
  } finally {
    state.close()
  }
}

/** Redis takes whole ones only, and at least one. */
const milliseconds = (ttl: number): string => String(Math.max(1, Math.ceil(ttl)))

const list = (reply: unknown): readonly unknown[] => (Array.isArray(reply) ? reply : [])

/** A name within a pattern of SCAN. */
const escaped = (name: string): string => name.replace(/[\\*?[\]]/g, '\\$&')
