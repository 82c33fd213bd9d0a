// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates of the code that is compressed
import { describe, expect, test } from 'bun:test'
import { stripped } from '../stripped.fixture.ts'

const js = (code: string): string => stripped('js', code)
const ts = (code: string): string => stripped('ts', code)
const tsx = (code: string): string => stripped('tsx', code)

test('lines that hold only a comment go as lines, others lose it with the blanks before it', () => {
  const code =
    '/**\n * Adds.\n * @param a a number\n */\nexport const f = (a /* first */, b) => a + b // sum\n'
  for (const strip of [js, ts, tsx]) expect(strip(code)).toBe('export const f = (a, b) => a + b\n')
  expect(js('{\n  // a\n  // b\n\n  c() /* d */ // e\n}\n')).toBe('{\n\n  c()\n}\n')
})

describe('what tools read stays', () => {
  test.each([
    '// @ts-expect-error wrong on purpose',
    '// @ts-nocheck',
    '/// <reference types="bun" />',
    '/* eslint-disable no-console */',
    '// eslint-disable-next-line no-var',
    '/* global window, document */',
    '// biome-ignore lint/x: because',
    '// prettier-ignore',
    '/* istanbul ignore next */',
    '/* c8 ignore start */',
    '/* v8 ignore next */',
    '/*! keep me */',
    '/** @license MIT */',
    '/**\n * x\n * @preserve\n */',
    '// @flow',
    '/** @jsx h */',
    '//# sourceMappingURL=a.js.map',
    '//# sourceURL=a.js',
    '/** @type {import("./a").A} */',
    '/** @typedef {{a: number}} A */',
    '// SPDX-License-Identifier: MIT',
    '// $FlowFixMe[x]',
    '// deno-lint-ignore no-explicit-any',
    '// webpackIgnore: true',
    '/** @internal */',
    '// @vitest-environment jsdom',
    '// ==UserScript==',
    '// @match https://*/*',
    '// @grant none',
    '// @run-at document-end',
    '// ==/UserScript==',
    '/**\n * @openapi\n * /pets:\n *   get: {}\n */',
    '/**\n * @swagger\n * /pets:\n *   get: {}\n */',
  ])('%s', (directive) => {
    expect(js(`a()\n${directive}\nb()\n`)).toBe(`a()\n${directive}\nb()\n`)
    expect(ts(`a()\n${directive}\n// c\nb()\n`)).toBe(`a()\n${directive}\nb()\n`)
  })

  test.each([
    '/** see https://@match */',
    '// a UserScript',
    '// to @match',
    '/** the openapi page, of swagger */',
    '/** @openapis */',
    '/** @swaggers */',
  ])('but not %s', (comment) => {
    expect(js(`a()\n${comment}\nb()\n`)).toBe('a()\nb()\n')
  })

  test.each([
    '/** @param {number} a */',
    '/** @returns {Promise<T>} */',
    '/** Adds.\n * @returns{number} */',
    '/** @extends {A<T>} */',
    '/** @this {A} */',
    '/** @implements {A} */',
    '/** @throws {Error} */',
    '/** @readonly */',
  ])('types of checked JavaScript: %s', (comment) => {
    expect(js(`a()\n${comment}\nb()\n`)).toBe(`a()\n${comment}\nb()\n`)
    // TypeScript has them in the code.
    for (const strip of [ts, tsx]) expect(strip(`a()\n${comment}\nb()\n`)).toBe('a()\nb()\n')
  })

  test.each([
    '/** @param a a number */',
    '/** @returns {@link A} */',
    '/* @param {number} a */',
    '/** @ {number} */',
    '/** @readonlys */',
  ])('no types: %s', (comment) => expect(js(`a()\n${comment}\nb()\n`)).toBe('a()\nb()\n'))

  test('in the middle of a line too', () => {
    for (const code of [
      'const a = /* @__PURE__ */ f()\n',
      'const a = /*#__PURE__*/f()\n',
      "import(/* webpackChunkName: 'a' */ './a')\n",
      "import(/* @vite-ignore */ './a')\n",
      'const q = /* GraphQL */ `query # no`\n',
      'const q = f(/* html */`<!-- no -->`)\n',
      '#!/usr/bin/env node\na()\n',
    ]) {
      expect(js(code)).toBe(code)
      expect(ts(code)).toBe(code)
    }
  })
})

