import { describe, expect, test } from 'bun:test'
import { attemptRow, closedRow, openedRow } from '../../test/support/ledger-rows.ts'
import {
  batchText,
  closedLine,
  columnOrder,
  headerLine,
  openedLine,
  parseBatch,
  parseSpool,
} from './ledger-line.ts'
import { attemptColumns, closedColumns, openedColumns, type Value } from './row-format.ts'

const columnsOf = (columns: readonly string[], values: readonly Value[] | undefined) =>
  Object.fromEntries(columns.map((column, place) => [column, values?.[place]]))

describe('a ledger line', () => {
  test('has a value for each column, in their order', () => {
    const lines = [openedLine(openedRow('x')), closedLine(closedRow('x'), [attemptRow('x')], [])]
    const { batch } = parseBatch(batchText(lines, []))
    const [opened, attempt, closed] = [batch.opened[0], batch.attempts[0], batch.closed[0]]
    expect([opened?.length, attempt?.length, closed?.length]).toEqual([
      openedColumns.length,
      attemptColumns.length,
      closedColumns.length,
    ])
    expect(columnsOf(openedColumns, opened)).toMatchObject({
      reserved_nano_usd: '900',
      request_bytes: 400,
      key_id: 'key-1',
    })
    expect(columnsOf(attemptColumns, attempt)).toMatchObject({
      number: 1,
      cost_nano_usd: '450',
      organisation_id: 'org-1',
    })
    expect(columnsOf(closedColumns, closed)).toMatchObject({
      outcome: 'success',
      streamed: 1,
      cache_read_tokens: 10,
      cache_write_tokens: null,
      usage_other: '{"webSearches":2}',
      cost_nano_usd: '450',
      client_agent: 'claude-cli/2.1.0',
    })
  })

  test('of a release that did not know how answers end is read without it', () => {
    const header: unknown = JSON.parse(headerLine())
    const older = (columns: readonly string[]) => columns.filter((column) => column !== 'finish_reason')
    const place = attemptColumns.indexOf('finish_reason')
    const [kind, closed, attempts] = JSON.parse(closedLine(closedRow('x'), [attemptRow('x')], []))
    const line = JSON.stringify([kind, closed, attempts.map((row: unknown[]) => row.toSpliced(place, 1))])
    const order = columnOrder(
      JSON.stringify(header, (name, value) => (name === 'attempt' ? older(value) : value)),
    )
    if (order === undefined) throw new Error('the header is not read')
    const { attempts: read } = parseSpool([line], order, () => expect.unreachable())
    expect(columnsOf(attemptColumns, read[0])).toMatchObject({
      finish_reason: null,
      upstream_request_id: 'req_1',
      input_tokens: 50,
      cost_nano_usd: '450',
    })
    const now = parseBatch(batchText([closedLine(closedRow('x'), [attemptRow('x')], [])], []))
    expect(columnsOf(attemptColumns, now.batch.attempts[0])['finish_reason']).toBe('end_turn')
  })

  test('of a release that knew no tags is read without them', () => {
    const header: unknown = JSON.parse(headerLine())
    const order = columnOrder(
      JSON.stringify(header, (name, value) =>
        name === 'opened' || name === 'closed' ? value.filter((column: string) => column !== 'tags') : value,
      ),
    )
    if (order === undefined) throw new Error('the header is not read')
    const [, opened] = JSON.parse(openedLine(openedRow('x')))
    const [, closed, attempts] = JSON.parse(closedLine(closedRow('x'), [attemptRow('x')], []))
    const lines = [
      ['o', opened.toSpliced(openedColumns.indexOf('tags'), 1)],
      ['c', closed.toSpliced(closedColumns.indexOf('tags'), 1), attempts],
    ]
    const batch = parseSpool(
      lines.map((line) => JSON.stringify(line)),
      order,
      () => expect.unreachable(),
    )
    expect(columnsOf(openedColumns, batch.opened[0])).toMatchObject({ request_bytes: 400, tags: null })
    expect(columnsOf(closedColumns, batch.closed[0])).toMatchObject({
      client_agent: 'claude-cli/2.1.0',
      tags: null,
      input_tokens: 50,
      cost_nano_usd: '450',
    })
    const now = parseBatch(batchText([openedLine(openedRow('x')), closedLine(closedRow('x'), [], [])], []))
    expect(columnsOf(openedColumns, now.batch.opened[0])['tags']).toBe('["ci","project-x"]')
    expect(columnsOf(closedColumns, now.batch.closed[0])['tags']).toBe('["ci","project-x"]')
  })

  test('carries what is to be stored with the exchange', () => {
    const line = closedLine(closedRow('x'), [], [{ id: 'resp_1' }, { id: 'resp_2' }])
    expect(parseBatch(batchText([line], null))).toMatchObject({
      segments: null,
      batch: { handles: [{ id: 'resp_1' }, { id: 'resp_2' }] },
    })
  })

  test('keeps amounts beyond 2^53 exact, and within what a column holds', () => {
    const cost = 2n ** 60n + 1n
    const read = (costNanoUsd: bigint) => {
      const { batch } = parseBatch(batchText([closedLine(closedRow('x', { costNanoUsd }), [], [])], []))
      return columnsOf(closedColumns, batch.closed[0])['cost_nano_usd']
    }
    expect(read(cost)).toBe(String(cost))
    expect(read(2n ** 70n)).toBe(String(2n ** 63n - 1n))
  })

  test('holds no text that PostgreSQL refuses', () => {
    const line = closedLine(
      closedRow('x', { modelAsked: 'a\u0000b\ud800c', session: 'tab\tand ü and \\u0000' }),
      [],
      [],
    )
    const { batch } = parseBatch(batchText([line], []))
    expect(columnsOf(closedColumns, batch.closed[0])).toMatchObject({
      model_asked: 'a\ufffdb\ufffdc',
      session: 'tab\tand ü and \\u0000',
    })
  })

  test('cuts a text of a megabyte and tames an absurd counter', () => {
    const usage = { inputTokens: 1e300, outputTokens: 1.7, reasoningTokens: Number.NaN }
    const line = closedLine(closedRow('x', { modelAsked: 'm'.repeat(1_000_000), usage }), [], [])
    expect(line.length).toBeLessThan(4_000)
    const { batch } = parseBatch(batchText([line], []))
    expect(columnsOf(closedColumns, batch.closed[0])).toMatchObject({
      input_tokens: 1e12,
      output_tokens: 1,
      reasoning_tokens: null,
    })
  })

  test('that raises a reservation replaces the one before it in a batch', () => {
    const lines = [openedRow('x'), openedRow('y'), openedRow('x', { reservedNanoUsd: 5_000n })].map(
      openedLine,
    )
    const { batch } = parseBatch(batchText(lines, []))
    const reserved = batch.opened.map((row) => columnsOf(openedColumns, row)['reserved_nano_usd'])
    expect(reserved).toEqual(['5000', '900'])
  })
})

describe('a spool file', () => {
  test('is read by the column names in its header, whatever their order', () => {
    const header = JSON.stringify([
      'h',
      { format: 1, opened: ['exchange', 'gone', 'at'], attempt: [], closed: [] },
    ])
    const order = columnOrder(header)
    if (order === undefined) throw new Error('no header')
    const { opened } = parseSpool(['["o",["x","old",77]]'], order, () => {})
    expect(columnsOf(openedColumns, opened[0])).toMatchObject({
      exchange: 'x',
      at: 77,
      instance: null,
      key_id: null,
    })
  })

  test('loses only the lines that are broken, and says so', () => {
    const order = columnOrder(headerLine())
    if (order === undefined) throw new Error('no header')
    const whole = closedLine(closedRow('x'), [], [])
    const broken: string[] = []
    const { closed } = parseSpool([whole.slice(0, 40), whole, '', '7'], order, (line) => broken.push(line))
    expect(closed).toHaveLength(1)
    expect(broken).toEqual([whole.slice(0, 40), '', '7'])
  })

  test.each(['', 'text', '{}', '["o",[]]', '["h"]'])('with the first line %p is not read', (line) => {
    expect(columnOrder(line)).toBeUndefined()
  })
})
