/**
 * Conversations of any kind, through every client protocol to every provider protocol, with the firewall replacing
 * what it finds: each request to the provider goes on where the one before ended, byte for byte, but for marks.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import type { Part, ProtocolId, Turn } from '../../src/ir/index.ts'
import { oneCall, startGateway, type TestGateway } from '../support/gateway.ts'
import { askAs } from '../support/mirror-client.ts'
import { type MirrorUpstream, startMirror } from '../support/mirror-upstream.ts'
import { brokenPrefix } from '../support/prompt-prefix.ts'
import { type TranslationCase, translationCases } from './translation-cases.ts'

setDefaultTimeout(120_000)

let mirror: MirrorUpstream
let gateway: TestGateway

beforeAll(async () => {
  mirror = startMirror()
  mirror.say = () => ({ text: 'well', input: {} })
  gateway = await startGateway({
    config: [
      ...oneCall,
      'providers:',
      ...translationCases.map((one) => `  ${one.provider}: ${one.config(mirror.url)}`),
      'firewall:',
      '  input: redact',
      '  output: off',
      '  loops: { warn_after: 3, stop_after: 0 }',
      "  custom: [{ id: employees, type: EMPLOYEE, pattern: 'EMP-[0-9]{6}' }]",
      'prompt_cache: { marks: auto }',
    ],
  })
})
afterAll(async () => {
  await gateway.stop()
  await mirror.stop()
})

const long = 'Of EMP-417233 and others, in many words. '.repeat(200)

const said = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((text) => text.trim() !== ''),
  fc.constantFrom(
    'EMP-000001 and EMP-417233',
    '"cache_control"',
    'größe 🐎\n\\',
    '{"a":1.0}',
    long.slice(0, 900),
  ),
)
const round = fc.record({
  asked: said,
  answered: fc.option(said, { nil: undefined }),
  calls: fc.array(fc.record({ path: said, result: said, input: fc.constantFrom(1, 1.5, '1.0') }), {
    maxLength: 2,
  }),
})
type Round = typeof round extends fc.Arbitrary<infer T> ? T : never

/** What a client sends before each answer of the model. */
const requestsOf = (rounds: readonly Round[]): readonly (readonly Turn[])[] => {
  const turns: Turn[] = [
    { role: 'system', parts: [{ type: 'text', text: `You serve. ${long}` }], placement: 'preamble' },
  ]
  const requests: (readonly Turn[])[] = []
  for (const [number, { asked, answered, calls }] of rounds.entries()) {
    turns.push({ role: 'user', parts: [{ type: 'text', text: asked }] })
    requests.push([...turns])
    const text: readonly Part[] =
      answered === undefined && calls.length > 0 ? [] : [{ type: 'text', text: answered ?? 'well' }]
    const id = (index: number): string => `call_${number}_${index}`
    const called = calls.map(
      ({ path, input }, index): Part => ({
        ...{ type: 'tool-call', id: id(index), name: 'read_file', kind: 'function' },
        input: JSON.stringify({ path, input }),
      }),
    )
    turns.push({ role: 'assistant', parts: [...text, ...called] })
    if (calls.length === 0) continue
    const results = calls.map(
      ({ result }, index): Part => ({
        ...{ type: 'tool-result', callId: id(index), name: 'read_file', kind: 'function' },
        content: [{ type: 'text', text: result }],
      }),
    )
    turns.push({ role: 'user', parts: results })
    requests.push([...turns])
    turns.push({ role: 'assistant', parts: [{ type: 'text', text: 'done' }] })
  }
  return requests
}

const histories: Readonly<Partial<Record<ProtocolId, string>>> = {
  'openai-chat': 'messages',
  'openai-responses': 'input',
  'anthropic-messages': 'messages',
  gemini: 'contents',
}
const mark = ',"cache_control":{"type":"ephemeral"}'

const expectExtended = async (
  client: TranslationCase,
  target: TranslationCase,
  requests: readonly (readonly Turn[])[],
): Promise<void> => {
  let before: string | undefined
  for (const turns of requests) {
    const { response, bytes } = await askAs(gateway, client, {
      ...{ model: `${target.provider}/m`, stream: false, turns, maxOutputTokens: 4096 },
      tools: ['read_file', 'write_file'].map((name) => ({
        ...{ type: 'function', name, description: long },
        parameters: '{"type":"object","properties":{"path":{"type":"string"}}}',
      })),
    })
    if (response.status !== 200) throw new Error(`${response.status} ${new TextDecoder().decode(bytes)}`)
    const sent = mirror.last()
    expect(sent).not.toContain('EMP-417233')
    const marks = sent.split(mark).length - 1
    if (target.protocol === 'anthropic-messages') {
      expect(marks).toBeGreaterThanOrEqual(3)
      expect(marks).toBeLessThanOrEqual(4)
    } else expect(marks).toBe(0)
    const bare = sent.replaceAll(mark, '')
    if (before !== undefined) {
      expect(brokenPrefix(before, bare, histories[target.protocol] ?? '')).toBeUndefined()
    }
    before = bare
  }
}

describe('every request goes on where the one before ended', () => {
  for (const client of translationCases) {
    for (const target of translationCases) {
      test(`${client.protocol} to ${target.protocol}`, async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(round, { minLength: 2, maxLength: 5 }), (rounds) =>
            expectExtended(client, target, requestsOf(rounds)),
          ),
          { numRuns: 6 },
        )
      })
    }
  }
})
