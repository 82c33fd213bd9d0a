import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type GenerateRequest, isJsonObject, type JsonObject, type ProtocolId } from '../../ir/index.ts'
import { protocols } from '../../protocols/index.ts'
import { requestOf, runPass } from '../settings/context.fixture.ts'
import { visitFields } from './foreign-fields.ts'
import { foreignFields, foreignFieldTable } from './index.ts'

const shared = process.env['TGW_SHARED'] ?? join(import.meta.dir, '../../../../shared')
const hasShared = existsSync(join(shared, 'recordings'))
if (!hasShared)
  console.warn(`skipped: recorded requests against the table of foreign fields (${shared} is absent)`)

const decode = (protocol: ProtocolId, body: unknown, path = '/v1/x'): GenerateRequest | undefined =>
  protocols[protocol].generate?.decodeRequest(
    {
      method: 'POST',
      path,
      parameters: { model: 'm' },
      query: new URLSearchParams(),
      headers: new Headers({ 'anthropic-version': '2023-06-01', 'anthropic-beta': 'claude-code-20250219' }),
      body: new TextEncoder().encode(JSON.stringify(body)),
    },
    { locations: true },
  )

const judge = (protocol: ProtocolId, body: JsonObject) => {
  const request = decode(protocol, body)
  if (request === undefined) throw new Error('no codec')
  return runPass(foreignFields, request, protocol === 'gemini' ? 'openai-chat' : 'gemini')
}

const fields = (ran: ReturnType<typeof judge>) => ran.warnings.map(({ feature, path }) => [feature, path])

const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }
const responses = { model: 'm', input: 'hi' }
const anthropic = { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }
const gemini = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }

describe('fields of one protocol alone', () => {
  test('are dropped with a warning, under the clients own names', () => {
    expect(fields(judge('openai-chat', { ...chat, prediction: { type: 'content', content: 'x' } }))).toEqual([
      ['prediction', 'prediction'],
    ])
    expect(
      fields(
        judge('openai-responses', { ...responses, truncation: 'auto', access_programs: { cyber: 'x' } }),
      ),
    ).toEqual([
      ['truncation', 'truncation'],
      ['access_programs', 'access_programs'],
    ])
    expect(
      fields(judge('gemini', { ...gemini, safety_settings: [{ category: 'c' }], labels: { a: 'b' } })),
    ).toEqual([
      ['safetySettings', 'safetySettings'],
      ['labels', 'labels'],
    ])
    expect(
      fields(judge('anthropic-messages', { ...anthropic, output_config: { task_budget: { total: 5 } } })),
    ).toEqual([['output_config.task_budget', 'output_config.task_budget']])
  })

  test('that protect are refused', () => {
    const refused: readonly (readonly [ProtocolId, JsonObject, string])[] = [
      ['openai-chat', { ...chat, modalities: ['text', 'audio'] }, 'modalities'],
      ['openai-chat', { ...chat, provider: { data_collection: 'deny' } }, 'provider'],
      ['openai-responses', { ...responses, prompt: { id: 'pmpt_1' } }, 'prompt'],
      [
        'openai-responses',
        { ...responses, max_tool_calls: 2, tools: [{ type: 'web_search' }] },
        'max_tool_calls',
      ],
      ['anthropic-messages', { ...anthropic, inference_geo: 'us' }, 'inference_geo'],
      ['anthropic-messages', { ...anthropic, container: { id: 'c', skills: [] } }, 'container'],
      [
        'anthropic-messages',
        { ...anthropic, mcp_servers: [{ type: 'url', name: 'n', url: 'u' }] },
        'mcp_servers',
      ],
      ['anthropic-messages', { ...anthropic, fallback_credit_token: 't' }, 'fallback_credit_token'],
      ['gemini', { ...gemini, modelArmorConfig: { promptTemplateName: 'p' } }, 'modelArmorConfig'],
      ['gemini', { ...gemini, cachedContent: 'cachedContents/1' }, 'cachedContent'],
      [
        'gemini',
        { ...gemini, generationConfig: { responseModalities: ['AUDIO'] } },
        'generationConfig.responseModalities',
      ],
      ['gemini', { ...gemini, continuationToken: 't' }, 'continuationToken'],
    ]
    for (const [protocol, body, path] of refused) {
      expect(() => judge(protocol, body)).toThrow(`${path}: `)
    }
  })

  test('of a video are refused where it stands, for a piece is something else', () => {
    const part = { fileData: { fileUri: 'https://youtu.be/x' }, videoMetadata: { startOffset: '5s' } }
    expect(() => judge('gemini', { contents: [{ role: 'user', parts: [{ text: 'a' }, part] }] })).toThrow(
      'contents[0].parts[1].videoMetadata: ',
    )
  })

  test('that say nothing are no loss', () => {
    const silent: readonly (readonly [ProtocolId, JsonObject])[] = [
      ['openai-chat', { ...chat, modalities: ['text'], stream: false, tools: [], prediction: null }],
      [
        'openai-responses',
        {
          ...responses,
          truncation: 'disabled',
          max_tool_calls: 3,
          include: ['x'],
          client_metadata: { a: 'b' },
        },
      ],
      ['anthropic-messages', { ...anthropic, inference_geo: 'global', speed: 'standard', container: null }],
      [
        'anthropic-messages',
        { ...anthropic, context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] } },
      ],
      ['gemini', { ...gemini, safetySettings: [], generationConfig: { responseModalities: ['TEXT'] } }],
    ]
    for (const [protocol, body] of silent) expect(fields(judge(protocol, body))).toEqual([])
  })

  test('that nobody knows are dropped with a warning', () => {
    expect(
      fields(judge('openai-chat', { ...chat, frobnicate: 1, stream_options: { colour: 'red' } })),
    ).toEqual([
      ['frobnicate', 'frobnicate'],
      ['stream_options.colour', 'stream_options.colour'],
    ])
    expect(fields(judge('gemini', { ...gemini, generationConfig: { newThing: true } }))).toEqual([
      ['generationConfig.newThing', 'generationConfig.newThing'],
    ])
  })

  test('are none of the passes business between equal protocols', () => {
    const request = requestOf('gemini', { extensions: { gemini: { cachedContent: 'c' } } })
    expect(runPass(foreignFields, request, 'gemini').request).toBe(request)
  })
})

