// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates of the code that is compressed
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { propertyRuns } from '../../test/support/property-runs.ts'
import { compressCode, withoutRemovals } from './compress-code.ts'
import { compressText } from './compress-text.ts'
import { languageNamed } from './stripped.fixture.ts'

const tags = ['go', 'python', 'js', 'ts', 'tsx']

/** Pieces that mean something to some scanner, in any order: most of what comes of it is no code at all. */
const pieces = [
  ...[
    '//',
    '/*',
    '*/',
    '#',
    '"',
    "'",
    '`',
    '"""',
    "'''",
    '${',
    '}',
    '{',
    '(',
    ')',
    '[',
    ']',
    '<',
    '>',
    '</a>',
  ],
  ...[
    '<a>',
    '<a ',
    '/>',
    '/',
    '\\',
    '\n',
    '\r\n',
    '\r',
    ' ',
    '\t',
    '    ',
    'a',
    'b1',
    '1.5',
    '.',
    ',',
    ';',
    ':',
  ],
  ...[
    'f"',
    "rb'",
    'f"""',
    '{{',
    '}}',
    '=',
    '==',
    '=>',
    '+',
    '++',
    '-',
    '--',
    '-->',
    '<!--',
    '!',
    '?',
    '@',
    '%',
  ],
  ...[
    'if (',
    'for (',
    'return ',
    'import "C"',
    '//go:build x',
    '// Output:',
    '# noqa',
    '# type: x',
    '@ts-ignore',
  ],
  ...[
    'TODO',
    '...',
    '…',
    '# ///',
    '# /// script',
    'é',
    '漢',
    '😀',
    '\u2028',
    '\ufeff',
    '\u0000',
    'def f():',
    'extends ',
  ],
]
const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((parts) => parts.join(''))

/** Code of which the scanners understand a good part. */
const lines = {
  go: [
    'x := 1',
    'f("a // b")',
    '/* c */',
    '// d',
    '\t// e',
    'y := `\n// f\n`',
    "z := '\\''",
    'g(/* h */ 1) // i',
    '',
    '// TODO',
    '//go:x',
  ],
  python: [
    'x = 1',
    'f("# b")',
    '# d',
    '    # e',
    'y = """\n# f\n"""',
    "z = f'{a!r}' # g",
    'if x:\n    y()',
    '',
    '# noqa',
    'a = [  # b\n# c\n1]',
  ],
  js: [
    'x = 1',
    'f("// b")',
    '/* c */',
    '// d',
    '  // e',
    'y = `\n// ${a /* z */}`',
    'z = /[/*]/ // g',
    'g(/* h */ 1) // i',
    '',
    '// ...',
    '<a>// b{/* c */}</a>',
    'if (a) {\n  b() // c\n}',
  ],
}
const codeOf = (tag: string) =>
  fc
    .array(fc.constantFrom(...(tag === 'go' ? lines.go : tag === 'python' ? lines.python : lines.js)), {
      maxLength: 20,
    })
    .chain((found) => fc.constantFrom('\n', '\r\n').map((end) => found.map((line) => line + end).join('')))
const anyCode = (tag: string) => fc.oneof(soup, codeOf(tag))

const isSubsequence = (part: string, whole: string): boolean => {
  let at = 0
  for (const unit of part) {
    at = whole.indexOf(unit, at)
    if (at < 0) return false
    at += unit.length
  }
  return true
}

