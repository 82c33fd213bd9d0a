import { type RedisArgument, type RedisCall, runScript, type Script, script } from './redis-script.ts'
import type { VectorEntry, VectorSets } from './vector-sets.ts'

export interface RedisVectorSetsParts {
  readonly call: RedisCall
  /** Puts the prefix before a key. */
  readonly named: (key: string) => string
  /** Deletes all keys that begin so. */
  readonly clear: (prefix: string) => Promise<number>
}

/**
 * How far around the nearest Redis looks: a set that is not larger is looked at whole, or nearly so. Twice as much takes
 * it twice as long, in which it does nothing else, and finds no more where questions have others that are near.
 */
const effort = 100
/** An epoch is kept for so long after it was looked at, in milliseconds: longer than any exchange takes. */
const epochTtl = 24 * 3_600_000

/**
 * Redis' own vector sets, with one script, and so one round trip, for each call. Vectors lie there as they are, in full
 * precision. Under `vectors/`:
 *
 * - `set/<owner>/<name>/…`: `vectors`; hashes of `records` and `notes`; sorted sets of ids by when they end (`until`) and
 *   by when they were `used`
 * - `uses` and `ends`: sorted sets of all sets by the same; `sizes`: a hash of the bytes of each, and of all as `*`
 * - `epoch`, `epoch/<owner>`: random words
 *
 * A Redis that evicts may take each of these alone: what misses a part of itself is dropped where it is met. Times are
 * microseconds of Redis' own clock, so that no two calls have the same.
 */
export const redisVectorSets = ({ call, named, clear }: RedisVectorSetsParts): VectorSets => {
  const root = named('vectors/')
  const run = (one: Script, ...args: readonly RedisArgument[]): Promise<unknown> =>
    runScript(call, one, [root], args)
  return {
    async isSupported() {
      try {
        await call('VCARD', [`${root}probe`])
        return true
      } catch (error) {
        if (error instanceof Error && /unknown (redis )?command/i.test(error.message)) return false
        throw error
      }
    },
    async look(place) {
      const reply = list(
        await run(lookScript, place.owner, place.name, crypto.randomUUID(), String(epochTtl)),
      )
      return { isEmpty: reply[0] === 0, epoch: String(reply[1]) }
    },
    async nearest({ owner, name }, vector, count) {
      const rows = await run(nearestScript, owner, name, bytesOf(vector), String(count), String(effort))
      return list(rows).flatMap((row) => entryIn(row) ?? [])
    },
    get: async ({ owner, name }, id) => entryIn(await run(getScript, owner, name, id)),
    async add({ owner, name }, { id, vector, record, ttl, epoch, most, mostBytes }) {
      const bounds = [String(most), String(mostBytes)]
      const microseconds = String(Math.max(1, Math.ceil(ttl)) * 1_000)
      await run(addScript, owner, name, id, bytesOf(vector), record, microseconds, epoch, ...bounds)
    },
    note: async ({ owner, name }, { id, notes: before = '' }, notes) =>
      (await run(noteScript, owner, name, id, before, notes)) === 1,
    async remove({ owner, name }, id) {
      await run(removeScript, owner, name, id)
    },
    async clear(owner) {
      const count = Number(await run(clearScript, ...(owner === undefined ? [] : [owner])))
      // Also what nobody counts any more.
      await clear(owner === undefined ? 'vectors/set/' : `vectors/set/${owner}/`)
      return count
    },
    async size() {
      const [sets, entries, bytes] = list(await run(sizeScript)).map(Number)
      return { sets: sets ?? 0, entries: entries ?? 0, bytes: bytes ?? 0 }
    },
  }
}

const list = (reply: unknown): readonly unknown[] => (Array.isArray(reply) ? reply : [])

const entryIn = (row: unknown): VectorEntry | undefined => {
  const [id, record, notes] = list(row)
  if (typeof id !== 'string' || typeof record !== 'string') return undefined
  return { id, record, notes: typeof notes === 'string' && notes !== '' ? notes : undefined }
}

/** 32-bit floats, little-endian, without a copy. */
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

const shared = `
local root = KEYS[1]
local uses, ends, sizes = root .. 'uses', root .. 'ends', root .. 'sizes'
local parts = { '/vectors', '/records', '/notes', '/until', '/used' }
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local function whole(number) return string.format('%.0f', number) end
local function keyOf(set) return root .. 'set/' .. set end
local function expireAt(key, time) redis.call('PEXPIREAT', key, whole(math.min(time, 1e18) / 1000 + 1)) end
-- The record holds the vector as well, a little longer; the rest is for links, names, times and notes.
local function sizeOf(length) return 2 * length + 4000 end
local function weigh(set, bytes)
  if bytes == 0 or (bytes < 0 and redis.call('EXISTS', sizes) == 0) then return end
  redis.call('HINCRBY', sizes, set, bytes)
  redis.call('HINCRBY', sizes, '*', bytes)
end
local function forget(set)
  for _, part in ipairs(parts) do redis.call('UNLINK', keyOf(set) .. part) end
  weigh(set, -tonumber(redis.call('HGET', sizes, set) or '0'))
  redis.call('HDEL', sizes, set)
  redis.call('ZREM', uses, set)
  redis.call('ZREM', ends, set)
  if redis.call('EXISTS', uses) == 0 then redis.call('DEL', sizes) end
end
local function drop(set, id)
  local key = keyOf(set)
  local length = redis.call('HSTRLEN', key .. '/records', id)
  if length > 0 then weigh(set, -sizeOf(length)) end
  redis.call('VREM', key .. '/vectors', id)
  redis.call('HDEL', key .. '/records', id)
  redis.call('HDEL', key .. '/notes', id)
  redis.call('ZREM', key .. '/until', id)
  redis.call('ZREM', key .. '/used', id)
  if redis.call('VCARD', key .. '/vectors') == 0 then forget(set) end
end
local function dropOldest(set)
  local key = keyOf(set)
  local id = redis.call('ZRANGE', key .. '/used', 0, 0)[1] or redis.call('VRANDMEMBER', key .. '/vectors')
  if id then drop(set, id) else forget(set) end
end
local function sweep(set)
  local over = redis.call('ZRANGEBYSCORE', keyOf(set) .. '/until', '-inf', whole(now), 'LIMIT', 0, 100)
  for _, id in ipairs(over) do drop(set, id) end
end
local function epochOf(owner)
  return (redis.call('GET', root .. 'epoch') or '') .. (redis.call('GET', root .. 'epoch/' .. owner) or '')
end
`

