// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the syntax of our files, not of a template
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isConfigError } from './config-error.ts'
import { load, yaml } from './load-config.fixture.ts'

describe('whatever the files and variables say', () => {
  const refuses = (attempt: () => unknown) => {
    try {
      attempt()
    } catch (error) {
      expect(isConfigError(error)).toBe(true)
    }
  }
  const name = fc.oneof(
    fc.constantFrom(
      'listen',
      'port',
      'providers',
      'a',
      'api_key',
      'routes',
      'match',
      'targets',
      'budgets',
      'mode',
      '__proto__',
      'constructor',
      'toString',
      'headers',
      'tls',
    ),
    fc.string(),
  )
  const tree = fc.letrec((again) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(
        fc.string(),
        fc.integer(),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.constant('${A}'),
        fc.constant('~x'),
      ),
      fc.array(again('node'), { maxLength: 3 }),
      fc.array(fc.tuple(name, again('node')), { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs)),
    ),
  })).node

  test('random trees are read or refused, never a crash', () => {
    fc.assert(
      fc.property(tree, fc.option(fc.dictionary(name, fc.string())), (value, env) => {
        refuses(() => yaml(JSON.stringify(value) ?? '', { env: env ?? {} }))
      }),
      { numRuns: 200 },
    )
  }, 30_000)

  test('random texts are read or refused, never a crash', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'a: ',
        '- ',
        '{',
        '}',
        '[',
        ']',
        '\n',
        '  ',
        '"',
        "'",
        '|',
        '>',
        '&a ',
        '*a ',
        '${',
        '}',
        '#',
        '?',
        ':',
        '\t',
        '!x ',
        '%',
        '---',
        '\uFEFF',
        '\uD800',
      ),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => refuses(() => yaml(pieces.join('')))),
      { numRuns: 300 },
    )
  }, 30_000)

  test('random variables and flags are read or refused, never a crash', () => {
    const variable = fc.tuple(
      fc.constantFrom(
        'TGW_LISTEN',
        'TGW_LISTEN__PORT',
        'TGW_PROVIDERS',
        'TGW_PROVIDERS__A__HEADERS',
        'TGW___PROTO__',
        'TGW_ROUTES__0__MATCH',
        'TOKLIGENCE_ROUTES',
      ),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(variable), fc.dictionary(name, tree), (pairs, flags) => {
        refuses(() => load({ env: Object.fromEntries(pairs), flags }))
      }),
      { numRuns: 150 },
    )
  }, 30_000)
})
