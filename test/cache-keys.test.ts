/** What decides an answer is in the key: every field of every protocol, changed one at a time. */

import { describe, expect, test } from 'bun:test'
import { createSecretKey } from 'node:crypto'
import fc from 'fast-check'
import { cacheKey, createRequestMemory, type KeyQuestion, uncacheable } from '../src/cache/index.ts'
import type { ProtocolId } from '../src/ir/index.ts'
import { completeRequests } from './support/complete-requests.ts'
import { generateCodec } from './support/mirror-upstream.ts'
import { propertyRuns } from './support/property-runs.ts'

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** Settings of each protocol, beside the words that complete requests are made of. */
const settings: Readonly<Partial<Record<ProtocolId, Json>>> = {
  'openai-chat': {
    stream: true,
    stream_options: { include_usage: true, include_obfuscation: false },
    store: false,
    frequency_penalty: 0.5,
    presence_penalty: 0.5,
    logit_bias: { 50256: -100 },
    logprobs: true,
    top_logprobs: 2,
    max_completion_tokens: 100,
    n: 1,
    parallel_tool_calls: true,
    prediction: { type: 'content', content: 'words' },
    reasoning_effort: 'low',
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: 'n',
        description: 'words',
        strict: true,
        schema: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'number', minimum: 1 } } },
      },
    },
    seed: 7,
    service_tier: 'flex',
    temperature: 0.5,
    top_p: 0.9,
    top_k: 40,
    min_p: 0.1,
    tool_choice: { type: 'function', function: { name: 'f' } },
    verbosity: 'low',
    modalities: ['text'],
    audio: { voice: 'v', format: 'wav' },
    moderation: { model: 'omni' },
    prompt_cache_retention: '24h',
    unheard_of: { at: 1, raw: 'x', form: 'y', cache: { ttl: 'z' } },
  },
  'openai-responses': {
    stream: true,
    store: false,
    background: false,
    include: ['reasoning.encrypted_content'],
    max_output_tokens: 100,
    max_tool_calls: 3,
    parallel_tool_calls: true,
    previous_response_id: 'resp_1',
    reasoning: { effort: 'low', summary: 'auto' },
    service_tier: 'flex',
    temperature: 0.5,
    text: {
      format: { type: 'json_schema', name: 'n', strict: true, schema: { type: 'object' } },
      verbosity: 'low',
    },
    tool_choice: { type: 'function', name: 'f' },
    top_logprobs: 2,
    top_p: 0.9,
    truncation: 'auto',
    user: 'words',
    prompt_cache_key: 'words',
    prompt_cache_retention: '24h',
    safety_identifier: 'words',
    metadata: { note: 'words' },
    unheard_of: { at: 1, raw: 'x', form: 'y', cache: { ttl: 'z' } },
  },
  'anthropic-messages': {
    stream: true,
    max_tokens: 100,
    metadata: { user_id: 'words' },
    service_tier: 'auto',
    stop_sequences: ['words'],
    temperature: 0.5,
    top_k: 40,
    top_p: 0.9,
    thinking: { type: 'enabled', budget_tokens: 1024 },
    output_config: { effort: 'low', format: { type: 'json_schema', schema: { type: 'object' } } },
    tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true },
    container: 'c',
    context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] },
    inference_geo: 'eu',
    cache_control: { type: 'ephemeral', ttl: '1h' },
    unheard_of: { at: 1, raw: 'x', form: 'y', cache: { ttl: 'z' } },
  },
  gemini: {
    generationConfig: {
      stopSequences: ['words'],
      responseMimeType: 'application/json',
      responseJsonSchema: { type: 'object', properties: { a: { type: 'string' } } },
      candidateCount: 1,
      maxOutputTokens: 100,
      temperature: 0.5,
      topP: 0.9,
      topK: 40,
      seed: 7,
      presencePenalty: 0.5,
      frequencyPenalty: 0.5,
      responseLogprobs: true,
      logprobs: 2,
      thinkingConfig: { includeThoughts: true, thinkingBudget: 512 },
      mediaResolution: 'MEDIA_RESOLUTION_LOW',
      responseModalities: ['TEXT'],
      speechConfig: { languageCode: 'de' },
      unheardOf: 1,
    },
    safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
    toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } },
    cachedContent: 'cachedContents/1',
    labels: { team: 'words' },
    unheardOf: { at: 1, raw: 'x', form: 'y', cache: { ttl: 'z' } },
  },
}