const lookScript = script(`${shared}
local owner, name, fresh, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local count = redis.call('VCARD', keyOf(owner .. '/' .. name) .. '/vectors')
for _, key in ipairs({ root .. 'epoch', root .. 'epoch/' .. owner }) do
  redis.call('SET', key, fresh, 'PX', ttl, 'NX')
  redis.call('PEXPIRE', key, ttl)
end
return { count, epochOf(owner) }`)

const nearestScript = script(`${shared}
local set, vector, count, effort = ARGV[1] .. '/' .. ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local key = keyOf(set)
sweep(set)
local found = redis.pcall('VSIM', key .. '/vectors', 'FP32', vector, 'COUNT', count, 'EF', effort)
if found.err and string.find(found.err, 'dimension') then return {} end
if found.err then return found end
local rows = {}
for _, id in ipairs(found) do
  local record = redis.call('HGET', key .. '/records', id)
  if record then
    redis.call('ZADD', key .. '/used', 'XX', whole(now), id)
    rows[#rows + 1] = { id, record, redis.call('HGET', key .. '/notes', id) or '' }
  else
    drop(set, id)
  end
end
if #rows > 0 then redis.call('ZADD', uses, 'XX', whole(now), set) end
return rows`)

const getScript = script(`${shared}
local key, id = keyOf(ARGV[1] .. '/' .. ARGV[2]), ARGV[3]
local record = redis.call('HGET', key .. '/records', id)
if not record then return false end
return { id, record, redis.call('HGET', key .. '/notes', id) or '' }`)

const addScript = script(`${shared}
local owner, set, id, vector, record = ARGV[1], ARGV[1] .. '/' .. ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local ending, epoch, most, mostBytes = now + tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9])
local key = keyOf(set)
if epochOf(owner) ~= epoch then return 0 end
for _, over in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', whole(now), 'LIMIT', 0, 100)) do forget(over) end
sweep(set)
local dimension = redis.pcall('VDIM', key .. '/vectors')
if type(dimension) == 'number' and dimension * 4 ~= #vector then return 0 end
local size = sizeOf(#record)
if size > mostBytes then return 0 end
local notes = redis.call('HGET', key .. '/notes', id)
if redis.call('HEXISTS', key .. '/records', id) == 1 then drop(set, id) end
while tonumber(redis.call('HGET', sizes, '*') or '0') + size > mostBytes do
  local unused = redis.call('ZRANGE', uses, 0, 0)[1]
  if not unused then redis.call('DEL', sizes) break end
  dropOldest(unused)
end
while redis.call('VCARD', key .. '/vectors') >= most do dropOldest(set) end
redis.call('VADD', key .. '/vectors', 'FP32', vector, id, 'NOQUANT')
redis.call('HSET', key .. '/records', id, record)
if notes then redis.call('HSET', key .. '/notes', id, notes) end
redis.call('ZADD', key .. '/until', whole(ending), id)
redis.call('ZADD', key .. '/used', whole(now), id)
redis.call('ZADD', uses, whole(now), set)
weigh(set, size)
local last = tonumber(redis.call('ZREVRANGE', key .. '/until', 0, 0, 'WITHSCORES')[2])
for _, part in ipairs(parts) do expireAt(key .. part, last) end
redis.call('ZADD', ends, whole(last), set)
local latest = tonumber(redis.call('ZREVRANGE', ends, 0, 0, 'WITHSCORES')[2])
for _, all in ipairs({ uses, ends, sizes }) do expireAt(all, latest) end
return 1`)

const noteScript = script(`${shared}
local key, id, before, notes = keyOf(ARGV[1] .. '/' .. ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
if redis.call('HEXISTS', key .. '/records', id) == 0 then return 0 end
if (redis.call('HGET', key .. '/notes', id) or '') ~= before then return 0 end
redis.call('HSET', key .. '/notes', id, notes)
redis.call('PEXPIREAT', key .. '/notes', redis.call('PEXPIRETIME', key .. '/records'))
return 1`)

const removeScript = script(`${shared}
drop(ARGV[1] .. '/' .. ARGV[2], ARGV[3])
return 1`)

const clearScript = script(`${shared}
local owner = ARGV[1]
redis.call('DEL', root .. 'epoch' .. (owner and '/' .. owner or ''))
local count = 0
for _, set in ipairs(redis.call('ZRANGE', uses, 0, -1)) do
  if not owner or string.sub(set, 1, #owner + 1) == owner .. '/' then
    count = count + redis.call('VCARD', keyOf(set) .. '/vectors')
    forget(set)
  end
end
return count`)

const sizeScript = script(`${shared}
local sets, entries = 0, 0
for _, set in ipairs(redis.call('ZRANGE', uses, 0, -1)) do
  local count = redis.call('VCARD', keyOf(set) .. '/vectors')
  entries = entries + count
  if count > 0 then sets = sets + 1 else forget(set) end
end
return { sets, entries, tonumber(redis.call('HGET', sizes, '*') or '0') }`)
