import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The sources of all regular expressions in the folder's own code. */
const expressions = (): readonly { readonly file: string; readonly source: string }[] =>
  readdirSync(import.meta.dir, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => {
      const code = readFileSync(join(import.meta.dir, file), 'utf8').replace(/^\s*(?:\/\/|\/?\*).*$/gm, '')
      const literals = code.matchAll(
        /(?<=[(=,:?|&!\s[]\s?)\/(?![*/\s])((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+)\/[dgimsuvy]*(?=[.,;)\s\]])/g,
      )
      return [...literals].map((match) => ({ file, source: match[1] ?? '' }))
    })

/** The groups of an expression that repeat without bound and hold a part that does so as well: `(a+b)*`. */
const nestedRepeats = (source: string): readonly string[] => {
  const plain = source.replace(/\\./g, 'x').replace(/\[(?:\\.|[^\]])*\]/g, 'c')
  const found: string[] = []
  const opened: number[] = []
  for (let at = 0; at < plain.length; at++) {
    if (plain[at] === '(') opened.push(at)
    if (plain[at] !== ')') continue
    const start = opened.pop() ?? 0
    const repeats = /^(?:[*+]|\{\d+,\})/.test(plain.slice(at + 1))
    if (repeats && /[*+]|\{\d+,\}/.test(plain.slice(start, at))) found.push(source)
  }
  return found
}

/** Nested, but each turn begins with a sign that the turn before cannot hold: there is one way to read a text. */
const unambiguous = [
  '^(?:[A-Za-z]{2,16}|\\d{1,8})(?:[-_.:]+(?:[A-Za-z]{1,16}|[A-Za-z]?\\d{1,8}))+$',
  '^[a-z0-9]+(?:[._-][a-z0-9]+){2,}$',
  '^[A-Za-z_$][\\w$]*(?:[.:][\\w$]+)*$',
  '^[A-Za-z_$][\\w$]*(?:\\.[A-Za-z_$][\\w$]*)+$',
  '^[A-Za-z_]+(?:[-_.][A-Za-z_]+)+$',
]

test('no expression repeats a repetition in more than one way', () => {
  const all = expressions()
  expect(all.length).toBeGreaterThan(40)
  const nested = all.flatMap(({ file, source }) =>
    nestedRepeats(source).map((one) => ({ file, source: one })),
  )
  expect(nested.filter(({ source }) => !unambiguous.includes(source))).toEqual([])
})

test('the check sees what it is for', () => {
  expect(nestedRepeats('^(a+)+$')).toHaveLength(1)
  expect(nestedRepeats('(?:\\w*-)*')).toHaveLength(1)
  expect(nestedRepeats('(?:a|b)+[+*]')).toHaveLength(0)
})

test('no rule looks for its secrets by an expression', () => {
  for (const file of readdirSync(join(import.meta.dir, 'rules'))) {
    const code = readFileSync(join(import.meta.dir, 'rules', file), 'utf8')
    if (!file.endsWith('.test.ts'))
      expect([file, /\.(?:exec|match|matchAll|search)\(/.test(code)]).toEqual([file, false])
  }
})
