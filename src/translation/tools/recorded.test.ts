/** Requests of real clients and of the corpus, for every target of another protocol. */
import { describe, expect, test } from 'bun:test'
import {
  type CorpusFolder,
  clientRecordings,
  corpus,
  corpusAvailable,
  wireRequest,
} from '../../../test/support/corpus.ts'
import { GatewayError } from '../../errors.ts'
import { bare, type GenerateRequest, type ToolDefinition } from '../../ir/index.ts'
import { protocols } from '../../protocols/index.ts'
import { isCallIdFor } from './call-id-rule.ts'
import { isNameFor } from './name-rule.ts'
import { callEvents, type Run, runAll, targetOf } from './tool-target.fixture.ts'

const ids = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const
type Id = (typeof ids)[number]

interface Recorded {
  readonly name: string
  readonly request: GenerateRequest
}

const decode = (id: Id, path: string, headers: Headers, query: URLSearchParams, body: string) =>
  protocols[id].generate?.decodeRequest(wireRequest(protocols[id], { path, headers, query, body }), {
    locations: true,
  })

const protocolOf = (path: string): Id | undefined => {
  if (path.endsWith('/messages')) return 'anthropic-messages'
  if (path.endsWith('/chat/completions')) return 'openai-chat'
  if (path.endsWith('/responses')) return 'openai-responses'
  return path.includes('enerateContent') ? 'gemini' : undefined
}

const recordings = (): readonly Recorded[] =>
  clientRecordings(({ method }) => method === 'POST').flatMap(({ name, path, headers, query, text }) => {
    const id = protocolOf(path)
    const request = id === undefined || text === '' ? undefined : decode(id, path, headers, query, text)
    // What continues an answer that another provider holds has half a history.
    return request === undefined || request.previousResponseId !== undefined ? [] : [{ name, request }]
  })

const folders: readonly (readonly [CorpusFolder, Id, string])[] = [
  ['anthropic', 'anthropic-messages', '/v1/messages'],
  ['chat', 'openai-chat', '/v1/chat/completions'],
  ['responses', 'openai-responses', '/v1/responses'],
  ['gemini', 'gemini', '/v1beta/models/gemini-2.5-flash:generateContent'],
]

const records = (): readonly Recorded[] =>
  folders.flatMap(([folder, id, path]) =>
    corpus(folder).flatMap(({ name, request, requestHeaders }) => {
      if (request === undefined) return []
      const decoded = decode(id, path, requestHeaders, new URLSearchParams(), request.text)
      return decoded === undefined ? [] : [{ name, request: decoded }]
    }),
  )

const others = ({ protocol }: GenerateRequest): readonly Id[] => ids.filter((id) => id !== protocol)

/** Undefined where the request is refused, as it must be: with the place. */
const outcome = (request: GenerateRequest, to: Id): Run | undefined => {
  try {
    return runAll(request, targetOf(to, { customTools: to === 'openai-responses' }))
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    expect(error.code).toBe('gateway_translation_unsupported')
    expect(error.param ?? '').not.toBe('')
    return undefined
  }
}

const expectSayable = ({ request }: Run, to: Id): void => {
  const seen = new Set<string>()
  for (const tool of request.tools) {
    expect(['function', 'custom']).toContain(tool.type)
    if (tool.type !== 'server') expect(isNameFor(to, tool.name)).toBe(true)
  }
  for (const part of request.turns.flatMap((turn) => turn.parts)) {
    if (part.type === 'tool-call') {
      expect(isNameFor(to, part.name)).toBe(true)
      expect(isCallIdFor(to, part.id ?? '')).toBe(true)
      expect(seen.has(part.id ?? '')).toBe(false)
      seen.add(part.id ?? '')
    } else if (part.type === 'tool-result') expect(seen.has(part.callId ?? '')).toBe(true)
    else expect(part.type).not.toMatch(/^server/)
  }
}

/** Tools as the client may be called back, the default namespace left out. */
const declared = (tools: readonly ToolDefinition[], namespace?: string): readonly string[] =>
  tools.flatMap((tool) => {
    if (tool.type === 'namespace')
      return declared(tool.tools, tool.name === 'functions' ? undefined : tool.name)
    return tool.type === 'server' ? [] : [`${tool.type} ${namespace ?? ''}/${tool.name}`]
  })

const calledBack = ({ request, answer }: Run): readonly string[] =>
  request.tools.flatMap((tool) => {
    const [event] = answer(
      callEvents({ name: tool.name ?? '', kind: tool.type === 'custom' ? 'custom' : 'function' }, []),
    )
    if (event?.type !== 'tool-call-start' || event.part.type !== 'tool-call') return []
    const { kind, name, namespace } = event.part
    return [`${kind} ${namespace ?? ''}/${name}`]
  })

describe.skipIf(!corpusAvailable('tools of recorded requests'))('recorded requests', () => {
  test('of real clients can be said to every other protocol, and their tools be called back', () => {
    let count = 0
    for (const { request } of recordings()) {
      for (const to of others(request)) {
        const run = outcome(request, to)
        expect(run).toBeDefined()
        if (run === undefined) continue
        expectSayable(run, to)
        const known = declared([...request.tools, ...request.turns.flatMap((turn) => turn.tools ?? [])])
        for (const name of calledBack(run)) expect(known).toContain(name)
        count++
      }
    }
    expect(count).toBeGreaterThan(500)
  })

  test('of the corpus are sayable afterwards, or refused with the place', () => {
    let count = 0
    for (const { request } of records()) {
      for (const to of others(request)) {
        const run = outcome(request, to)
        if (run !== undefined) expectSayable(run, to)
        count++
      }
    }
    expect(count).toBeGreaterThan(500)
  })

  test('that go on extend what was sent before', () => {
    const byName = new Map(recordings().map(({ name, request }) => [name, request]))
    let count = 0
    for (const [name, longer] of byName) {
      const number = Number(/-(\d+)$/.exec(name)?.[1] ?? 0)
      const shorter = byName.get(name.replace(/-\d+$/, `-${number - 1}`))
      if (shorter === undefined || !extendsHistory(shorter, longer)) continue
      for (const to of others(longer)) {
        const before = outcome(shorter, to)?.request
        const after = outcome(longer, to)?.request
        expect(bare(after?.tools)).toEqual(bare(before?.tools))
        const begun: unknown = bare(after?.turns.slice(0, before?.turns.length))
        expect(begun).toEqual(bare(before?.turns))
        count++
      }
    }
    expect(count).toBeGreaterThan(100)
  })
})

const extendsHistory = (shorter: GenerateRequest, longer: GenerateRequest): boolean =>
  longer.turns.length > shorter.turns.length &&
  Bun.deepEquals(bare(longer.tools), bare(shorter.tools)) &&
  Bun.deepEquals(bare(longer.turns.slice(0, shorter.turns.length)), bare(shorter.turns))
