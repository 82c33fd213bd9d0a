import { type AdminParts, adminApi } from '../../src/admin/index.ts'
import type { Seeded } from '../compatibility/seeded.ts'

export interface AdminRoutePattern {
  readonly method: string
  /** `/api/v1/keys/:id`. */
  readonly path: string
}

/** Every route of the admin API, as Hono has it: also those that come later. */
export const adminRoutes = (): readonly AdminRoutePattern[] => {
  const parts = new Proxy({}, { get: () => () => undefined }) as AdminParts
  const seen = new Set<string>()
  return adminApi(parts)
    .routes.filter(({ method }) => method !== 'ALL')
    .flatMap(({ method, path }) => {
      const id = `${method} ${path}`
      if (seen.has(id)) return []
      seen.add(id)
      return [{ method, path }]
    })
}

export interface FuzzCase {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly contentType: string | undefined
  readonly body: string | Uint8Array<ArrayBuffer> | undefined
}

/** What the fuzzer knows of the server so far: names and ids from its own answers find the deeper places. */
export interface FuzzMemory {
  readonly ids: string[]
  readonly fields: string[]
}

export const newMemory = (): FuzzMemory => ({ ids: [], fields: [...commonFields] })

/** Remembers ids and names of an answer, and the fields that an error names. */
export const learn = (memory: FuzzMemory, answer: unknown): void => {
  const add = (list: string[], value: string, most: number): void => {
    if (value !== '' && value.length < 100 && !list.includes(value) && list.length < most) list.push(value)
  }
  const visit = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > 4) return
    for (const [key, child] of Object.entries(value)) {
      if (/^\w+$/.test(key) && Number.isNaN(Number(key))) add(memory.fields, key, 300)
      if (typeof child === 'string' && /^(?:id|exchange|organisation|cursor|next|param)$/.test(key)) {
        add(key === 'param' ? memory.fields : memory.ids, child, 300)
      }
      visit(child, depth + 1)
    }
  }
  visit(answer, 0)
}

export const fuzzCase = (route: AdminRoutePattern, random: Seeded, memory: FuzzMemory): FuzzCase => {
  const path = route.path.replaceAll(/:\w+(?:\{[^}]*\})?\??/g, () =>
    encodeURIComponent(pathValue(random, memory)),
  )
  const query = random.below(3) === 0 ? '' : `?${queryText(random, memory)}`
  const method = random.below(12) === 0 ? pick(random, otherMethods) : route.method
  const takesBody = method !== 'GET' && method !== 'HEAD'
  return {
    method,
    path: path + query,
    contentType: takesBody && random.below(5) === 0 ? pick(random, contentTypes) : 'application/json',
    body: takesBody ? body(random, memory) : undefined,
  }
}

const otherMethods = ['GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS', 'HEAD', 'PROPFIND'] as const
const contentTypes = [
  undefined,
  '',
  'text/plain',
  'application/xml',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  'application/x-www-form-urlencoded',
  'application/octet-stream',
] as const

const pick = <T>(random: Seeded, items: readonly T[]): T => {
  const [first] = random.sample(items, 1)
  if (first === undefined && !items.includes(first as T)) throw new RangeError('nothing to choose from')
  return first as T
}

const pathValue = (random: Seeded, { ids }: FuzzMemory): string =>
  ids.length > 0 && random.below(2) === 0 ? pick(random, ids) : pick(random, texts) || 'x'

const queryText = (random: Seeded, memory: FuzzMemory): string =>
  Array.from({ length: 1 + random.below(4) }, () => {
    const name = random.below(6) === 0 ? pick(random, texts) : pick(random, [...queryNames, ...memory.fields])
    const value =
      random.below(3) === 0 && memory.ids.length > 0
        ? pick(random, memory.ids)
        : pick(random, [...texts, ...queryValues])
    return `${encodeURIComponent(name.slice(0, 200))}=${encodeURIComponent(value.slice(0, 4000))}`
  }).join('&')

const body = (random: Seeded, memory: FuzzMemory): string | Uint8Array<ArrayBuffer> => {
  if (random.below(4) === 0) return pick(random, rawBodies)
  if (random.below(6) === 0) return JSON.stringify(pick(random, values))
  return JSON.stringify(object(random, memory, 0))
}

