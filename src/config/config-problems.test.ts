// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the syntax of our files, not of a template
import { describe, expect, test } from 'bun:test'
import { cwd, load, main, type Parsed, problemsOf, yaml } from './load-config.fixture.ts'
import type { CheckFinding } from './load-config.ts'

describe('an unknown key', () => {
  test('is refused with its place and the nearest name', () => {
    expect(problemsOf(() => yaml('listen:\n  prot: 1'))).toEqual([
      '2:3 listen.prot: unknown key `prot` in listen, did you mean `port`?',
    ])
    expect(problemsOf(() => yaml('lisen: {}'))).toEqual([
      '1:1 lisen: unknown key `lisen`, did you mean `listen`?',
    ])
  })

  test('is found in lists and in the section of a union', () => {
    expect(problemsOf(() => yaml('routes:\n  - match: a\n    targets: [{ provder: x }]'))).toEqual([
      '3:15 routes[0].targets[0].provider: is missing; it must be a text that is not empty',
      '3:17 routes[0].targets[0].provder: unknown key `provder` in routes[0].targets[0], did you mean `provider`?',
    ])
  })

  test('that belongs elsewhere is told where', () => {
    expect(problemsOf(() => yaml('port: 1'))).toEqual([
      '1:1 port: unknown key `port`, did you mean `listen.port`?',
    ])
  })

  test('of the environment or a flag names the variable or flag', () => {
    expect(problemsOf(() => load({ env: { TGW_LISTEN__PROT: '1' }, flags: { 'listen.hst': 'x' } }))).toEqual([
      'environment variable TGW_LISTEN__PROT listen.prot: unknown key `prot` in listen, did you mean `port`?',
      'flag --listen.hst listen.hst: unknown key `hst` in listen, did you mean `host`?',
    ])
  })

  test('that swallowed a value for want of a space is told so, without the value', () => {
    const problems = problemsOf(() => yaml('providers: { a: {api_key:sk-secret-1234567890} }'))
    expect(problems).toEqual([
      '1:18 providers.a."api_key:…": unknown key `api_key:…` in providers.a; put a space after the colon',
    ])
  })

  test('`<<` is explained', () => {
    expect(problemsOf(() => yaml('listen: { <<: { port: 1 } }'))[0]).toContain('merge keys are not read')
  })
})

describe('a wrong value', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['listen: { port: 70000 }', '1:17 listen.port: must be a whole number from 0 to 65535'],
    ['listen: { port: "80" }', '1:17 listen.port: must be a whole number from 0 to 65535, not a text'],
    ['listen: { port: 1.5 }', '1:17 listen.port: must be a whole number from 0 to 65535, not a number'],
    [
      'listen: { port: }',
      '1:11 listen.port: has no value; it must be a whole number from 0 to 65535, or remove the key',
    ],
    [
      'listen: { host: 127 }',
      '1:17 listen.host: must be a text that is not empty, not a number; put it in quotes',
    ],
    ['listen: { host: "" }', '1:17 listen.host: must be a text that is not empty'],
    ['listen: [1]', '1:9 listen: must be a section (`key: value` lines), not a list'],
    ['mode: aut', '1:7 mode: must be one of `auto`, `passthrough`, did you mean `auto`?'],
    ['mode: xyz', '1:7 mode: must be one of `auto`, `passthrough`, not `xyz`'],
    ['debug: yes', '1:8 debug: must be `true` or `false`, not a text'],
    ['listen: { tls: { cert_file: a } }', '1:11 listen.tls.key_file: is missing; it must be a path'],
    ['providers: { a: { base_url: nope } }', '1:29 providers.a.base_url: must be an http or https URL'],
    [
      'providers: { a: { base_url: "http://u:pw@x" } }',
      '1:29 providers.a.base_url: must not hold a user or password; use the key settings',
    ],
    ['providers: { A1: {} }', '1:14 providers.A1: a provider is named in lower case'],
    [
      'routes: { match: a }',
      '1:9 routes: must be a list (each a section (`key: value` lines)), not a section',
    ],
    ['routes: [{ match: a, targets: [1] }]', '1:32 routes[0].targets[0]: must be a text or a section'],
  ]
  for (const [content, problem] of cases) {
    test(`${content} is refused`, () => {
      const [first] = problemsOf(() => yaml(content))
      expect(first).toStartWith(problem)
    })
  }

  test('of a duration or size names the form', () => {
    expect(problemsOf(() => yaml('listen: { idle: 30x, max_body: big }'))).toEqual([
      expect.stringContaining('1:17 listen.idle: must be a duration such as `500ms`'),
      expect.stringContaining('1:32 listen.max_body: must be a size such as `64KB`'),
    ])
  })

  test('of a variable or flag names it', () => {
    const env = { TGW_PORT: 'abc', TGW_DEBUG: 'maybe' }
    expect(problemsOf(() => load({ env, flags: { mode: 'x' } }))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^environment variable TGW_PORT listen\.port: must be a whole number/),
        expect.stringMatching(/^environment variable TGW_DEBUG debug: must be `true` or `false`/),
        expect.stringMatching(/^flag --mode mode: must be one of/),
      ]),
    )
  })
})

