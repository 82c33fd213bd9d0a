/** An agent that repeats itself is warned and then stopped, whichever protocol it speaks. */
import { describe, expect, test } from 'bun:test'
import {
  applyEdits,
  defaultLoopOptions,
  type LoopOptions,
  loopEdits,
  loopError,
  loopsOf,
} from '../../src/firewall/index.ts'
import { protocols } from '../../src/protocols/index.ts'
import { corpusAvailable, wireRequest } from '../support/corpus.ts'
import { requestsOf } from '../support/recorded-requests.ts'

/** One step of an agent: calls at once, and their results in the order in which they come back. */
interface Said {
  readonly calls: readonly { readonly name: string; readonly input: object; readonly result: string }[]
  readonly isReversed?: boolean
}
type Turn = Said | string

interface Client {
  readonly path: string
  body(turns: readonly Turn[]): object
}

const inOrder = <T>(items: readonly T[], { isReversed }: Said): readonly T[] =>
  isReversed === true ? [...items].reverse() : items

const clients: Readonly<
  Record<'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini', Client>
> = {
  'openai-chat': {
    path: '/v1/chat/completions',
    body: (turns) => ({
      model: 'm',
      messages: turns.flatMap((turn, at): readonly object[] =>
        typeof turn === 'string'
          ? [{ role: 'user', content: turn }]
          : [
              {
                role: 'assistant',
                content: null,
                tool_calls: turn.calls.map(({ name, input }, index) => ({
                  ...{ id: `c${at}-${index}`, type: 'function' },
                  function: { name, arguments: JSON.stringify(input) },
                })),
              },
              ...inOrder(
                turn.calls.map(({ result }, index) => ({
                  ...{ role: 'tool', tool_call_id: `c${at}-${index}`, content: result },
                })),
                turn,
              ),
            ],
      ),
    }),
  },
  'openai-responses': {
    path: '/v1/responses',
    body: (turns) => ({
      model: 'm',
      input: turns.flatMap((turn, at): readonly object[] =>
        typeof turn === 'string'
          ? [{ role: 'user', content: [{ type: 'input_text', text: turn }] }]
          : [
              ...turn.calls.map(({ name, input }, index) => ({
                ...{
                  type: 'function_call',
                  call_id: `c${at}-${index}`,
                  name,
                  arguments: JSON.stringify(input),
                },
              })),
              ...inOrder(
                turn.calls.map(({ result }, index) => ({
                  ...{ type: 'function_call_output', call_id: `c${at}-${index}`, output: result },
                })),
                turn,
              ),
            ],
      ),
    }),
  },
  'anthropic-messages': {
    path: '/v1/messages',
    body: (turns) => ({
      model: 'm',
      max_tokens: 1,
      messages: turns.flatMap((turn, at): readonly object[] =>
        typeof turn === 'string'
          ? [{ role: 'user', content: turn }]
          : [
              {
                role: 'assistant',
                content: turn.calls.map(({ name, input }, index) => ({
                  ...{ type: 'tool_use', id: `c${at}-${index}`, name, input },
                })),
              },
              {
                role: 'user',
                content: [
                  ...inOrder(
                    turn.calls.map(({ result }, index) => ({
                      ...{ type: 'tool_result', tool_use_id: `c${at}-${index}` },
                      content: [{ type: 'text', text: result }],
                    })),
                    turn,
                  ),
                  { type: 'text', text: '<reminder>of the client</reminder>' },
                ],
              },
            ],
      ),
    }),
  },
  gemini: {
    path: '/v1beta/models/m:generateContent',
    body: (turns) => ({
      contents: turns.flatMap((turn): readonly object[] =>
        typeof turn === 'string'
          ? [{ role: 'user', parts: [{ text: turn }] }]
          : [
              {
                role: 'model',
                parts: turn.calls.map(({ name, input }) => ({ functionCall: { name, args: input } })),
              },
              {
                role: 'user',
                parts: inOrder(
                  turn.calls.map(({ name, result }) => ({
                    functionResponse: { name, response: { output: result } },
                  })),
                  turn,
                ),
              },
            ],
      ),
    }),
  },
}

const ids = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const

const read: Turn = { calls: [{ name: 'read', input: { path: 'a', from: 1 }, result: 'same' }] }
const both: Said = {
  calls: [
    { name: 'read', input: { path: 'a' }, result: 'one' },
    { name: 'list', input: { path: 'b' }, result: 'two' },
  ],
}

