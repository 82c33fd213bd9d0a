/**
 * Does a tool read this comment? Compilers, bundlers, linters, formatters, coverage, and lawyers.
 * @param hasMark there is an `@` in it
 */
export const isJavascriptDirective = (
  code: string,
  start: number,
  end: number,
  hasMark: boolean,
): boolean => {
  if (hasMark && anywhere.test(code.slice(start, end))) return true
  const head = code.slice(start, Math.min(end, start + 100))
  return leading.test(head)
}

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
      ...['nosemgrep', 'lgtm', 'jsx\\b', 'falls?[ -]?through\\b', '#(?:end)?region'],
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
  ].join('|')})`,
)
