import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseDocument } from './json-document.ts'
import { booleanMember, JsonSyntaxError, numberMember, scanJson, stringMember, valueAt } from './json-scan.ts'
import { rawJson, writeJson } from './json-write.ts'
import { applySplices } from './splice.ts'

const watch = new Set(['file_id', 'model', 'a"b'])
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const scan = (text: string, depth = 512) => scanJson(bytesOf(text), watch, depth)

const parses = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const accepts = (text: string): boolean => {
  try {
    scan(text)
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(JsonSyntaxError)
    return false
  }
}

describe('the scanner', () => {
  test('finds the root members where JSON.parse finds them', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()),
        fc.constantFrom(0, 1, 3),
        (value, indent) => {
          const text = JSON.stringify(value, null, indent)
          const found = scan(text)
          const parsed = JSON.parse(text)
          expect([...found.top.keys()].sort()).toEqual(Object.keys(parsed).sort())
          for (const [key, span] of found.top) expect(valueAt(found, span)).toEqual(parsed[key])
        },
      ),
    )
  })

  test('accepts what JSON.parse accepts, and refuses what it refuses, but for bytes inside strings', () => {
    const mutated = fc
      .tuple(
        fc.jsonValue(),
        fc.nat(),
        fc.constantFrom('', '{', '}', '[', ']', ',', ':', '"', '0', '-', 'e', '.', ' ', 'x'),
      )
      .map(([value, at, text]) => {
        const whole = JSON.stringify(value)
        const place = at % (whole.length + 1)
        return whole.slice(0, place) + text + whole.slice(place + 1)
      })
    fc.assert(
      fc.property(mutated, (text) => {
        // Escapes inside strings are the decoder's business.
        if (text.includes('\\')) return
        expect(accepts(text)).toBe(parses(text))
      }),
      { numRuns: 2000 },
    )
  })

  test('reports watched members at any depth, also with an escaped key', () => {
    const found = scan('{"x":[{"file_id":"f1"},{"y":{"file\\u005fid":{"z":1}}}],"a\\"b":2}')
    expect(
      found.watched.map(({ key, start, end, depth }) => [key, found.text.slice(start, end), depth]),
    ).toEqual([
      ['file_id', '"f1"', 3],
      ['file_id', '{"z":1}', 4],
      ['a"b', '2', 1],
    ])
  })

  test('notes where each string ends, up to a number of them', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const { text, closings } = scan(json)
        const strings = [...text.matchAll(/"(?:[^"\\]|\\.)*"/gs)]
        expect(closings).toEqual(strings.map(([all], at) => (strings[at]?.index ?? 0) + all.length - 1))
      }),
    )
    const many = JSON.stringify(Array.from({ length: 65_537 }, () => ''))
    expect(scan(many).closings).toBeUndefined()
  })

  test('lets the last of equal keys win, as JSON.parse does', () => {
    expect(stringMember(scan('{"model":"a","model":"b"}'), 'model')).toBe('b')
  })

  test('reads typed members and nothing of another type', () => {
    const found = scan('{"s":"gr\\u00fc\\u00df","n":-1.5e2,"b":true,"o":{}}')
    expect(stringMember(found, 's')).toBe('grüß')
    expect(stringMember(scan('{"s":"grüß"}'), 's')).toBe('grüß')
    expect(numberMember(found, 'n')).toBe(-150)
    expect(booleanMember(found, 'b')).toBe(true)
    expect([
      stringMember(found, 'n'),
      numberMember(found, 's'),
      booleanMember(found, 'o'),
      stringMember(found, 'q'),
    ]).toEqual([undefined, undefined, undefined, undefined])
  })

  test('bounds the nesting and survives any depth', () => {
    expect(() => scan('['.repeat(513))).toThrow('nested more than 512')
    expect(() => scan('{"a":'.repeat(20_000))).toThrow('nested more than 512')
    expect(scan(`${'['.repeat(512)}${']'.repeat(512)}`).rootType).toBe('array')
  })

  test('says where it stopped', () => {
    expect(() => scan('{"a":1,}')).toThrow('unexpected character at byte 7')
    expect(() => scan('{"a":')).toThrow('unexpected end of JSON')
    expect(() => scan('{} x')).toThrow('unexpected character at byte 3')
  })
})

describe('a parsed document', () => {
  test('gives back the source of each object and array', () => {
    const text = '{"b":{"1":1.0,"0":1e400, "x":[ 12345678901234567890 ]},"s":"}{","e":{"k":"\\u0041"}}'
    const document = parseDocument(text)
    const value = document.value as { b: { x: unknown }; e: unknown }
    expect(document.source(value.b)).toBe('{"1":1.0,"0":1e400, "x":[ 12345678901234567890 ]}')
    expect(document.source(value.b.x)).toBe('[ 12345678901234567890 ]')
    expect(document.source(value.e)).toBe('{"k":"\\u0041"}')
    expect(document.source(value)).toBe(text)
  })

  test('keeps sources in step with values whatever the document', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const document = parseDocument(JSON.stringify(value, null, indent))
        const walk = (node: unknown): void => {
          if (typeof node !== 'object' || node === null) return
          expect(JSON.parse(document.source(node))).toEqual(node)
          for (const child of Object.values(node)) walk(child)
        }
        walk(document.value)
      }),
    )
  })

  test('takes the last of equal keys, and prototype names are plain members', () => {
    const document = parseDocument('{"a":{"x":1},"a":{"y":2.0},"__proto__":{"z":3.0}}')
    const value = document.value as Record<string, unknown>
    expect(document.source(value['a'])).toBe('{"y":2.0}')
    expect(document.source(Object.getOwnPropertyDescriptor(value, '__proto__')?.value)).toBe('{"z":3.0}')
  })
})

describe('writing', () => {
  test('keeps raw source and leaves undefined out', () => {
    expect(writeJson({ a: rawJson('{"n":1.0}'), b: undefined, c: [1, 'x', null, rawJson('2e0')] })).toBe(
      '{"a":{"n":1.0},"c":[1,"x",null,2e0]}',
    )
  })

  test('equals JSON.stringify without raw source', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => expect(writeJson(value)).toBe(JSON.stringify(value))))
  })
})

describe('splices', () => {
  test('change their spans and nothing else', () => {
    const bytes = bytesOf('{"model":"a","x":"ü"}')
    const spliced = applySplices(bytes, [
      { start: 21, end: 21, text: ',"y":1' },
      { start: 9, end: 12, text: '"bb"' },
    ])
    expect(new TextDecoder().decode(spliced)).toBe('{"model":"bb","x":"ü","y":1}')
    expect(applySplices(bytes, [])).toBe(bytes)
    expect(() =>
      applySplices(bytes, [
        { start: 0, end: 3, text: '' },
        { start: 2, end: 4, text: '' },
      ]),
    ).toThrow('overlap')
  })
})