const look = (
  id: (typeof ids)[number],
  turns: readonly Turn[],
  options: LoopOptions = defaultLoopOptions,
) => {
  const client = clients[id]
  const wire = wireRequest(protocols[id], { path: client.path, body: JSON.stringify(client.body(turns)) })
  const codec = protocols[id].generate
  if (codec === undefined) throw new Error(id)
  const report = loopsOf(codec.decodeRequest(wire, { locations: true }), options)
  const edits = loopEdits(report.warnings, codec.leaves(wire))
  const body = new TextDecoder().decode(applyEdits(wire.body, edits))
  return { report, body, edits }
}

for (const id of ids) {
  describe(`a loop of ${id}`, () => {
    test('is counted from the end, warned of at the third call and stopped at the fifth', () => {
      expect(look(id, ['go', read]).report).toMatchObject({ count: 1, warnings: [], isStopped: false })
      expect(look(id, ['go', read, read]).report).toMatchObject({ count: 2, warnings: [] })
      const third = look(id, ['go', read, read, read])
      expect(third.report).toMatchObject({ count: 3, names: ['read'], isStopped: false })
      expect(third.edits).toHaveLength(1)
      expect(third.body.split('called 3 times in a row')).toHaveLength(2)
      expect(() => JSON.parse(third.body)).not.toThrow()
      const fifth = look(id, ['go', read, read, read, read, read])
      expect(fifth.report).toMatchObject({ count: 5, isStopped: true })
      const error = loopError(fifth.report)
      expect([error.code, error.row.status, error.row.retryable]).toEqual(['gateway_tool_loop', 400, false])
      expect(error.message).toContain('`read` was repeated 5 times')
    })

    test('keeps the bytes of its earlier turns when it goes on, and after it ended', () => {
      const turns: Turn[] = ['go', read, read, read, read, both, 'else', read]
      const end = { 'openai-chat': ']', 'openai-responses': ']', 'anthropic-messages': ']', gemini: ']' }[id]
      let before = ''
      for (let count = 1; count <= turns.length; count++) {
        const { body } = look(id, turns.slice(0, count))
        expect(body).toStartWith(before)
        before = body.slice(0, body.lastIndexOf(end))
      }
    })

    test('is none when arguments or results differ, or the user said something', () => {
      const other: Turn = { calls: [{ name: 'read', input: { path: 'a', from: 2 }, result: 'same' }] }
      const news: Turn = { calls: [{ name: 'read', input: { path: 'a', from: 1 }, result: 'new' }] }
      expect(look(id, ['go', read, read, other]).report.count).toBe(1)
      expect(look(id, ['go', read, read, news]).report.count).toBe(1)
      expect(look(id, ['go', read, read, read, read, read, 'try again']).report).toMatchObject({
        count: 0,
        isStopped: false,
      })
    })

    test('is one when keys stand in another order', () => {
      const turned: Turn = { calls: [{ name: 'read', input: { from: 1, path: 'a' }, result: 'same' }] }
      expect(look(id, ['go', read, turned, read]).report.count).toBe(3)
    })

    test('may be of calls in parallel, with results in any order', () => {
      const { report, body } = look(id, ['go', both, { ...both, isReversed: true }, both])
      expect(report).toMatchObject({ count: 3, names: ['read', 'list'] })
      expect(body).toContain('`read`, `list` were called 3 times')
    })

    test('of a tool that is exempt is none, and thresholds are settings', () => {
      const options = { warnAt: 2, stopAt: 0, exempt: ['re*'] }
      expect(look(id, ['go', read, read, read], options).report).toMatchObject({ count: 1, warnings: [] })
      const open = { ...options, exempt: [] }
      expect(look(id, ['go', read, read, read, read, read, read], open).report).toMatchObject({
        count: 6,
        isStopped: false,
        warnings: [{ text: expect.stringContaining('2 times') }],
      })
    })
  })
}

test('the answers of recorded conversations are found, and none of those is a loop', () => {
  if (!corpusAvailable('loops in recorded conversations')) return
  for (const id of ids) {
    const codec = protocols[id].generate
    if (codec === undefined) continue
    let warned = 0
    for (const { name, wire } of requestsOf(protocols[id])) {
      let request: ReturnType<typeof codec.decodeRequest>
      try {
        request = codec.decodeRequest(wire, { locations: true })
      } catch {
        continue
      }
      expect([name, loopsOf(request, defaultLoopOptions).isStopped]).toEqual([name, false])
      // With a warning on every answer, each one that has a text can be written to.
      const everywhere = loopsOf(request, { warnAt: 1, stopAt: 0, exempt: [] }).warnings
      warned += loopEdits(everywhere, codec.leaves(wire)).length
    }
    expect(warned).toBeGreaterThan(5)
  }
})