describe('strings, templates and regular expressions hold no comments', () => {
  test.each([
    `x = '// no' + "/* no */" + '\\'// no'`,
    'x = `// no ${a + `/* no */ ${"}"} // no`} // no`',
    'x = `\\`// no` + `$` + `\\${// no}`',
    'x = /[/]\\/\\/ no/.test(y)',
    'x = a ? /\\/* no/ : /[\\]/*]/g',
    'if (a) /\\/*no/.test(b)',
    'while (a) /\\/*no/.test(b)',
    'for await (const x of y) /\\/*no/.test(b)',
    'return /\\/* no/g',
    'x = a++ / 2 + "// no" / 3',
    'x = (a) / 2 + "// no"',
    'x = a[0] / 2 + "/* no"',
    'x = 1. / 2 + .5 / "// no"',
    'x = a.return / 2 + "// no"',
    'x = typeof /\\/* no/',
    'case /\\/* no/: a()',
    'x = `${a}` / 2 + "// no"',
    'x = a\n/ 2 + "// no" / 3',
    'const f = () => /\\/* no/',
  ])('%s', (code) => {
    expect(js(`${code}\n`)).toBe(`${code}\n`)
    expect(ts(`${code}\n`)).toBe(`${code}\n`)
  })

  test.each([
    ['white space', 'if\n\t(a) /\\/*no/.test(b)'],
    ['a space beyond ASCII', 'while \u00a0(a) /\\/*no/.test(b)'],
    ['a comment', 'if /* stays? */ (a) /\\/*no/.test(b)'],
    ['another condition', 'if (a) while (b) /\\/*no/.test(b)'],
  ])('a regular expression stands behind a condition, with %s in it', (_, code) => {
    const before = `${code}\n`
    expect(js(before)).toBe(before.replace('/* stays? */ ', ''))
  })

  test.each([
    ['a member', 'x = a.if(b) / 2 + "// no" / 3'],
    ['a member on the next line', 'x = a.\n  if(b) / 2 + "// no" / 3'],
    ['a name that ends so', 'x = notify(b) / lift(c) + "// no" / waif(d)'],
    ['a name that begins so', 'x = iff(b) / 2 + "// no" / 3'],
    ['a name with a sign', 'x = $if(b) / 2 + "// no" / 3'],
    ['an index', 'x = a[b](c) / 2 + "// no" / 3'],
  ])('%s is no condition, and what follows divides', (_, code) => {
    expect(js(`${code} // yes\n`)).toBe(`${code}\n`)
  })

  test('and behind them comments are comments', () => {
    expect(js('x = /[/*]/.test(a) // yes\n')).toBe('x = /[/*]/.test(a)\n')
    expect(js('x = `${ /* yes */ a }` // yes\n')).toBe('x = `${ a }`\n')
    expect(js('x = a / b // c / d\n')).toBe('x = a / b\n')
    expect(ts('x = a! / b // yes\n')).toBe('x = a! / b\n')
    expect(ts('x = a as Map<string, "//"> // yes\n')).toBe('x = a as Map<string, "//">\n')
    expect(ts('const f = <T>(a: T) => a // yes\nconst b = <T>/x\\/*/ // yes\n')).toBe(
      'const f = <T>(a: T) => a\nconst b = <T>/x\\/*/\n',
    )
  })
})

test('a comment with a line end between two pieces of code ends a statement, and stays', () => {
  for (const code of ['return /*\n*/ a\n', 'a /*\n*/ ++b\n']) expect(js(code)).toBe(code)
  expect(js('return /* a\n */\na\n')).toBe('return\na\n')
})

test('two tokens never grow together', () => {
  for (const code of ['a/**/in b\n', 'a +/**/+ b\n', 'x = a/**// b\n']) expect(js(code)).toBe(code)
  expect(js('a /**/ in b\n')).toBe('a in b\n')
  expect(js('f(/* a */)\n')).toBe('f()\n')
})

