import { expect, test } from 'bun:test'
import { assignmentAround } from './assignment.ts'

const around = (text: string) => {
  const start = text.toLowerCase().indexOf('acme')
  const found = assignmentAround(text, start, start + 4)
  return typeof found === 'number'
    ? undefined
    : [found.name, text.slice(found.valueStart, found.valueStart + 3)]
}

test.each([
  ['ACME_API_KEY=v12', 'ACME_API_KEY'],
  ['  "acme_key": "v12"', 'acme_key'],
  ["my.acmeKey := 'v12'", 'my.acmeKey'],
  ['os.environ["ACME_KEY"] = "v12"', 'ACME_KEY'],
  ["'acme_key' => 'v12'", 'acme_key'],
  ['setenv("ACME_KEY", "v12")', 'ACME_KEY'],
  ['process.env.ACME_KEY ?? "v12"', 'process.env.ACME_KEY'],
  ['--acme-key v12', '--acme-key'],
  ['--acme-key=v12', '--acme-key'],
  ['<acmeKey>v12</acmeKey>', 'acmeKey'],
  ['{\\"acme_key\\": \\"v12\\"}', 'acme_key'],
  ['acme_key: v12', 'acme_key'],
])('%s gives a value its name', (text, name) => {
  expect(around(text)).toEqual([name, 'v12'])
})

test.each(['if (acmeKey == v12)', 'the acme key v12', 'acme', 'acme, v12', 'acme_key v12'])(
  '%s assigns nothing',
  (text) => {
    expect(around(text)).toBeUndefined()
  },
)

test('a name without a value says up to where there is none', () => {
  expect(assignmentAround('acme_acme_acme ', 0, 4)).toBe(14)
})
