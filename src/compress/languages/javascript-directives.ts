/** Does a tool read this comment by its beginning? Compilers, bundlers, linters, formatters, coverage, and lawyers. */
export const isJavascriptDirective = (code: string, start: number, end: number): boolean =>
  leading.test(code.slice(start, Math.min(end, start + 100)))

/**
 * Does a tool read this comment, which has an `@` in it?
 * @param hasTypes of the language: does checked code of it have its types in comments (JSDoc)?
 */
export const isMarkedDirective = (code: string, start: number, end: number, hasTypes: boolean): boolean => {
  const text = code.slice(start, end)
  if (anywhere.test(text)) return true
  // Lines of blocks between `==UserScript==` and its end begin so: whatever their manager knows.
  if (text.startsWith('//')) return markedLine.test(text)
  return hasTypes && text.startsWith('/**') && types.test(text)
}

const markedLine = /^\/\/[ \t]*@[a-z]/i

/** `@param {T}` and all that has a type, but no link; and what says without one how something may be used. */
const types = /@\w+[ \t]*\{(?!@)|@(?:class|constructor|override|private|protected|readonly)\b/

const leading = new RegExp(
  [
    String.raw`^\/\*!`,
    String.raw`^\/\/\/\s*<`,
    String.raw`^\/\/[#@]\s*source(?:Mapping)?URL=`,
    String.raw`^\/[/*]+\s*[#@]__[A-Z_]+__`,
    `^\\/[/*]+\\s*(?:${[
      ...['eslint', 'globals?\\s', 'exported\\s', 'jshint', 'jslint', 'jscs', 'tslint', 'standard\\b'],
      ...['biome-', 'rome-', 'prettier-', 'oxlint', 'deno-', 'dprint-', 'stylelint-', 'sonar', 'NOSONAR'],
      ...['istanbul\\b', 'c8\\b', 'v8\\b', 'node:coverage', 'webpack\\w', 'turbopack', 'rollup', 'vite'],
      ...['flowlint', '\\$Flow', 'cspell', 'spell-checker', 'codespell', 'noinspection', 'language='],
      ...[
        'SPDX-License-Identifier',
        'Code generated',
        'esbuild',
        'parcel',
        'metro-',
        'knip',
        'type-coverage',
      ],
      ...['nosemgrep', 'lgtm', 'jsx\\b', '==\\/?UserScript==', 'falls?[ -]?through\\b', '#(?:end)?region'],
    ].join('|')})`,
  ].join('|'),
)

/** Marks that stand where their tool looks for them, and types that the code would lack without. */
const anywhere = new RegExp(
  `@(?:${[
    ...[
      'ts-',
      'license\\b',
      'preserve\\b',
      'cc_on',
      'flow\\b',
      'noflow\\b',
      'jsx',
      'vite-ignore',
      'generated\\b',
    ],
    ...['swc', 'babel', 'internal\\b', 'typedef\\b', 'type\\b', 'satisfies\\b', 'import\\b', 'overload\\b'],
    ...['template\\b', 'callback\\b', 'enum\\b', 'jest-', 'vitest-', 'formatter:', 'lint-', 'refresh\\b'],
    ...['emotion', 'nocollapse', 'noinline', 'pure\\b', 'define\\b', 'externs\\b', 'suppress\\b'],
    ...['openapi\\b', 'swagger\\b'],
  ].join('|')})`,
)