describe('all problems', () => {
  test('come at once, in the order of the file, also those between settings', () => {
    const check = ({ routes, providers }: Parsed): readonly CheckFinding[] =>
      routes.flatMap((route, at) =>
        route.targets.flatMap((target, index) =>
          typeof target !== 'string' || Object.hasOwn(providers, target)
            ? []
            : [
                {
                  level: 'error' as const,
                  path: ['routes', at, 'targets', index],
                  message: 'is no provider',
                },
              ],
        ),
      )
    const content = [
      'mode: wrong',
      'listen: { prot: 1, port: x }',
      'routes:',
      '  - { match: a, targets: [nobody] }',
      'providers: { a: { api_key: ${MISSING} } }',
    ].join('\n')
    expect(
      problemsOf(() => yaml(content, { check })).map((line) => line.split(' ').slice(0, 2).join(' ')),
    ).toEqual([
      '1:7 mode:',
      '2:11 listen.prot:',
      '2:26 listen.port:',
      '4:27 routes[0].targets[0]:',
      '5:28 providers.a.api_key:',
    ])
  })

  test('leave out what may only follow from another', () => {
    const check = ({ providers }: Parsed): readonly CheckFinding[] =>
      Object.entries(providers).flatMap(([name, provider]) =>
        provider.base_url === undefined
          ? [{ level: 'error' as const, path: ['providers', name, 'base_url'], message: 'is missing' }]
          : [],
      )
    expect(problemsOf(() => yaml('providers: { a: { bas_url: http://x } }', { check }))).toHaveLength(1)
    expect(problemsOf(() => yaml('providers: { a: { base_url: ${NO} } }', { check }))).toHaveLength(1)
    expect(problemsOf(() => yaml('providers: { a: { base_url: 1 }, b: {} }', { check }))).toHaveLength(2)
  })

  test('of several files are kept apart', () => {
    const files = { [main]: 'mode: x', [`${cwd}/tollgate.test.yaml`]: 'debug: x' }
    expect(problemsOf(() => load({ files, env: { TGW_PROFILE: 'test' } }))).toEqual([
      `${cwd}/tollgate.test.yaml1:8 debug: must be \`true\` or \`false\`, not a text`,
      '1:7 mode: must be one of `auto`, `passthrough`, not `x`',
    ])
  })

  test('of a file that is no YAML hide nothing else of that kind, and bring no others', () => {
    expect(problemsOf(() => yaml('mode: wrong\nlisten: {', { env: { TGW_PORT: 'x' } }))).toEqual([
      expect.stringContaining(' : is not valid YAML'),
    ])
  })
})

describe('warnings', () => {
  test('of the check have their place and stop nothing', () => {
    const check = (): readonly CheckFinding[] => [{ level: 'warning', path: ['mode'], message: 'is odd' }]
    expect(yaml('debug: true\nmode: auto', { check }).warnings).toEqual([
      { file: main, line: 2, column: 7, path: 'mode', message: 'is odd' },
    ])
    expect(load({ check }).warnings).toEqual([{ source: 'defaults', path: 'mode', message: 'is odd' }])
  })
})

describe('secrets', () => {
  const secret = 'sk-live-abcdef0123456789'
  for (const content of [
    `providers: { a: { api_key: [${secret}] } }`,
    `providers: { a: { api_key: { x: ${secret} } } }`,
    `providers: { a: { api_keys: ${secret} } }`,
    `providers: { a: { api_kye: ${secret} } }`,
    `providers: { a: { base_url: ${secret} } }`,
    `providers: { a: { headers: { authorization: [${secret}] } } }`,
    `providers: { a: { headers: {Authorization:${secret}} } }`,
    `providers: { a: {api_key:${secret}} }`,
    `providers: { a: { ${secret}: 1 } }`,
    `providers: { a: ${secret} }`,
    `mode: ${secret}`,
    'mode: ${SECRET}',
    'listen: { port: ${SECRET} }',
    `providers: { a: { api_key: "${secret} } }`,
    `providers:\n  a:\n    api_key: ${secret}: x`,
    `providers: *${secret}`,
    `key: !${secret} x`,
  ]) {
    test(`do not appear in the message for ${content.replaceAll(secret, 'S')}`, () => {
      const text = problemsOf(() => yaml(content, { env: { SECRET: secret } })).join('\n')
      expect(text).not.toContain('abcdef')
    })
  }

  test('do not appear where a variable or flag is wrong', () => {
    const env = { TGW_PORT: secret, TGW_MODE: secret, TGW_PROVIDERS__A__API_KEYS: secret }
    const text = problemsOf(() => load({ env, flags: { [`${secret} x[`]: 1, debug: secret } })).join('\n')
    expect(text).not.toContain('abcdef')
  })
})