/** Changes that make no difference: paths of the wire, with the reason. */
const undecided: Readonly<Partial<Record<ProtocolId, Readonly<Record<string, RegExp>>>>> = {
  'openai-chat': {
    'the targets stand for the model': /^model$/,
    'whole or streamed is one thing': /^stream(_options(\..*)?)?$/,
    'who asks': /^(user|safety_identifier|metadata(\..*)?)$/,
    'prompt caches': /^prompt_cache_(key|retention)$|cache_control/,
    'where it is kept': /^store$/,
  },
  'openai-responses': {
    'the targets stand for the model': /^model$/,
    'whole or streamed is one thing': /^stream(_options(\..*)?)?$/,
    'who asks': /^(user|safety_identifier|metadata(\..*)?)$/,
    'prompt caches': /^prompt_cache_(key|retention)$/,
    'where it is kept': /^store$/,
  },
  'anthropic-messages': {
    'the targets stand for the model': /^model$/,
    'whole or streamed is one thing': /^stream$/,
    'who asks': /^metadata(\..*)?$/,
    'prompt caches': /cache_control/,
  },
  gemini: {
    'the model stands in the path': /^model$/,
    'labels for the bill': /^labels(\..*)?$/,
  },
}

const nameKey = createSecretKey(Buffer.alloc(32, 7))

/** Of all requests of this file, in all protocols. */
const memory = createRequestMemory(0)

const question = (protocol: ProtocolId, body: unknown, changes: Partial<KeyQuestion> = {}): KeyQuestion => {
  const tenant = changes.tenant ?? { organisation: 'org', team: 'team', user: 'user', key: 'key' }
  const request = {
    method: 'POST',
    path: '/',
    parameters: { model: 'm' },
    query: new URLSearchParams(),
    headers: new Headers(),
    body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
  }
  return {
    nameKey,
    tenant,
    scope: 'organisation',
    request: generateCodec(protocol).decodeRequest(request),
    headers: new Headers(),
    query: new URLSearchParams(),
    route: 'rule',
    targets: [{ provider: 'p', model: 'm' }],
    treatment: [],
    recall: (make) => {
      const recalled = memory.recall({ organisation: tenant.organisation, protocol, request }, make)
      expect(recalled).toEqual(make())
      return recalled
    },
    ...changes,
  }
}

const hashOf = (
  protocol: ProtocolId,
  body: unknown,
  changes: Partial<KeyQuestion> = {},
): string | undefined => cacheKey(question(protocol, body, changes))?.hash

/** Undefined where the protocol does not take such a request at all, which is then no matter of the cache. */
const tryHash = (protocol: ProtocolId, body: unknown): string | undefined => {
  try {
    return hashOf(protocol, body)
  } catch {
    return undefined
  }
}

interface Mutation {
  readonly path: string
  readonly how: string
  readonly body: Json
}

