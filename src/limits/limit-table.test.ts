import { expect, test } from 'bun:test'
import { createLimitTable, type LimitSubject } from './limit-table.ts'
import {
  limitsRunawaySettings,
  limitsSettings,
  providerLimitsSettings,
  toLimitRule,
  toProviderLimits,
} from './settings.ts'

const subject: LimitSubject = {
  organisation: 'org_1',
  team: 'team_1',
  user: null,
  key: 'key_1',
  keyName: 'ci-main',
  session: 's1',
  tags: ['nightly', 'eval'],
  address: '10.0.0.1',
}
const tableOf = (written: readonly unknown[], providers = {}) =>
  createLimitTable(limitsSettings.parse(written).map(toLimitRule), providers)
const said = (bounds: ReturnType<ReturnType<typeof tableOf>['ofExchange']>) =>
  bounds.map(({ level, subject, unit, limit, per }) => `${level} ${subject} ${limit} ${unit} ${per}`)

test('each level counts for whom it is meant, several windows at once', () => {
  const table = tableOf([
    { level: 'global', requests_per_second: 1000, concurrent: 50 },
    { level: 'organisation', tokens_per_day: 5 },
    { level: 'team', concurrent: 3 },
    { level: 'user', concurrent: 3 },
    { level: 'key', requests_per_second: 10, requests_per_minute: 600 },
    { level: 'ip', requests_per_minute: 7 },
    { level: 'session', requests_per_minute: 8 },
    { level: 'tag', concurrent: 1 },
    { level: 'model', concurrent: 1 },
  ])
  expect(said(table.ofExchange(subject))).toEqual([
    'global null 1000 requests second',
    'global null 50 concurrent null',
    'organisation org_1 5 tokens day',
    'team team_1 3 concurrent null',
    'key key_1 10 requests second',
    'key key_1 600 requests minute',
    'ip 10.0.0.1 7 requests minute',
    'session s1 8 requests minute',
    'tag nightly 1 concurrent null',
    'tag eval 1 concurrent null',
  ])
  const keys = table.ofExchange(subject).map(({ key }) => key)
  expect(new Set(keys).size).toBe(keys.length)
})

test('a pattern fits id or name, and its counter is not that of another rule', () => {
  const table = tableOf([
    { level: 'key', match: 'ci-*', requests_per_minute: 5 },
    { level: 'key', match: 'key_1', requests_per_minute: 6 },
    { level: 'key', match: 'other', requests_per_minute: 7 },
    { level: 'key', requests_per_minute: 8 },
  ])
  const bounds = table.ofExchange(subject)
  expect(bounds.map(({ limit }) => limit)).toEqual([5, 6, 8])
  expect(new Set(bounds.map(({ key }) => key)).size).toBe(3)
})

test('of rules that say the same of the same the smallest counts, once', () => {
  const table = tableOf([
    { level: 'key', requests_per_minute: 5 },
    { level: 'key', requests_per_minute: 3, concurrent: 2 },
  ])
  expect(said(table.ofExchange(subject))).toEqual([
    'key key_1 3 requests minute',
    'key key_1 2 concurrent null',
  ])
})

test("a key's own limits come on top, and their counter outlives a change", () => {
  const table = tableOf([])
  expect(table.limitsExchanges).toBe(false)
  expect(table.ofExchange(subject)).toBe(table.ofExchange({ ...subject, key: 'key_2' }))
  const before = table.ofExchange({ ...subject, own: { requestsPerMinute: 60, concurrent: 2 } })
  const after = table.ofExchange({ ...subject, own: { requestsPerMinute: 90, burst: '2x' } })
  expect(said(before)).toEqual(['key key_1 60 requests minute', 'key key_1 2 concurrent null'])
  expect(after[0]?.key).toBe(before[0]?.key ?? '')
  expect(after[0]?.capacity).toBe(180)
})

test('sessions and tags of one name in two organisations are two', () => {
  const table = tableOf([
    { level: 'session', concurrent: 1 },
    { level: 'tag', concurrent: 1 },
  ])
  const one = table.ofExchange(subject).map(({ key }) => key)
  const other = table.ofExchange({ ...subject, organisation: 'org_2' }).map(({ key }) => key)
  expect(one.filter((key) => other.includes(key))).toEqual([])
})

test('targets: model, provider, and what the provider allows all of us or each of our keys', () => {
  const allowed = (written: unknown) => toProviderLimits(providerLimitsSettings.parse(written))
  const table = tableOf(
    [
      { level: 'model', match: 'claude-opus-*', concurrent: 2 },
      { level: 'provider', requests_per_minute: 9 },
      { level: 'key', concurrent: 1 },
    ],
    {
      anthropic: allowed({ requests_per_minute: 50 }),
      openai: allowed({ per: 'provider', tokens_per_minute: 1000, burst: 10 }),
    },
  )
  const target = { provider: 'anthropic', model: 'claude-opus-4-5', credential: 'c1' }
  expect(said(table.ofTarget(target))).toEqual([
    'model claude-opus-4-5 2 concurrent null',
    'provider anthropic 9 requests minute',
    'credential c1 50 requests minute',
  ])
  const openai = table.ofTarget({ provider: 'openai', model: 'gpt-5.1', credential: 'c2' })
  expect(said(openai)).toEqual(['provider openai 9 requests minute', 'provider openai 1000 tokens minute'])
  expect(openai[1]?.capacity).toBe(10)
  expect(openai[0]?.key).not.toBe(openai[1]?.key ?? '')
})

test('what makes no sense is refused', () => {
  const fails = (written: unknown) => limitsSettings.safeParse([written]).success === false
  expect(fails({ level: 'key' })).toBe(true)
  expect(fails({ level: 'key', burst: '2x' })).toBe(true)
  expect(fails({ level: 'key', requests_per_minute: 0 })).toBe(true)
  expect(fails({ level: 'key', requests_per_minute: 1.5 })).toBe(true)
  expect(fails({ level: 'key', requests_per_week: 5 })).toBe(true)
  expect(fails({ level: 'world', requests_per_minute: 5 })).toBe(true)
  expect(fails({ level: 'global', match: 'x', requests_per_minute: 5 })).toBe(true)
  expect(fails({ level: 'key', requests_per_minute: 5, tokens_per_minute: 5, burst: 7 })).toBe(true)
  expect(fails({ level: 'key', requests_per_minute: 5, burst: 'x' })).toBe(true)
  expect(fails({ level: 'key', requests_per_minute: 5, burst: '0.2x' })).toBe(false)
})

test('clients that repeat themselves are stopped unless somebody says otherwise', () => {
  expect(limitsRunawaySettings.parse(undefined)).toEqual({ repeats: 20, window: 10_000 })
  expect(limitsRunawaySettings.parse({ repeats: 5 })).toEqual({ repeats: 5, window: 10_000 })
  expect(limitsRunawaySettings.parse('off')).toBe('off')
  expect(limitsRunawaySettings.safeParse({ repeats: 0 }).success).toBe(false)
})
