import { describe, expect, test } from 'bun:test'
import type { SseFrame } from '../../wire/index.ts'
import { conform } from './conform.ts'

type Data = Readonly<Record<string, unknown>>

/** Frames with the right names and numbers, unless they say otherwise. */
const frames = (...events: readonly Data[]): readonly SseFrame[] =>
  events.map((data, number) => {
    const { $event, ...members } = data
    return {
      event: String($event ?? data['type']),
      data: JSON.stringify({ sequence_number: number, ...members }),
    }
  })

const check = (input: readonly SseFrame[]): readonly string[] => {
  const machine = conform()
  return [...input.flatMap((frame) => [...machine.push(frame)]), ...machine.end()]
}

const created = { type: 'response.created', response: { id: 'resp_1', status: 'in_progress', output: [] } }
const item = { id: 'msg_1', type: 'message', role: 'assistant', status: 'in_progress', content: [] }
const text = { type: 'output_text', text: 'ab', annotations: [] }
const done = { ...item, status: 'completed', content: [text] }
const at = { item_id: 'msg_1', output_index: 0, content_index: 0 }
const added = { type: 'response.output_item.added', output_index: 0, item }
const opened = { type: 'response.content_part.added', ...at, part: { ...text, text: '' } }
const delta = { type: 'response.output_text.delta', ...at, delta: 'ab' }
const textDone = { type: 'response.output_text.done', ...at, text: 'ab' }
const partDone = { type: 'response.content_part.done', ...at, part: text }
const itemDone = { type: 'response.output_item.done', output_index: 0, item: done }
const completed = {
  type: 'response.completed',
  response: { id: 'resp_1', status: 'completed', output: [done] },
}
const whole: readonly Data[] = [created, added, opened, delta, textDone, partDone, itemDone, completed]

/** The whole stream with one event replaced, left out (undefined), or followed by others. */
const changed = (index: number, ...by: readonly Data[]): readonly SseFrame[] =>
  frames(...whole.flatMap((event, place) => (place === index ? by : [event])))

describe('the stream grammar', () => {
  test('accepts a whole stream, an empty one, progress, keep-alives and a closing [DONE]', () => {
    expect(check(frames(...whole))).toEqual([])
    expect(check(frames(created, { ...completed, response: { status: 'completed', output: [] } }))).toEqual(
      [],
    )
    expect(check(changed(0, created, { type: 'response.queued' }, { type: 'response.in_progress' }))).toEqual(
      [],
    )
    expect(check(changed(3, { type: 'keepalive' }, delta))).toEqual([])
    expect(check([...frames(...whole), { data: '[DONE]' }])).toEqual([])
  })

  test('accepts a failure in the middle, with and without an error event', () => {
    const failed = { type: 'response.failed', response: { status: 'failed' } }
    expect(check(frames(created, added, failed))).toEqual([])
    expect(check(frames(created, added, { type: 'error', message: 'x' }, failed))).toEqual([])
    expect(check(frames({ type: 'error', message: 'x' }))).toEqual([])
  })

  test.each([
    ['not-json', [...frames(created), { event: 'x', data: '{' }]],
    ['no-type', frames(created, {})],
    ['event-name', changed(3, { ...delta, $event: 'response.output_text.done' })],
    ['unknown-event', changed(3, { type: 'response.new_thing.delta', ...at }, delta)],
    ['unknown-event', changed(3, { type: 'ping' }, delta)],
    ['created-first', frames(...whole.slice(1))],
    ['created-first', changed(3, created, delta)],
    ['late-progress', changed(3, { type: 'response.in_progress' }, delta)],
    ['sequence', changed(3, { ...delta, sequence_number: 7 })],
    ['after-terminal', frames(...whole, { type: 'keepalive' })],
    ['after-terminal', frames(created, { type: 'error' }, added)],
    ['no-terminal', frames(...whole.slice(0, -1))],
    ['no-terminal', [...frames(created), { data: '[DONE]' }]],
    ['output-index', changed(1, { ...added, output_index: 1 })],
    ['item-id', changed(3, { ...delta, item_id: 'msg_2' })],
    ['item-id', changed(1, { ...added, item: { ...item, id: '' } })],
    ['item-id', changed(6, itemDone, { ...added, output_index: 1 })],
    ['item-unknown', changed(3, { ...delta, output_index: 4 })],
    ['item-closed', changed(6, itemDone, delta)],
    ['item-type', changed(3, { type: 'response.function_call_arguments.delta', ...at, delta: '{' }, delta)],
    ['item-type', changed(3, { type: 'response.web_search_call.searching', ...at }, delta)],
    ['item-identity', changed(6, { ...itemDone, item: { ...done, id: 'msg_9' } })],
    ['item-open', changed(6)],
    ['part-order', changed(2, { ...opened, content_index: 1 })],
    ['part-order', changed(4, textDone, delta)],
    ['part-order', changed(4)],
    ['part-missing', changed(2)],
    ['part-open', changed(5)],
    ['text-mismatch', changed(4, { ...textDone, text: 'abc' })],
    ['text-mismatch', changed(6, { ...itemDone, item: { ...done, content: [{ ...text, text: 'b' }] } })],
    ['terminal-status', changed(7, { ...completed, response: { status: 'incomplete', output: [done] } })],
    ['terminal-output', changed(7, { ...completed, response: { status: 'completed', output: [] } })],
  ] satisfies readonly (readonly [string, readonly SseFrame[]])[])('reports %s', (rule, input) => {
    expect(check(input)).toContain(rule)
  })

  test('compares the arguments of a call with their deltas', () => {
    const call = { id: 'fc_1', type: 'function_call', call_id: 'c', name: 'f', arguments: '' }
    const of = { item_id: 'fc_1', output_index: 0 }
    const stream = (whole: string) =>
      frames(
        created,
        { ...added, item: call },
        { type: 'response.function_call_arguments.delta', ...of, delta: '{"a":1.0}' },
        { type: 'response.function_call_arguments.done', ...of, arguments: whole },
        { ...itemDone, item: { ...call, arguments: whole } },
        { ...completed, response: { status: 'completed', output: [call] } },
      )
    expect(check(stream('{"a":1.0}'))).toEqual([])
    expect(check(stream('{"a":1}'))).toEqual(['text-mismatch', 'text-mismatch'])
  })
})
