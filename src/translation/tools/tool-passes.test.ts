import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Part, ProtocolId, StreamEvent, ToolDefinition, Turn } from '../../ir/index.ts'
import { isCallIdFor } from './call-id-rule.ts'
import { isNameFor } from './name-rule.ts'
import { callEvents, requestOf, runAll, targetOf } from './tool-target.fixture.ts'

const protocols: readonly ProtocolId[] = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini']

const tools: readonly ToolDefinition[] = [
  { type: 'function', name: 'read.file', parameters: '{"type":"object","properties":{}}' },
  { type: 'function', name: `mcp__${'long_'.repeat(20)}` },
  { type: 'custom', name: 'apply_patch' },
  {
    type: 'namespace',
    name: 'clock',
    tools: [
      { type: 'function', name: 'sleep' },
      { type: 'custom', name: 'note' },
    ],
  },
  { type: 'server', tool: 'shell', wireType: 'shell', config: '{"type":"shell"}' },
  { type: 'server', tool: 'web-search', wireType: 'web_search', config: '{"type":"web_search"}' },
]

/** One question, calls, and their results. */
const exchange = (id: string): fc.Arbitrary<readonly Turn[]> =>
  fc
    .array(
      fc.constantFrom<Part>(
        { type: 'tool-call', name: 'read.file', kind: 'function', input: '{"a":1.0}' },
        { type: 'tool-call', name: 'apply_patch', kind: 'custom', input: '*** "x"' },
        { type: 'tool-call', name: 'sleep', namespace: 'clock', kind: 'function', input: '{}' },
        { type: 'tool-call', name: 'gone', kind: 'function', input: '' },
        { type: 'server-call', tool: 'shell', name: 'shell', input: '{"commands":[]}', byClient: true },
        { type: 'server-call', tool: 'web-search', name: 'web_search', input: '{}' },
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((parts) => {
      const calls = parts.map((part, index): Part => ({ ...part, id: `${id}.${index}` }) as Part)
      return [
        { role: 'user', parts: [{ type: 'text', text: `go ${id}` }] },
        { role: 'assistant', parts: calls },
        { role: 'user', parts: calls.flatMap(answerTo) },
        { role: 'assistant', parts: [{ type: 'text', text: 'done' }] },
      ]
    })

const answerTo = (call: Part): readonly Part[] => {
  if (call.type === 'tool-call') {
    return [
      { type: 'tool-result', ...callIdOf(call.id), kind: call.kind, content: [{ type: 'text', text: 'ok' }] },
    ]
  }
  if (call.type !== 'server-call' || call.byClient !== true) return []
  return [
    {
      type: 'server-result',
      ...callIdOf(call.id),
      tool: call.tool,
      name: call.name,
      output: '[{"stdout":"x"}]',
    },
  ]
}

const callIdOf = (id: string | undefined) => (id === undefined ? {} : { callId: id })

const history = fc
  .integer({ min: 1, max: 4 })
  .chain((length) => fc.tuple(...Array.from({ length }, (_, index) => exchange(`functions.f:${index}`))))

const target = fc.constantFrom<ProtocolId>('openai-chat', 'anthropic-messages', 'gemini')

describe('all passes about tools', () => {
  test('leave a request that holds what its target can say', () => {
    fc.assert(
      fc.property(target, history, (to, turns) => {
        const { request } = runAll(
          requestOf('openai-responses', { tools, turns: turns.flat() }),
          targetOf(to),
        )
        for (const tool of request.tools) {
          expect(tool.type).toBe('function')
          expect(isNameFor(to, tool.name ?? '')).toBe(true)
        }
        for (const part of request.turns.flatMap((turn) => turn.parts)) {
          expect(['text', 'tool-call', 'tool-result']).toContain(part.type)
          if (part.type !== 'tool-call') continue
          expect(part).toMatchObject({ kind: 'function' })
          expect(part.namespace).toBeUndefined()
          expect(isNameFor(to, part.name)).toBe(true)
          expect(isCallIdFor(to, part.id ?? '')).toBe(true)
        }
      }),
    )
  })

  test('make of a longer history the continuation of the shorter one', () => {
    fc.assert(
      fc.property(target, history, (to, exchanges) => {
        const run = (turns: readonly Turn[]) =>
          runAll(requestOf('openai-responses', { tools, turns }), targetOf(to)).request
        const after = run(exchanges.flat())
        for (let count = 1; count < exchanges.length; count++) {
          const before = run(exchanges.slice(0, count).flat())
          expect(after.tools).toEqual(before.tools)
          expect(after.turns.slice(0, before.turns.length)).toEqual([...before.turns])
        }
      }),
    )
  })

  test('give the same for the same', () => {
    fc.assert(
      fc.property(target, history, (to, turns) => {
        const given = requestOf('openai-responses', { tools, turns: turns.flat() })
        expect(runAll(given, targetOf(to)).request).toEqual(
          runAll(structuredClone(given), targetOf(to)).request,
        )
      }),
    )
  })

  test('bring every call back as the client declared the tool', () => {
    for (const to of ['openai-chat', 'anthropic-messages', 'gemini'] as const) {
      const { request, answer } = runAll(requestOf('openai-responses', { tools }), targetOf(to))
      const said = request.tools.flatMap((tool, index) =>
        answer(callEvents({ name: tool.name ?? '', id: `c${index}` }, ['{"input":', '"x"}'], index)).flatMap(
          called,
        ),
      )
      expect(said).toEqual([
        'function read.file',
        `function mcp__${'long_'.repeat(20)}`,
        'custom apply_patch',
        'function clock/sleep',
        'custom clock/note',
        'item shell',
      ])
    }
  })

  test('leave a request of the target’s own protocol alone', () => {
    for (const protocol of protocols) {
      const given = requestOf(protocol, { tools })
      expect(runAll(given, targetOf(protocol)).request).toBe(given)
    }
  })
})

const called = (event: StreamEvent): readonly string[] => {
  if (event.type === 'part' && event.part.type === 'server-call') return [`item ${event.part.name}`]
  if (event.type !== 'tool-call-start' || event.part.type !== 'tool-call') return []
  const { kind, name, namespace } = event.part
  return [`${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`]
}
