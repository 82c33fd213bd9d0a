import { describe, expect, test } from 'bun:test'
import type { Part, Turn } from '../../ir/index.ts'
import { toolResults } from './tool-results.ts'
import { refusalOf, requestOf, runPasses, targetOf } from './tool-target.fixture.ts'

const call = (id: string): Part => ({ type: 'tool-call', id, name: 'f', kind: 'function', input: '{}' })
const result = (callId: string): Part => ({
  type: 'tool-result',
  callId,
  kind: 'function',
  content: [],
  at: `messages.9.${callId}`,
})
const assistant = (...parts: Part[]): Turn => ({ role: 'assistant', parts, at: 'messages.1' })
const user = (...parts: Part[]): Turn => ({ role: 'user', parts })

const run = (turns: readonly Turn[], repair: boolean, more = {}) =>
  runPasses(
    [toolResults({ repair })],
    requestOf('anthropic-messages', { turns, ...more }),
    targetOf('openai-chat'),
  )

describe('calls and their results', () => {
  test('may be answered later, in any order, between other words', () => {
    const turns = [
      assistant(call('a')),
      user(result('a')),
      assistant(call('b'), call('c')),
      user({ type: 'text', text: 'wait' }),
      user(result('c'), result('b')),
    ]
    expect(run(turns, false).request.turns).toBe(turns)
  })

  test('without each other are refused by the call’s id and the client’s path', () => {
    expect(refusalOf(() => run([assistant(call('a'))], false))).toMatchObject({
      param: 'messages.1',
      message: expect.stringContaining('call a'),
    })
    expect(refusalOf(() => run([user(result('x'))], false))).toMatchObject({ param: 'messages.9.x' })
    const twice = [assistant(call('a')), user(result('a'), result('a'))]
    expect(refusalOf(() => run(twice, false)).param).toBe('messages.9.a')
    const early = [user(result('a')), assistant(call('a'))]
    expect(refusalOf(() => run(early, false)).message).toContain('a')
  })

  test('are put right where that is wanted, with a warning each', () => {
    const turns = [
      user({ type: 'text', text: 'go' }),
      assistant({ type: 'text', text: 'both' }),
      assistant(call('a'), call('b')),
      user(result('b'), result('gone')),
      user(result('x')),
      user({ type: 'text', text: 'next' }),
    ]
    const { request, warnings } = run(turns, true)
    expect(request.turns).toMatchObject([
      { parts: [{ text: 'go' }] },
      { parts: [{ text: 'both' }] },
      { parts: [{ id: 'a' }, { id: 'b' }] },
      { parts: [{ callId: 'a', isError: true, content: [{ text: 'Tool result missing' }] }] },
      { parts: [{ callId: 'b' }] },
      { parts: [{ text: 'next' }] },
    ])
    expect(warnings.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'dropped messages.9.gone',
      'dropped messages.9.x',
      'approximated messages.1',
    ])
  })

  test('are not judged where the provider holds the rest of the history', () => {
    const turns = [user(result('a'))]
    expect(run(turns, false, { previousResponseId: 'resp_1' }).request.turns).toBe(turns)
  })
})
