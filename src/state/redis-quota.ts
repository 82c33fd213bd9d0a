import type { Claim, Level, Quota, Taken } from './quota.ts'
import { type RedisCall, runScript, type Script, script } from './redis-script.ts'

/**
 * The counters in Redis: one script, and so one round trip, for each call. Whole numbers stay exact: a script's
 * numbers hold 53 bits, they are added by Redis itself, and travel as decimal text.
 *
 * - bucket: a hash of `level` and `at`
 * - slot: a sorted set of holders by when they end
 * - repeat: a list of times, newest first
 * - budget: a hash of `reserved`, `version`, `ttl`, and `spent:<slice>`; a hash of what holders have, as `amount|slice`; and
 *   a sorted set of holders by when they end
 *
 * @param named puts the prefix before a key
 */
export const redisQuota = (call: RedisCall, named: (key: string) => string): Quota => {
  const run = (one: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> =>
    runScript(
      call,
      one,
      keys.map((key) => named(`quota/${key}`)),
      args,
    )
  return {
    async take({ claims, steps }) {
      const packed = JSON.stringify({ claims, least: steps?.least ?? 0, most: steps?.most ?? 0 })
      return takenIn(claims, await run(takeScript, claims.map(keyOf), [packed]))
    },
    async give(changes) {
      if (changes.length === 0) return
      await run(giveScript, changes.map(keyOf), [JSON.stringify(changes)])
    },
    async keep(holders, holding) {
      if (holders.length === 0) return
      const names = holders.map(({ holder }) => holder)
      await run(keepScript, holders.map(keyOf), [String(Math.ceil(holding)), ...names])
    },
    async seed({ key, spent, ttl, version }) {
      const fields = spent.flatMap(([slice, amount]) => [`spent:${slice}`, String(amount)])
      const args = [String(Math.ceil(ttl)), version === undefined ? '' : String(version), ...fields]
      return (await run(seedScript, [key], args)) === 1
    },
  }
}

const keyOf = ({ key }: { readonly key: string }): string => key

/** The reply: whether it is granted, the steps, and for each claim `ok` with its figures. */
const takenIn = (claims: readonly Claim[], reply: unknown): Taken => {
  const [granted, steps, ...rows] = Array.isArray(reply) ? reply : []
  const levels = claims.map((claim, at) => levelIn(claim, rows[at]))
  return { granted: granted === 1, steps: Number(steps), levels }
}

const levelIn = (claim: Claim, row: unknown): Level => {
  const [first = 0, a = 0, b = 0, c = 0] = Array.isArray(row) ? row.map(Number) : []
  const ok = first === 1
  switch (claim.type) {
    case 'bucket':
      return { type: 'bucket', ok, left: a, wait: b, full: c }
    case 'slot':
      return { type: 'slot', ok, taken: a }
    case 'repeat':
      return { type: 'repeat', ok, wait: a }
    case 'budget':
      return { type: 'budget', ok, known: c > 0, spent: a, reserved: b, version: c }
  }
}

const shared = `
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local speck = 1e-6
local function whole(number) return string.format('%.0f', number) end
local function flown(key, bucket)
  local known = redis.call('HMGET', key, 'level', 'at')
  local level = tonumber(known[1])
  if not level then return bucket.capacity end
  local passed = math.max(0, now - tonumber(known[2]))
  return math.min(bucket.capacity, level + passed * bucket.refill / bucket.period)
end
-- Redis takes no time that is farther away than its own clock reaches.
local function expireAt(key, time) redis.call('PEXPIREAT', key, whole(math.min(time, 1e15))) end
local function put(key, bucket, level)
  local full = math.ceil((bucket.capacity - level) * bucket.period / bucket.refill)
  redis.call('HSET', key, 'level', string.format('%.17g', level), 'at', whole(now))
  expireAt(key, now + full + 1000)
end
local function keepSlots(key)
  local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
  if last[2] then expireAt(key, tonumber(last[2]) + 1000) end
end
local function remember(key)
  local ttl = redis.call('HGET', key, 'ttl')
  if not ttl then return end
  local last = redis.call('ZREVRANGE', key .. '/until', 0, 0, 'WITHSCORES')
  local ending = math.max(now, tonumber(last[2] or '0')) + tonumber(ttl)
  for _, name in ipairs({ key, key .. '/held', key .. '/until' }) do expireAt(name, ending) end
end
local function settle(key, holder, spent)
  local held = redis.call('HGET', key .. '/held', holder)
  if not held then return end
  local amount, slice = string.match(held, '^(%d+)|(-?%d+)$')
  if not spent then spent = amount end
  redis.call('HDEL', key .. '/held', holder)
  redis.call('ZREM', key .. '/until', holder)
  if redis.call('EXISTS', key) == 0 then return end
  redis.call('HINCRBY', key, 'reserved', '-' .. amount)
  redis.call('HINCRBY', key, 'spent:' .. slice, spent)
  redis.call('HINCRBY', key, 'version', 1)
end
local function settleDead(key)
  for _, holder in ipairs(redis.call('ZRANGEBYSCORE', key .. '/until', '-inf', whole(now))) do
    settle(key, holder, nil)
  end
end
`

const takeScript = script(`${shared}
local asked = cjson.decode(ARGV[1])
local function look(key, claim)
  if claim.type == 'bucket' then
    local level = flown(key, claim)
    local lack = math.min(claim.amount, claim.capacity) - level
    local wait = 0
    if lack > speck then wait = math.ceil(lack * claim.period / claim.refill - speck) end
    local full = math.max(0, math.ceil((claim.capacity - level) * claim.period / claim.refill - speck))
    return { lack <= speck, math.max(0, math.floor(level + speck)), wait, full }
  elseif claim.type == 'slot' then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', whole(now))
    local taken = redis.call('ZCARD', key)
    return { taken < claim.limit or redis.call('ZSCORE', key, claim.holder) ~= false, taken }
  elseif claim.type == 'repeat' then
    local first = redis.call('LINDEX', key, claim.limit - 1)
    local wait = 0
    if first then wait = math.max(0, tonumber(first) + claim.period - now) end
    return { wait == 0, wait }
  end
  settleDead(key)
  local version = redis.call('HGET', key, 'version')
  if not version then return { false, 0, 0, 0 } end
  local spent, reserved = 0, 0
  local fields = redis.call('HGETALL', key)
  for at = 1, #fields, 2 do
    local slice = string.match(fields[at], '^spent:(-?%d+)$')
    if slice and tonumber(slice) >= claim.oldest then spent = spent + tonumber(fields[at + 1]) end
    if fields[at] == 'reserved' then reserved = tonumber(fields[at + 1]) end
  end
  return { true, spent, reserved, tonumber(version) }
end
local function grant(key, claim, steps)
  if claim.type == 'bucket' then
    put(key, claim, flown(key, claim) - math.min(claim.amount, claim.capacity))
  elseif claim.type == 'slot' then
    redis.call('ZADD', key, whole(now + claim.holding), claim.holder)
    keepSlots(key)
  elseif claim.type == 'repeat' then
    redis.call('LPUSH', key, whole(now))
    redis.call('LTRIM', key, 0, claim.limit - 1)
    expireAt(key, now + claim.period)
  else
    for _, field in ipairs(redis.call('HKEYS', key)) do
      local slice = string.match(field, '^spent:(-?%d+)$')
      if slice and tonumber(slice) < claim.oldest then redis.call('HDEL', key, field) end
    end
    local amount = claim.base + claim.step * steps
    if amount > 0 then
      local held, slice = 0, whole(claim.slice)
      local before = redis.call('HGET', key .. '/held', claim.holder)
      if before then
        local one, other = string.match(before, '^(%d+)|(-?%d+)$')
        held, slice = tonumber(one), other
      end
      redis.call('HSET', key .. '/held', claim.holder, whole(held + amount) .. '|' .. slice)
      redis.call('ZADD', key .. '/until', whole(now + claim.holding), claim.holder)
      redis.call('HINCRBY', key, 'reserved', whole(amount))
      redis.call('HINCRBY', key, 'version', 1)
    end
    redis.call('HSET', key, 'ttl', whole(claim.ttl))
    remember(key)
  end
end
local steps, granted = asked.most, true
local levels = {}
for at, claim in ipairs(asked.claims) do
  local level = look(KEYS[at], claim)
  levels[at] = level
  if claim.type == 'budget' and level[1] and type(claim.limit) == 'number' then
    local room = claim.limit - level[2] - level[3] - claim.base
    if claim.step > 0 then steps = math.min(steps, math.floor(room / claim.step)) end
    local wanted = claim.base + claim.step * asked.least
    level[1] = wanted == 0 or level[2] + level[3] + wanted <= claim.limit
  end
  granted = granted and level[1]
end
steps = math.max(0, steps)
if steps < asked.least then granted = false end
if granted then
  for at, claim in ipairs(asked.claims) do grant(KEYS[at], claim, steps) end
  for at, claim in ipairs(asked.claims) do
    local fits = levels[at][1]
    levels[at] = look(KEYS[at], claim)
    levels[at][1] = fits
  end
else
  steps = 0
end
local reply = { granted and 1 or 0, steps }
for at, level in ipairs(levels) do
  local row = { level[1] and 1 or 0 }
  for place = 2, #level do row[place] = whole(level[place]) end
  reply[at + 2] = row
end
return reply`)

const giveScript = script(`${shared}
for at, change in ipairs(cjson.decode(ARGV[1])) do
  local key = KEYS[at]
  if change.type == 'bucket' then
    local level = flown(key, change) - change.amount
    put(key, change, math.min(change.capacity, math.max(-change.capacity, level)))
  elseif change.type == 'slot' then
    redis.call('ZREM', key, change.holder)
  else
    settle(key, change.holder, whole(change.spent))
    remember(key)
  end
end
return 1`)

const keepScript = script(`${shared}
local ending = whole(now + tonumber(ARGV[1]))
for at, key in ipairs(KEYS) do
  local holder = ARGV[at + 1]
  if redis.call('HEXISTS', key .. '/held', holder) == 1 then
    redis.call('ZADD', key .. '/until', ending, holder)
    remember(key)
  elseif redis.call('TYPE', key).ok == 'zset' and redis.call('ZSCORE', key, holder) then
    redis.call('ZADD', key, ending, holder)
    keepSlots(key)
  end
end
return 1`)

const seedScript = script(`${shared}
local key = KEYS[1]
settleDead(key)
local version = redis.call('HGET', key, 'version')
if ARGV[2] == '' then
  if version then return 0 end
elseif version ~= ARGV[2] or redis.call('HLEN', key .. '/held') > 0 then
  return 0
end
redis.call('DEL', key, key .. '/held', key .. '/until')
redis.call('HSET', key, 'version', whole(math.max(tonumber(version or '0') + 1, now)), 'reserved', 0, 'ttl', ARGV[1])
for at = 3, #ARGV, 2 do redis.call('HSET', key, ARGV[at], ARGV[at + 1]) end
remember(key)
return 1`)