describe('elements', () => {
  test.each([
    ['text that looks like comments', '<a href="//x">// no, don\'t /* no */</a>'],
    ['comments between children', '<a>{/* stays */}</a>'],
    ['comments between attributes', '<a /* stays */ b="c" // stays\n/>'],
    ['fragments', '<>// no<b/>/* no */</>'],
    ['names of all kinds', '<a.b.c x-y="1"><svg:use/>// no</a.b.c>'],
    ['elements in expressions', '<ul>{a.map((b) => <li key={b}>{`// ${b}`} // no</li>)}</ul>'],
    ['text with quotes', '<p>don\'t "//" `</p>'],
    ['conditions', '<p>{a && <b>// no</b>}{c ? <d/> : null}</p>'],
    ['attributes over lines', '<a b="x\n// no\ny" c={"// no"}>t</a>'],
    ['spread attributes', '<a {...b} c>// no</a>'],
  ])('%s', (_, element) => {
    const code = `const x = ${element}\n`
    expect(js(code)).toBe(code)
    expect(tsx(code)).toBe(code)
  })

  test('comments of the code in them go', () => {
    expect(
      tsx(
        'const x = (\n  <a b={() => {\n    // one\n    c() // two\n  }}>\n    // no\n    {/* stays */}\n  </a>\n)\n',
      ),
    ).toBe('const x = (\n  <a b={() => {\n    c()\n  }}>\n    // no\n    {/* stays */}\n  </a>\n)\n')
    expect(tsx('return a < b // yes\n')).toBe('return a < b\n')
  })

  test('type parameters are none', () => {
    expect(tsx('const f = <T,>(a: T) => a // yes\n')).toBe('const f = <T,>(a: T) => a\n')
    expect(tsx('const f = <T extends A>(a: T) => a // yes\n')).toBe('const f = <T extends A>(a: T) => a\n')
    expect(tsx('type F = <T>(a: T) => T // yes\n')).toBe('type F = <T>(a: T) => T\n')
    expect(tsx('const x = <A<B> c="d">// no</A> // yes\n')).toBe('const x = <A<B> c="d">// no</A>\n')
  })
})

describe('what is doubtful stays as it is', () => {
  test.each([
    ['a string without end', `x = 'a // b\n// c\n`],
    ['a template without end', 'x = `a ${b} // c\n// d\n'],
    ['a regular expression without end', 'x = /[a // b\n// c\n'],
    ['a comment without end', 'x() // a\n/* b\n'],
    ['an open bracket', 'f( // a\n'],
    ['the wrong bracket', 'f(] // a\n'],
    ['a slash behind a brace', '{ a() } / b / c // d\n'],
    ['elements that are closed crosswise', 'x = <a><b></a></b> // c\n'],
    ['comments of the early web', 'a() // b\n--> c\n'],
    ['comments of the early web, opened', 'a() // b\n<!-- c\n'],
    ['a diff', '-a() // b\n+c()\n'],
    ['a line separator', 'a() // b\u2028c()\n'],
    ['nothing but comments', '/* a */ // b\n'],
  ])('%s', (_, code) => {
    expect(js(code)).toBe(code)
    expect(ts(code)).toBe(code)
  })

  test('an element that is not closed', () => {
    expect(js('x = <a>b // c\n')).toBe('x = <a>b // c\n')
    expect(tsx('x = <a>b // c\n')).toBe('x = <a>b // c\n')
    // There it is a type.
    expect(ts('x = <a>b // c\n')).toBe('x = <a>b\n')
  })

  test('elements in what should have none', () => {
    expect(ts('const x = <a>// no</a> // yes\n')).toBe('const x = <a>// no</a> // yes\n')
    expect(ts('const x = <br /> // yes\n')).toBe('const x = <br /> // yes\n')
  })
})

test('de-indented, but for templates and the text of elements', () => {
  const code = 'if (a) {\n  b = `\n    c`\n  return (\n    <p>\n      text\n    </p>\n  )\n}\n'
  expect(stripped('tsx', code, true)).toBe(
    'if (a) {\nb = `\n    c`\nreturn (\n<p>\n      text\n    </p>\n)\n}\n',
  )
})
