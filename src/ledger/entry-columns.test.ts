import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { closedRow } from '../../test/support/ledger-rows.ts'
import { csvHeading, csvLine, entryColumns, jsonLine } from './entry-columns.ts'

const entry = (changes: Parameters<typeof closedRow>[1] = {}) => ({
  ...closedRow('x-1', { at: Date.UTC(2026, 10, 21), openedAt: Date.UTC(2026, 10, 20, 23, 59), ...changes }),
  corrected: false,
})

/** A reader of RFC 4180. */
const cells = (line: string): readonly string[] => {
  const found: string[] = []
  let rest = line.replace(/\r\n$/, '')
  for (;;) {
    const [whole, quoted, bare = ''] = /^(?:"((?:[^"]|"")*)"|([^,"]*))(?:,|$)/s.exec(rest) ?? []
    if (whole === undefined) throw new Error(`not CSV: ${rest}`)
    found.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'))
    rest = rest.slice(whole.length)
    if (!whole.endsWith(',') && rest === '') return found
  }
}

const cell = (line: string, name: string): string | undefined => cells(line)[entryColumns.indexOf(name)]

test('the columns are a promise: new ones are added at the end', () => {
  expect(csvHeading).toBe(
    'exchange,ended_at,opened_at,kind,direction,counterparty,organisation,team,user,key,session,client,operation,client_protocol,upstream_protocol,provider,credential,model_asked,model_answered,outcome,status,error,stage,streamed,attempts,input_tokens,output_tokens,cache_read_tokens,cache_write_5m_tokens,cache_write_1h_tokens,reasoning_tokens,usage_source,cost_usd,price_version,latency_ms,ttft_ms,request_bytes,response_bytes,corrected,firewall,cache,cache_saved_usd,compress_bytes_before,compress_bytes_after,compress_tokens_before,compress_tokens_after\r\n',
  )
})

test('times are ISO 8601, money is a decimal, and what is unknown is empty', () => {
  const line = csvLine(entry({ costNanoUsd: 1_234_567_891n, status: null, usage: null }))
  expect(cell(line, 'ended_at')).toBe('2026-11-21T00:00:00.000Z')
  expect(cell(line, 'cost_usd')).toBe('1.234567891')
  expect([cell(line, 'status'), cell(line, 'input_tokens')]).toEqual(['', ''])
  expect(cell(csvLine(entry({ costNanoUsd: null })), 'cost_usd')).toBe('')
  expect(JSON.parse(jsonLine(entry({ costNanoUsd: 5n })))).toMatchObject({
    ...{ exchange: 'x-1', cost_usd: '0.000000005', input_tokens: 50, streamed: true, corrected: false },
  })
})

test('no text of a client is a formula in a spreadsheet', () => {
  for (const formula of [
    '=1+1',
    '+SUM(A1)',
    '-cmd',
    '@x',
    ' =1',
    '\t=1',
    '\r=1',
    '|calc',
    '%x',
    '=HYPERLINK("http://x","y")',
  ])
    expect(cell(csvLine(entry({ modelAsked: formula })), 'model_asked')).toBe(`'${formula}`)
  expect(cell(csvLine(entry({ costNanoUsd: -5n })), 'cost_usd')).toBe('-0.000000005')
})

test('any text comes back whole from a CSV reader', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (model, agent) => {
      const line = csvLine(entry({ modelAsked: model, clientAgent: agent }))
      expect(cells(line).length).toBe(entryColumns.length)
      expect([model, `'${model}`]).toContain(cell(line, 'model_asked') ?? '?')
      expect([agent, `'${agent}`]).toContain(cell(line, 'client') ?? '?')
    }),
  )
})
