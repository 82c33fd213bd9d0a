import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { formatCsv, parseCsv } from './csv.ts'

const fieldsOf = (text: string) => parseCsv(text).records.map(({ fields }) => fields)

describe('comma-separated values', () => {
  test('are read with any line end, a byte order mark, and empty lines', () => {
    for (const end of ['\n', '\r\n', '\r'])
      expect(fieldsOf(`\ufeffa,b${end}${end}c,${end}`)).toEqual([
        ['a', 'b'],
        ['c', ''],
      ])
    expect(fieldsOf('')).toEqual([])
    expect(fieldsOf('a,b')).toEqual([['a', 'b']])
    expect(fieldsOf('a,')).toEqual([['a', '']])
  })

  test('may hold commas, quotes and line ends in quotes, and know the line of each record', () => {
    expect(parseCsv('"a,1","say ""hi"""\n"two\r\nlines",x\nlast').records).toEqual([
      { line: 1, fields: ['a,1', 'say "hi"'] },
      { line: 2, fields: ['two\r\nlines', 'x'] },
      { line: 4, fields: ['last'] },
    ])
  })

  test('end where they are malformed, and what stands before is still told', () => {
    const faults: readonly [string, number][] = [
      ['a,b\n"open,c\nd', 2],
      ['a,b\n"closed"x,c\n', 2],
      ['a,b\nx"y,c\n', 2],
      ['a,b\n"', 2],
    ]
    for (const [text, line] of faults) {
      const { records, fault } = parseCsv(text)
      expect({ text, line: fault?.line, records }).toEqual({
        ...{ text, line, records: [{ line: 1, fields: ['a', 'b'] }] },
      })
    }
  })

  test('are read as they were written, whatever the fields hold', () => {
    const piece = fc.constantFrom('a', ',', '"', '\r', '\n', ' ', '=', "'", 'ü', '\ufeff')
    const field = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))
    const record = fc.array(field, { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), (records) => {
        expect(fieldsOf(`\ufeff${records.map(formatCsv).join('')}`)).toEqual(records)
      }),
      { numRuns: 500 },
    )
  })

  test('are read whatever the text is, without an end', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ',', '"', '\r', '\n') }), (text) => {
        const { records, fault } = parseCsv(text)
        if (fault === undefined)
          expect(fieldsOf(records.map((one) => formatCsv(one.fields)).join(''))).toEqual(
            records.map(({ fields }) => fields),
          )
      }),
      { numRuns: 1000 },
    )
  })
})