/** Every value changed, every member taken away, and a member that nobody knows put into every object. */
const mutations = (
  value: Json,
  path = '',
  put: (changed: Json) => Json = (changed) => changed,
): Mutation[] => {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`)
  if (typeof value !== 'object' || value === null)
    return otherThan(value).map((other) => ({ path, how: `${value} -> ${other}`, body: put(other) }))
  if (Array.isArray(value)) {
    const list: readonly Json[] = value
    return [
      ...list.map((_, index) => ({
        path: at(String(index)),
        how: 'taken away',
        body: put(list.toSpliced(index, 1)),
      })),
      ...list.flatMap((one, index) =>
        mutations(one, at(String(index)), (changed) => put(list.with(index, changed))),
      ),
    ]
  }
  const members: { readonly [key: string]: Json } = value as { readonly [key: string]: Json }
  const without = (name: string): Json =>
    Object.fromEntries(Object.entries(members).filter(([key]) => key !== name))
  return [
    { path: at('zz_new'), how: 'put in', body: put({ ...members, zz_new: 1 }) },
    ...Object.keys(members).map((name) => ({ path: at(name), how: 'taken away', body: put(without(name)) })),
    ...Object.entries(members).flatMap(([name, one]) =>
      mutations(one, at(name), (changed) => put({ ...members, [name]: changed })),
    ),
  ]
}

const otherThan = (value: string | number | boolean | null): readonly Json[] => {
  if (typeof value === 'string') return [`${value}x`]
  if (typeof value === 'number') return [value + 1]
  return typeof value === 'boolean' ? [!value] : ['x']
}

/** Another value of what does not decide; to say nothing at all may be another key, and so may what is no mark. */
const isOtherValue = /^(?!.*\.type ).* -> /
/** Taken for a user's message, which a provider would refuse. */
const isTaken = /^messages\.\d+\.role taken away$/

const isObject = (value: unknown): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const generating = completeRequests.flatMap(({ name, protocol, path, body }) =>
  settings[protocol] !== undefined && !/count|embed|input_tokens|compact/i.test(path) && isObject(body)
    ? [{ name, protocol, body }]
    : [],
)

describe('a change of a field that decides is another key', () => {
  for (const { name, protocol, body } of generating) {
    const more = settings[protocol]
    const bodies: readonly (readonly [string, Json])[] = [
      [name, body],
      [`${name}, with all settings`, { ...body, ...(isObject(more) ? more : {}) }],
    ]
    for (const [title, full] of bodies) {
      test(title, () => {
        const before = hashOf(protocol, full)
        const skips = Object.values(undecided[protocol] ?? {})
        const missed: string[] = []
        const needless: string[] = []
        let decided = 0
        for (const { path, how, body: changed } of mutations(full)) {
          const after = tryHash(protocol, changed)
          const isUndecided = skips.some((skip) => skip.test(path))
          if (isUndecided) {
            if (after !== undefined && after !== before && isOtherValue.test(`${path} ${how}`))
              needless.push(`${path} ${how}`)
          } else if (after === before && !isTaken.test(`${path} ${how}`)) missed.push(`${path} ${how}`)
          else decided++
        }
        expect(missed).toEqual([])
        expect(needless).toEqual([])
        expect(decided).toBeGreaterThan(2)
      })
    }
  }

  test('who may answer, how the gateway treats it, betas, and what the query asks', () => {
    const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }
    const hash = (changes: Partial<KeyQuestion>) => hashOf('openai-chat', body, changes)
    const all = [
      hash({}),
      hash({ targets: [{ provider: 'p', model: 'n' }] }),
      hash({ targets: [{ provider: 'q', model: 'm' }] }),
      hash({
        targets: [
          { provider: 'p', model: 'm' },
          { provider: 'q', model: 'm' },
        ],
      }),
      hash({ route: 'another' }),
      hash({ treatment: [true] }),
      hash({ headers: new Headers({ 'anthropic-beta': 'context-1m' }) }),
      hash({ headers: new Headers({ 'openai-beta': 'x' }) }),
      hash({ headers: new Headers({ 'x-nobody-knows': 'x' }) }),
      hash({ query: new URLSearchParams('fields=a') }),
    ]
    expect(new Set(all).size).toBe(all.length)
    const noise = new Headers({
      'user-agent': 'x',
      'x-stainless-retry-count': '1',
      'anthropic-version': '2023-06-01',
      authorization: 'Bearer x',
      'x-api-key': 'x',
      'x-goog-api-key': 'x',
      'openai-organization': 'x',
      'x-request-id': 'y',
      cookie: 'z',
      traceparent: 't',
      'x-tollgate-session': 's',
      'x-claude-code-session-id': 's',
      accept: 'text/event-stream',
      'cache-control': 'no-cache',
    })
    expect(hash({ headers: noise, query: new URLSearchParams('alt=sse&key=k') })).toBe(hash({}))
  })
})

/** The same JSON with keys in another order and white space between all tokens. */
const rewritten = (value: Json): string => {
  if (Array.isArray(value)) return `[ ${value.map(rewritten).join(' ,\n ')} ]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.entries(value)
    .reverse()
    .map(([key, one]) => `${JSON.stringify(key)} :\t${rewritten(one)}`)
  return `{ ${members.join(' ,\n ')} }`
}

/** In schemas the order decides in which order models write; in calls it is what the model wrote. */
const hasOrder = (key: string): boolean =>
  /^(parameters|schema|input_schema|responseJsonSchema|responseSchema|response_json_schema|parametersJsonSchema|responseJsonSchema|output_schema|input|args|response|config|properties|arguments|format)$/.test(
    key,
  )

const spaced = (value: Json, keepsOrder = false): string => {
  if (Array.isArray(value)) return `[ ${value.map((one) => spaced(one, keepsOrder)).join(' ,\n ')} ]`
  if (!isObject(value)) return JSON.stringify(value)
  const entries = Object.entries(value)
  const members = (keepsOrder ? entries : entries.reverse()).map(
    ([key, one]) =>
      `${JSON.stringify(key)} :\t${spaced(one, keepsOrder || (hasOrder(key) && isObject(one)))}`,
  )
  return `{ ${members.join(' ,\n ')} }`
}

