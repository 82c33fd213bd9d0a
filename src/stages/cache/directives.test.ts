import { expect, test } from 'bun:test'
import { readDirectives } from './directives.ts'

test('words are read in any case and order, and what is not understood says nothing', () => {
  const nothing = { noStore: false, noCache: false, maxAge: undefined }
  expect(readDirectives(null)).toEqual(nothing)
  expect(readDirectives('')).toEqual(nothing)
  expect(readDirectives('No-Cache , MAX-AGE = 60')).toEqual({ noStore: false, noCache: true, maxAge: 60_000 })
  expect(readDirectives('private, no-store')).toEqual({ ...nothing, noStore: true })
  for (const header of [
    'max-age',
    'max-age=',
    'max-age=-1',
    'max-age=1e9',
    'max-age="5"',
    'no-cache-at-all',
    ',,=',
  ])
    expect(readDirectives(header)).toEqual(nothing)
})