describe('the table', () => {
  test('has one row for each field, with a reason and the row of the matrix', () => {
    const keys = foreignFieldTable.map(({ protocol, level, field }) => `${protocol} ${level} ${field}`)
    expect(new Set(keys).size).toBe(keys.length)
    for (const { policy, reason, row, unless, judge: decide } of foreignFieldTable) {
      expect(row).not.toBe('')
      if (policy !== 'inside') expect(reason).not.toBe('')
      expect(unless === undefined).toBe(decide === undefined)
    }
  })

  test.skipIf(!hasShared)(
    'knows every field of recorded requests, but for those that one server made up',
    () => {
      const unknown = new Set<string>()
      let requests = 0
      for (const [protocol, body] of recordedRequests()) {
        const request = decode(
          protocol,
          body,
          protocol === 'gemini' ? '/v1beta/models/m:generateContent' : '/v1/x',
        )
        if (request === undefined) continue
        requests++
        visitFields(request, ({ level, field, isKnown }) => {
          if (!isKnown) unknown.add(`${protocol} ${level} ${field}`)
        })
      }
      expect(requests).toBeGreaterThan(600)
      expect([...unknown].sort()).toEqual([
        'openai-chat request clear_thinking',
        'openai-chat request enable_thinking',
        'openai-chat request random_seed',
        'openai-chat request reasoning_format',
        'openai-chat request thinking.clear_thinking',
        'openai-chat tool function.external_execution',
        'openai-chat tool function.requires_confirmation',
      ])
    },
  )

  test.skipIf(!hasShared)('lets what agents always send pass without a word', () => {
    const told = new Set<string>()
    for (const name of readdirSync(join(shared, 'recordings'))) {
      if (!/^(?:codex|claude-code|gemini-cli|opencode).*(?<!\.meta)\.json$/.test(name)) continue
      const meta: unknown = JSON.parse(
        readFileSync(join(shared, 'recordings', name.replace('.json', '.meta.json')), 'utf8'),
      )
      const protocol = protocolOf(isJsonObject(meta) ? String(meta['url']) : '')
      if (protocol === undefined) continue
      const request = decode(protocol, JSON.parse(readFileSync(join(shared, 'recordings', name), 'utf8')))
      if (request === undefined) continue
      visitFields(request, ({ field, policy }) => {
        if (policy !== 'silent') told.add(`${name.replace(/-\d.*$/, '')} ${field} ${policy}`)
      })
    }
    // The warm-up of a WebSocket is the only one that says what nobody else can.
    expect([...told].filter((each) => !each.endsWith(' generate warn'))).toEqual([])
  })
})

const directories: readonly (readonly [string, ProtocolId])[] = [
  ['anthropic', 'anthropic-messages'],
  ['chat', 'openai-chat'],
  ['responses', 'openai-responses'],
  ['gemini', 'gemini'],
]

const protocolOf = (url: string): ProtocolId | undefined => {
  if (/:(?:generateContent|streamGenerateContent|countTokens)/.test(url)) return 'gemini'
  if (/\/responses/.test(url)) return 'openai-responses'
  if (/\/messages/.test(url)) return 'anthropic-messages'
  return /\/chat\/completions/.test(url) ? 'openai-chat' : undefined
}

function* recordedRequests(): Generator<readonly [ProtocolId, unknown]> {
  for (const [folder, protocol] of directories) {
    for (const name of readdirSync(join(shared, 'corpus', folder))) {
      const record: unknown = JSON.parse(readFileSync(join(shared, 'corpus', folder, name), 'utf8'))
      const request = isJsonObject(record) ? record['request'] : undefined
      if (isJsonObject(request)) yield [protocol, request]
    }
  }
  for (const name of readdirSync(join(shared, 'recordings'))) {
    if (!name.endsWith('.meta.json')) continue
    const meta: unknown = JSON.parse(readFileSync(join(shared, 'recordings', name), 'utf8'))
    const protocol = protocolOf(isJsonObject(meta) ? String(meta['url']) : '')
    const body = join(shared, 'recordings', name.replace('.meta.json', '.json'))
    if (protocol !== undefined && existsSync(body)) yield [protocol, JSON.parse(readFileSync(body, 'utf8'))]
  }
}