const object = (random: Seeded, memory: FuzzMemory, depth: number): Record<string, unknown> =>
  Object.fromEntries(
    Array.from({ length: random.below(7) }, () => [
      pick(random, memory.fields),
      value(random, memory, depth),
    ]),
  )

const value = (random: Seeded, memory: FuzzMemory, depth: number): unknown => {
  const choice = random.below(10)
  if (choice < 2 && memory.ids.length > 0) return pick(random, memory.ids)
  if (choice < 5) return pick(random, texts)
  if (choice < 8 || depth > 2) return pick(random, values)
  if (choice === 8) return object(random, memory, depth + 1)
  return Array.from({ length: random.below(4) }, () => value(random, memory, depth + 1))
}

/** A lone half of a surrogate pair is no text in UTF-8, and JSON can say it. */
const loneSurrogate = String.fromCharCode(0xd800)

const texts: readonly string[] = [
  '',
  ' ',
  'x',
  'true',
  '0',
  '-1',
  '1e309',
  'NaN',
  '99999999999999999999999',
  'null',
  'a'.repeat(300),
  'ä'.repeat(3_000),
  '\u0000',
  'nul\u0000inside',
  '💣\u202etxt',
  loneSurrogate.length === 1 ? '\ufffd' : '',
  '../../../etc/passwd',
  '%2e%2e%2f',
  '%',
  '%_',
  "'; drop table virtual_keys; --",
  '" or 1=1',
  '\\',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'toString',
  '*',
  'a/b',
  'default',
  'openai',
  'loopback',
  'http://127.0.0.1:1',
  'https://user:pass@example.com/?q#f',
  'file:///etc/passwd',
  '2026-02-30T25:61:00Z',
  '+275760-09-13T00:00:00.001Z',
  '-271821-04-19T23:59:59.999Z',
  'Europe/Nowhere',
  'day',
  'model',
  'key',
  'csv',
  'jsonl',
]

const values: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  0.1,
  1e-9,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  [],
  {},
  [[]],
  [null],
  [''],
  ['*'],
  { a: { b: { c: [] } } },
  { models: ['*'], endpoints: null, providers: null },
  { models: 'x', endpoints: [1] },
  'a'.repeat(20_000),
  loneSurrogate,
  Array.from({ length: 2_000 }, (_, index) => String(index)),
]

const rawBodies: readonly (string | Uint8Array<ArrayBuffer>)[] = [
  '',
  ' ',
  '{',
  '}',
  '[]',
  'null',
  '"text"',
  '12',
  '{"a":1}}',
  '{"a":1,}',
  "{'a':1}",
  '\uFEFF{}',
  '{"name":"a","name":"b"}',
  '{"__proto__":{"role":"owner"},"constructor":{"prototype":{"x":1}}}',
  `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
  `{"name":"${'a'.repeat(1_100_000)}"}`,
  '{"name":1e999999}',
  `{"name":"\\u${'d800'}"}`,
  'name=x&scopes=y',
  '<xml/>',
  new Uint8Array([0xff, 0xfe, 0x00, 0x7b, 0x7d]),
  new Uint8Array([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
]

const queryNames = [
  'limit',
  'after',
  'cursor',
  'from',
  'to',
  'by',
  'key',
  'provider',
  'model',
  'organisation',
  'live',
  'route',
  'at',
  'header',
  'input_tokens',
  'format',
]
const queryValues = [
  '1',
  '1000',
  '1001',
  '1e3',
  '0x10',
  '1767225600000',
  '9'.repeat(30),
  '2026-11-01',
  'a=b',
  'x-a=\u00e9',
]

const commonFields = [
  'name',
  'id',
  'scopes',
  'models',
  'options',
  'expiresAt',
  'disabled',
  'overlapSeconds',
  'provider',
  'label',
  'secret',
  'origin',
  'level',
  'match',
  'limit_usd',
  'limit_tokens',
  'period',
  'timezone',
  'mode',
  'role',
  'email',
  'organisation',
  'team',
  'user',
  'metadata',
  'tags',
  'cidrs',
  'prices',
]
