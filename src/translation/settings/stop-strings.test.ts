import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { processorTime } from '../../../test/support/processor-time.ts'
import type { StreamEvent } from '../../ir/index.ts'
import { readThrough, replay, requestOf, runPass } from './context.fixture.ts'
import { stopStrings } from './index.ts'

const stopping = (stop: readonly string[], native: number, stream = true) =>
  runPass(stopStrings, requestOf('openai-chat', { sampling: { stop }, stream }), 'openai-responses', {
    stopSequences: native,
  })

describe('stop strings', () => {
  test('are the models own as far as it takes them', () => {
    const ran = stopping(['a', 'b', 'c'], 2)
    expect(ran.request.sampling.stop).toEqual(['a', 'b'])
    expect(readThrough(ran.answer, ['xa', 'yc', 'z']).text).toBe('xay')
    expect(ran.warnings).toEqual([])
  })

  test('that the model takes all are left alone', () => {
    const request = requestOf('openai-chat', { sampling: { stop: ['a'] } })
    const ran = runPass(stopStrings, request, 'gemini', { stopSequences: 5 })
    expect([ran.request, ran.answer]).toEqual([request, undefined])
  })

  test('of white space alone are cut here for Anthropic, which refuses them', () => {
    const request = requestOf('openai-chat', { sampling: { stop: ['\n\n', 'END'] } })
    const ran = runPass(stopStrings, request, 'anthropic-messages', { stopSequences: 16 })
    expect(ran.request.sampling.stop).toEqual(['END'])
    expect(readThrough(ran.answer, ['one\n', '\ntwo']).text).toBe('one')
  })

  test('end the answer with their name, and a stream at once', () => {
    const { events, text, finish } = readThrough(stopping(['STOP'], 0).answer, ['go ST', 'OP on'])
    expect([text, finish]).toEqual(['go ', { reason: 'stop-sequence', stopSequence: 'STOP' }])
    expect(events.map(({ type }) => type)).toEqual([
      'start',
      'text-start',
      'text-delta',
      'text-end',
      'finish',
      'end',
    ])
  })

  test('leave a whole answer its usage', () => {
    const { events, finish } = readThrough(stopping(['STOP'], 0, false).answer, ['go STOP on'])
    expect(events.map(({ type }) => type)).toEqual([
      'start',
      'text-start',
      'text-delta',
      'text-end',
      'finish',
      'usage',
      'end',
    ])
    expect(finish).toEqual({ reason: 'stop-sequence', stopSequence: 'STOP' })
  })

  test('hold back no more than may become one', () => {
    const machine = stopping(['abcab!'], 0).answer?.()
    const push = (text: string) => machine?.push({ type: 'text-delta', index: 0, text })
    machine?.push({ type: 'text-start', index: 0, part: { type: 'text', text: '' } })
    expect(push('xabca')).toEqual([{ type: 'text-delta', index: 0, text: 'x' }])
    expect(push('bcab')).toEqual([{ type: 'text-delta', index: 0, text: 'abc' }])
    expect(push('?')).toEqual([{ type: 'text-delta', index: 0, text: 'abcab?' }])
    expect(machine?.push({ type: 'text-end', index: 0 })).toEqual([{ type: 'text-end', index: 0 }])
  })

  test('do not look into thoughts and calls, and close what is open', () => {
    const machine = stopping(['!'], 0).answer?.()
    const events: StreamEvent[] = [
      { type: 'reasoning-start', index: 0, part: { type: 'reasoning', pieces: [] } },
      { type: 'reasoning-delta', index: 0, piece: 0, kind: 'summary', text: 'oh!' },
      { type: 'reasoning-end', index: 0 },
      {
        type: 'tool-call-start',
        index: 1,
        part: { type: 'tool-call', name: 'f', kind: 'function', input: '' },
      },
      { type: 'tool-call-delta', index: 1, input: '"!"' },
      { type: 'text-start', index: 2, part: { type: 'text', text: '' } },
      { type: 'text-delta', index: 2, text: 'hi! there' },
    ]
    const out = events.flatMap((event) => machine?.push(event) ?? [])
    expect(out.slice(0, 6)).toEqual(events.slice(0, 6))
    expect(out.slice(6)).toEqual([
      { type: 'text-delta', index: 2, text: 'hi' },
      { type: 'tool-call-end', index: 1 },
      { type: 'text-end', index: 2 },
      { type: 'finish', finish: { reason: 'stop-sequence', stopSequence: '!' } },
      { type: 'end' },
    ])
  })

  test('cut each of several answers by itself', () => {
    const request = requestOf('openai-chat', { sampling: { stop: ['#'], candidates: 2 }, stream: true })
    const machine = runPass(stopStrings, request, 'gemini', { stopSequences: 0 }).answer?.()
    const events = replay({
      protocol: 'gemini',
      choices: ['a#b', 'cd'].map((text, index) => ({
        index,
        parts: [{ type: 'text', text }],
        finish: { reason: 'end' },
      })),
    })
    const out = events.flatMap((event) => machine?.push(event) ?? [])
    expect(out.filter(({ type }) => type === 'text-delta')).toEqual([
      { type: 'text-delta', index: 0, text: 'a' },
      { type: 'text-delta', choice: 1, index: 0, text: 'cd' },
    ])
    expect(out.filter(({ type }) => type === 'finish').length).toBe(2)
    expect(out.at(-1)).toEqual({ type: 'end' })
  })

  test('let an error through, behind what was held back', () => {
    const machine = stopping(['ab'], 0).answer?.()
    machine?.push({ type: 'text-start', index: 0, part: { type: 'text', text: '' } })
    expect(machine?.push({ type: 'text-delta', index: 0, text: 'a' })).toEqual([])
    const error = { type: 'error', error: { kind: 'upstream', message: 'gone' } } as const
    expect(machine?.push(error)).toEqual([{ type: 'text-delta', index: 0, text: 'a' }, error])
  })

  test('cut where the first of them is complete, however the text comes', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 })
    const pieces = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 5 }), {
      maxLength: 8,
    })
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), pieces, (stop, said) => {
        const whole = said.join('')
        const { text } = readThrough(stopping(stop, 0).answer, said)
        let end = 1
        while (end <= whole.length && !stop.some((each) => whole.slice(0, end).endsWith(each))) end++
        const found = stop
          .filter((each) => whole.slice(0, end).endsWith(each))
          .sort((a, b) => b.length - a.length)[0]
        expect(text).toBe(
          found === undefined || end > whole.length ? whole : whole.slice(0, end - found.length),
        )
      }),
      { numRuns: 500 },
    )
  })

  test('cost one step per character, also where every one could begin a stop string', () => {
    const stop = Array.from({ length: 200 }, (_, index) => `${'a'.repeat(200)}${index}`)
    const machine = stopping(stop, 0).answer?.()
    machine?.push({ type: 'text-start', index: 0, part: { type: 'text', text: '' } })
    const start = processorTime()
    for (let index = 0; index < 1000; index++) {
      machine?.push({ type: 'text-delta', index: 0, text: 'a'.repeat(100) })
    }
    expect(processorTime() - start).toBeLessThan(1000)
  })
})