describe('the same in other bytes is the same key', () => {
  test('order of keys and white space', () => {
    const body = {
      model: 'm',
      temperature: 1,
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: [{ type: 'text', text: 'hi' }] },
      ],
      response_format: { type: 'json_object' },
      unheard_of: { b: 1, a: { d: [1, { f: 2, e: 3 }], c: null } },
    }
    expect(hashOf('openai-chat', rewritten(body))).toBe(hashOf('openai-chat', body))
  })

  for (const { name, protocol, body } of generating) {
    if (uncacheable(question(protocol, body).request) !== undefined) continue
    test(`${name}: a whole request`, () => {
      expect(hashOf(protocol, spaced(body))).toBe(hashOf(protocol, body))
    })
  }

  test('a text as a string and as a list, a number with and without a point', () => {
    const ask = (content: Json, temperature: string) =>
      hashOf(
        'openai-chat',
        `{"model":"m","temperature":${temperature},"messages":${JSON.stringify([{ role: 'user', content }])}}`,
      )
    expect(ask('hi', '1')).toBe(ask([{ type: 'text', text: 'hi' }], '1.0'))
  })

  test('the order of properties in a schema decides', () => {
    const ask = (schema: string) =>
      hashOf(
        'openai-chat',
        `{"model":"m","messages":[],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":${schema}}}}`,
      )
    expect(ask('{"properties":{"a":{},"b":{}}}')).not.toBe(ask('{"properties":{"b":{},"a":{}}}'))
    expect(ask('{"properties":{"a":{},"b":{}}}')).toBe(ask('{ "properties" : {"a":{}, "b":{}}}'))
  })
})

describe('two organisations never share', () => {
  const words = fc.string({ maxLength: 12 })
  const part = fc.oneof(
    words.map((text) => ({ type: 'text', text })),
    words.map((text) => ({
      type: 'image_url',
      image_url: { url: `data:image/png;base64,${btoa(encodeURI(text))}` },
    })),
  )
  const body = fc.record(
    {
      model: fc.constantFrom('m', 'n'),
      messages: fc.array(
        fc.record({ role: fc.constantFrom('user', 'system'), content: fc.oneof(words, fc.array(part)) }),
        { maxLength: 4 },
      ),
      temperature: fc.double({ min: 0, max: 2, noNaN: true }),
      seed: fc.integer(),
      tools: fc.array(
        words.map((name) => ({ type: 'function', function: { name, parameters: { type: 'object' } } })),
        { maxLength: 2 },
      ),
    },
    { requiredKeys: ['model', 'messages'] },
  )
  // Ids that run into one another if they are only joined.
  const id = fc.oneof(
    fc.constantFrom('a', 'ab', 'b', '', '["a"]', 'a","b', 'a/b'),
    fc.string({ maxLength: 6 }),
  )
  const scope = fc.constantFrom('organisation', 'team', 'user', 'key' as const)
  const tenant = fc.record({ organisation: id, team: id, user: id, key: id })

  test('whatever they ask, and whoever in them asks', () => {
    fc.assert(
      fc.property(
        body,
        body,
        tenant,
        tenant,
        scope,
        scope,
        (one, other, mine, theirs, myScope, theirScope) => {
          const own = cacheKey(question('openai-chat', one, { tenant: mine, scope: myScope }))
          const foreign = cacheKey(question('openai-chat', other, { tenant: theirs, scope: theirScope }))
          if (mine.organisation !== theirs.organisation) expect(own?.hash).not.toBe(foreign?.hash)
          // The same people ask the same: the same key, and no other.
          const again = cacheKey(
            question('openai-chat', structuredClone(one), { tenant: { ...mine }, scope: myScope }),
          )
          expect(again?.hash).toBe(own?.hash)
        },
      ),
      { numRuns: propertyRuns(150) },
    )
  })

  test('a narrower scope is shared by nobody else, and nobody without a user has the scope of a user', () => {
    fc.assert(
      fc.property(
        body,
        tenant,
        tenant,
        fc.constantFrom('team', 'user', 'key' as const),
        (asked, one, other, narrow) => {
          const mine = cacheKey(question('openai-chat', asked, { tenant: one, scope: narrow }))
          const theirs = cacheKey(question('openai-chat', asked, { tenant: other, scope: narrow }))
          const isSame = one.organisation === other.organisation && one[narrow] === other[narrow]
          expect(mine?.hash === theirs?.hash).toBe(isSame)
          const nobody = { ...one, [narrow]: null }
          expect(cacheKey(question('openai-chat', asked, { tenant: nobody, scope: narrow }))).toBeUndefined()
        },
      ),
      { numRuns: propertyRuns(80) },
    )
  })
})
