import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { Leaf } from '../../ir/index.ts'
import { isJsonLeaf, jsonRegions, readLeaf, sourceOffset } from './leaf-text.ts'

const leaf = (text: string, more: Partial<Leaf> = {}): Leaf => ({
  ...{ id: 'x', role: 'tool', kind: 'tool-output', text, start: 0, end: 0 },
  ...more,
})

test('arguments and answers of tools are read with their escapes resolved', () => {
  expect(readLeaf(leaf('{"a":"x\\n\\u0041\\"b"}')).text).toBe('{"a":"x\nA"b"}')
  expect(readLeaf(leaf(' [1, "\\t"] ', { kind: 'tool-input' })).text).toBe(' [1, "\t"] ')
})

test('text stays as it is, and so does what only looks like JSON', () => {
  expect(readLeaf(leaf('{"a":"\\n"}', { kind: 'text' })).text).toBe('{"a":"\\n"}')
  expect(readLeaf(leaf('{"a":"\\n')).text).toBe('{"a":"\\n')
  expect(readLeaf(leaf('{\\n}')).text).toBe('{\\n}')
  expect(isJsonLeaf(leaf('"a"'))).toBe(false)
})

test('every unit of every string has its place in the source', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.boolean(), (value, isSpaced) => {
      const source = JSON.stringify({ value }, null, isSpaced ? 1 : 0)
      const view = readLeaf(leaf(source)).text
      for (const region of jsonRegions(source)) {
        const written = source.slice(region.sourceStart, region.sourceEnd)
        const read = view.slice(region.start, region.end)
        expect(read).toBe(region.type === 'string' ? JSON.parse(`"${written}"`) : written)
        const from = { view: region.start, source: region.sourceStart }
        expect(sourceOffset(source, from, region.end)).toBe(region.sourceEnd)
      }
    }),
    { numRuns: 1_000 },
  )
})
