import { expect, test } from 'bun:test'
import { countText, table, timeText } from './table.ts'

test('columns are aligned, numbers to the right, and what is missing is a dash', () => {
  expect(
    table(
      ['NAME', 'TOKENS>'],
      [
        ['a', countText(1_234_567)],
        ['long name', null],
      ],
    ),
  ).toBe('NAME          TOKENS\na          1,234,567\nlong name          -\n')
})

test('a name cannot send escape sequences to the terminal', () => {
  expect(table(['NAME'], [['\u001b[31mred']])).toBe('NAME\n\\x1b[31mred\n')
})

test('times are in UTC', () => {
  expect(timeText(Date.UTC(2026, 0, 2, 3, 4))).toBe('2026-01-02 03:04')
  expect(timeText(null)).toBe('')
})
