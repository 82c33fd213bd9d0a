import { describe, expect, test } from 'bun:test'
import type { Warning } from '../ir/index.ts'
import { warningsHeader } from './warnings-header.ts'

const dropped = (feature: string, path: string, reason = 'no counterpart'): Warning => ({
  code: 'dropped',
  feature,
  path,
  reason,
})

describe('the header of losses', () => {
  test('is absent where nothing was lost', () => {
    expect(warningsHeader([])).toBeUndefined()
  })

  test('names feature, place and reason, once for each feature', () => {
    expect(
      warningsHeader([
        dropped('input_examples', 'tools[2].input_examples'),
        dropped('input_examples', 'tools[3].input_examples'),
        dropped('name', 'messages[1].name'),
      ]),
    ).toBe(
      'dropped; feature="input_examples"; path="tools[2].input_examples"; count=2; reason="no counterpart", ' +
        'dropped; feature="name"; path="messages[1].name"; reason="no counterpart"',
    )
  })

  test('stays within 2 KB, and says how many are left out', () => {
    const many = Array.from({ length: 100 }, (_, index) => dropped(`feature ${index}`, 'x'.repeat(50)))
    const header = warningsHeader(many) ?? ''
    expect(header.length).toBeLessThanOrEqual(2048)
    const told = header.split('feature=').length - 1
    expect(header).toEndWith(`, more=${100 - told}`)
  })

  test('holds nothing that breaks a header, whatever a client calls its tools', () => {
    const header = warningsHeader([dropped('a', 'tools["ä\r\nx: y"]')]) ?? ''
    expect(header).toContain(`path="tools['???x: y']"`)
    expect(() => new Headers({ 'x-tollgate-warnings': header })).not.toThrow()
  })
})
