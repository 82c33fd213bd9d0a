// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the syntax of our files, not of a template
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import { setInFile } from './set-in-file.ts'

const file = `# Tollgate of the team
listen:   { host: 127.0.0.1,   port: 8081 }   # behind nginx

providers:
    openai:    { api_key: \${OPENAI_API_KEY}, organization: org-x }
    # the local one
    my-vllm:
        kind: "openai-compatible"   # quoted
        base_url: 'http://127.0.0.1:8000/v1'
        headers:
            x-a: b
        # last words of my-vllm

routes:
  - match: "claude-*"
    targets: [anthropic]   # one
  - { match: gpt-*, targets: [ openai ] }
aliases:
work_mode: auto          # auto | passthrough

# the end
`

describe('setting a value in a file', () => {
  const cases: readonly (readonly [string, unknown, string, string])[] = [
    ['listen.port', 9000, 'port: 8081', 'port: 9000'],
    ['work_mode', 'translation', 'work_mode: auto ', 'work_mode: translation '],
    ['providers.openai.api_key', '${OTHER}', '${OPENAI_API_KEY}', '"${OTHER}"'],
    ['providers.my-vllm.kind', 'vllm', '"openai-compatible"', 'vllm'],
    ['providers.my-vllm.base_url', 'http://10.0.0.1/v1', "'http://127.0.0.1:8000/v1'", 'http://10.0.0.1/v1'],
    ['routes[0].match', 'claude-opus-*', '"claude-*"', '"claude-opus-*"'],
    [
      'routes[0].targets',
      ['anthropic', { provider: 'openai', model: 'gpt-5.1' }],
      '[anthropic]',
      '[anthropic, { provider: openai, model: gpt-5.1 }]',
    ],
    ['routes[1].targets[0]', 'groq', '[ openai ]', '[ groq ]'],
  ]
  for (const [path, value, before, after] of cases) {
    test(`${path} changes only that value`, () => {
      expect(setInFile(file, path, value)).toBe(file.replace(before, () => after))
    })
  }

  test('adds a key to a section in braces', () => {
    expect(setInFile(file, 'listen.max_body', '64MB')).toBe(
      file.replace('port: 8081 }', 'port: 8081, max_body: "64MB" }'),
    )
  })

  test('adds a key below the last one of a section, with its indentation', () => {
    expect(setInFile(file, 'providers.my-vllm.enabled', false)).toBe(
      file.replace('            x-a: b\n', '            x-a: b\n        enabled: false\n'),
    )
  })

  test('adds an item to a list', () => {
    expect(setInFile(file, 'routes[2]', { match: 'x', targets: ['loopback'] })).toBe(
      file.replace('openai ] }\n', 'openai ] }\n  - { match: x, targets: [loopback] }\n'),
    )
    expect(setInFile(file, 'routes[0].targets[1]', 'openai')).toBe(
      file.replace('[anthropic]', '[anthropic, openai]'),
    )
  })

  test('fills an empty section', () => {
    expect(setInFile(file, 'aliases."gpt-5.1"', 'gpt-5')).toBe(
      file.replace('aliases:\n', 'aliases:\n  gpt-5.1: gpt-5\n'),
    )
  })

  test('adds sections that are missing, at the end', () => {
    expect(setInFile(file, 'telemetry.log.level', 'debug')).toBe(
      file.replace('# auto | passthrough\n', '# auto | passthrough\ntelemetry:\n  log:\n    level: debug\n'),
    )
  })

  test('replaces a section by a value, and a value by a section', () => {
    expect(setInFile('a:\n  b: 1 # x\n  c: 2\nd: 3 # y\n', 'a', 5)).toBe('a: 5\nd: 3 # y\n')
    expect(setInFile('a: # why\n  b: 1\nd: 3\n', 'a', ['x'])).toBe('a: [x] # why\nd: 3\n')
    expect(setInFile('a: 1 # why\nd: 3\n', 'a', { b: { c: 1 } })).toBe('a: { b: { c: 1 } } # why\nd: 3\n')
  })

  test('begins an empty file, and one of comments', () => {
    expect(setInFile('', 'listen.port', 1)).toBe('listen:\n  port: 1\n')
    expect(setInFile('# hello', 'debug', true)).toBe('# hello\ndebug: true\n')
  })

  test('keeps Windows line ends', () => {
    const windows = file.replaceAll('\n', '\r\n')
    expect(setInFile(windows, 'providers.my-vllm.enabled', false)).toBe(
      windows.replace('            x-a: b\r\n', '            x-a: b\r\n        enabled: false\r\n'),
    )
    expect(setInFile('a:\r\n  b: 1\r\nc: 2\r\n', 'a', 5)).toBe('a: 5\r\nc: 2\r\n')
  })

  test('keeps a missing line end at the end missing', () => {
    expect(setInFile('a: 1', 'b', 2)).toBe('a: 1\nb: 2')
  })

  test('quotes what YAML would read otherwise', () => {
    for (const text of [
      'true',
      'null',
      '1.0',
      '0x1',
      '',
      ' x',
      'a: b',
      'a #b',
      '- a',
      '*x',
      '&x',
      '@x',
      '"',
      'é',
      'a\nb',
      'no',
      '~',
      '{',
      '2026-01-01',
    ]) {
      expect(parse(setInFile('x: { y: 1 }', 'x.y', text))).toEqual({ x: { y: text } })
      expect(parse(setInFile('x:\n  y: 1', 'x.y', text))).toEqual({ x: { y: text } })
    }
  })

  test('rewrites the file with its comments where an edit in place is not possible', () => {
    const anchored = '# top\na: &x { b: 1 } # first\nc: *x\n'
    const result = setInFile(anchored, 'c', 2)
    expect(parse(result)).toEqual({ a: { b: 1 }, c: 2 })
    expect(result).toContain('# top')
    expect(result).toContain('# first')
  })

  test('refuses what has no place, without harm', () => {
    expect(() => setInFile(file, 'work_mode.x', 1)).toThrow(/`x` cannot be set/)
    expect(() => setInFile(file, 'routes[7]', {})).toThrow(/there is no list with an item 7/)
    expect(() => setInFile(file, 'routes.match', 1)).toThrow(/`match` cannot be set/)
    expect(() => setInFile('a: [', 'a', 1)).toThrow(/line 1 is not valid YAML/)
    expect(() => setInFile('a: &x 1\nb: *x', 'a', 2)).toThrow(/edit it by hand/)
  })

  test('whatever the file and value, the file then says the value', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'gpt-5.1', 'x y')
    const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant('${KEY}'))
    const tree = fc.letrec((again) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        scalar,
        fc.array(again('node'), { maxLength: 3 }),
        fc.dictionary(key, again('node'), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).node
    const document = fc.dictionary(key, tree, { maxKeys: 4, minKeys: 1, noNullPrototype: true })
    const style = fc.record({ indent: fc.constantFrom(2, 4), flow: fc.boolean(), crlf: fc.boolean() })
    fc.assert(
      fc.property(
        document,
        style,
        fc.array(key, { minLength: 1, maxLength: 3 }),
        tree,
        (data, look, path, value) => {
          const lines = stringify(data, {
            indent: look.indent,
            ...(look.flow && { collectionStyle: 'flow' as const }),
          })
          const text = look.crlf ? lines.replaceAll('\n', '\r\n') : lines
          fc.pre(Bun.deepEquals(parse(text), data))
          let result: string
          try {
            result = setInFile(text, path, value)
          } catch (error) {
            expect(error).toMatchObject({
              code: 'config_invalid',
              message: expect.stringContaining('cannot be set'),
            })
            return
          }
          const said = path.reduce<unknown>(
            (current, segment) =>
              typeof current === 'object' && current !== null
                ? new Map(Object.entries(current)).get(segment)
                : undefined,
            parse(result.replaceAll('"${KEY}"', "'${KEY}'")),
          )
          expect(said).toEqual(value)
        },
      ),
      { numRuns: 150 },
    )
  }, 30_000)
})