for (const tag of tags) {
  describe(tag, () => {
    const language = languageNamed(tag)
    for (const dedent of [false, true]) {
      const strip = (code: string) => withoutRemovals(code, compressCode(code, language, { dedent }))
      const mode = dedent ? 'de-indented' : 'comments'

      test(`${mode}: nothing throws, only removes, in order, and a second time removes nothing`, () => {
        fc.assert(
          fc.property(anyCode(tag), (code) => {
            const removals = compressCode(code, language, { dedent })
            let at = 0
            for (const { start, end } of removals) {
              expect(start).toBeGreaterThanOrEqual(at)
              expect(end).toBeGreaterThan(start)
              at = end
            }
            expect(at).toBeLessThanOrEqual(code.length)
            const once = strip(code)
            expect(isSubsequence(once, code)).toBe(true)
            expect(strip(once)).toBe(once)
          }),
          { numRuns: propertyRuns(600) },
        )
      })
    }

    test('a text is compressed once, whatever its blocks hold', () => {
      const words = fc.constantFrom(...pieces, '```', '~~~', `\n\`\`\`${tag}\n`, '\n```\n', '\n~~~\n')
      fc.assert(
        fc.property(fc.array(words, { maxLength: 60 }), fc.boolean(), (parts, dedent) => {
          const text = `\`\`\`${tag}\n${parts.join('')}\n\`\`\`\n`
          const once = compressText(text, { dedent })
          if (once === undefined) return
          expect(isSubsequence(once.text, text)).toBe(true)
          expect(compressText(once.text, { dedent })).toBeUndefined()
        }),
        { numRuns: propertyRuns(400) },
      )
    })

    test('a block is compressed the same whatever stands around it, and nothing outside of it changes', () => {
      const prose = fc.array(
        fc.constantFrom('words', '', '> quoted', '    indented', '// not code', '# title', '`x`', '\t'),
      )
      fc.assert(
        fc.property(codeOf(tag), prose, prose, (code, before, after) => {
          const head = before.map((line) => `${line}\n`).join('')
          const tail = after.map((line) => `${line}\n`).join('')
          const text = `${head}\`\`\`${tag}\n${code}\`\`\`\n${tail}`
          const alone = withoutRemovals(code, compressCode(code, language, { dedent: false }))
          const found = compressText(text, { dedent: false })?.text ?? text
          expect(found).toBe(`${head}\`\`\`${tag}\n${alone}\`\`\`\n${tail}`)
        }),
        { numRuns: propertyRuns(100) },
      )
    })
  })
}

describe('in linear time', () => {
  /** What takes quadratic time where somebody looks ahead or back without remembering: minutes at this size. */
  const size = 400_000
  test.each([
    ...[
      '/',
      '/*',
      '*/',
      '//',
      '"',
      "'",
      '`',
      '`${',
      '${`',
      '(',
      '{',
      '[',
      '<a',
      '<a>',
      '<a ',
      '<',
      '</',
      '\\',
      '!',
    ],
    ...[
      'f"{',
      'f\'{f"{',
      '"""',
      '#\n',
      '# \\\n',
      ' ',
      ' /**/',
      '/**/ ',
      '/**/\n',
      '//\n',
      ' \n',
      '\r\n',
      'a ',
      'a<b ',
    ],
    ...[
      'type F=<T>(x:T)=>T;',
      'const x=<a>',
      '<a {',
      'for await (',
      'await (',
      'x!',
      '++',
      '...',
      '// TODO\n',
    ],
    ...[
      '// Output:\n',
      '# ///\n',
      'if x:\n# a\n',
      '@',
      '/* @ */',
      '//@\n',
      '"C"',
      '-->',
      'x\n-',
      '{}/a/',
      'a/**/b',
    ],
    ...[
      '```go\n',
      '~~~~',
      '```go\nx//y\n```\n',
      '``` ',
      '`',
      '12: ',
      '<...',
      '.\u2026',
      '# -*- coding',
      ' # type:',
    ],
  ])('%j', (piece) => {
    for (const code of [
      piece.repeat(size / piece.length),
      `x ${' '.repeat(size)}${piece}`,
      `${'('.repeat(size / 2)}${piece}${')'.repeat(size / 2)}`,
    ]) {
      for (const tag of tags) compressCode(code, languageNamed(tag), { dedent: true })
      compressText(code, { dedent: true })
      compressText(`\`\`\`ts\n${code}\n\`\`\`\n`, { dedent: false })
    }
  })
})
