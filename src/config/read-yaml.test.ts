// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${…}` is the syntax of our files, not of a template
import { describe, expect, test } from 'bun:test'
import { nodeAt, plainOf } from './config-node.ts'
import { readYaml } from './read-yaml.ts'
import { parsePath } from './setting-path.ts'

const file = '/etc/tollgate.yaml'

const read = (text: string, env: Readonly<Record<string, string>> = {}) => {
  const { node, problems } = readYaml(text, file, env)
  return {
    plain: node && plainOf(node),
    problems: problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`),
    place(path: string) {
      const found = node && nodeAt(node, parsePath(path))
      return [found?.keyOrigin, found?.origin].map((origin) =>
        origin?.type === 'file' ? `${origin.line}:${origin.column}` : undefined,
      )
    },
  }
}

describe('places', () => {
  const yaml = [
    '# comment', // 1
    'listen:', // 2
    '  host: 127.0.0.1', // 3
    '  ports: { facade: 1, admin:   2 }', // 4
    'routes:', // 5
    '  - match: "a*"', // 6
    '    targets: [openai, { provider: x }]', // 7
    '  -', // 8
    '    match: b', // 9
    'empty:', // 10
  ].join('\n')
  const found = read(yaml)

  test('of keys and values in nested sections', () => {
    expect(found.place('listen')).toEqual(['2:1', '3:3'])
    expect(found.place('listen.host')).toEqual(['3:3', '3:9'])
  })

  test('in flow style', () => {
    expect(found.place('listen.ports.admin')).toEqual(['4:23', '4:32'])
    expect(found.place('routes[0].targets[1].provider')).toEqual(['7:25', '7:35'])
  })

  test('in lists', () => {
    expect(found.place('routes[0].match')).toEqual(['6:5', '6:12'])
    expect(found.place('routes[1].match')).toEqual(['9:5', '9:12'])
  })

  test('of a key without a value', () => {
    expect(found.place('empty')[0]).toBe('10:1')
  })

  test('are the same with Windows line ends and a byte order mark', () => {
    const windows = read(`\uFEFF${yaml.replaceAll('\n', '\r\n')}`)
    expect(windows.plain).toEqual(found.plain)
    expect(windows.place('routes[1].match')).toEqual(['9:5', '9:12'])
  })
})

describe('variables', () => {
  const env = { KEY: 'sk-1', PORT: '8080', EMPTY: '', TRICKY: '${KEY}, {a: b}' }

  test('expand everywhere in values, without quotes in flow style too', () => {
    expect(read('a: ${KEY}', env).plain).toEqual({ a: 'sk-1' })
    expect(read('a: { b: ${KEY}, c: [${KEY}, x${PORT}y] }', env).plain).toEqual({
      a: { b: 'sk-1', c: ['sk-1', 'x8080y'] },
    })
    expect(read('a: "${KEY}"\nb: \'${KEY}\'\nc: |\n  ${KEY}\n', env).plain).toEqual({
      a: 'sk-1',
      b: 'sk-1',
      c: 'sk-1\n',
    })
  })

  test('are not expanded a second time, and cannot add structure', () => {
    expect(read('a: { b: ${TRICKY} }', env).plain).toEqual({ a: { b: '${KEY}, {a: b}' } })
  })

  test('keep a plain number as its other reading', () => {
    const { node } = readYaml('a: ${PORT}\nb: "${PORT}"', file, env)
    expect(node && nodeAt(node, ['a'])?.alternative).toBe(8080)
    expect(node && nodeAt(node, ['b'])?.alternative).toBeUndefined()
  })

  test('have defaults, for an empty variable too', () => {
    expect(read('a: ${NO:-x, y}\nb: { c: ${NO:-[d]}, e: ${EMPTY:-f} }\ng: "${EMPTY}"', env).plain).toEqual({
      a: 'x, y',
      b: { c: '[d]', e: 'f' },
      g: '',
    })
  })

  test('that are not set are errors with their place, all of them', () => {
    expect(read('a: 1\nb: { c: ${NO}, d: ${NOPE} }', env).problems).toEqual([
      '2:9 b.c: the environment variable `NO` is not set; set it, or write `${NAME:-default}`',
      '2:19 b.d: the environment variable `NOPE` is not set; set it, or write `${NAME:-default}`',
    ])
  })

  test('can be escaped', () => {
    expect(read('a: $${KEY}\nb: { c: $${KEY} }\nd: cost $5\ne: $KEY', env).plain).toEqual({
      a: '${KEY}',
      b: { c: '${KEY}' },
      d: 'cost $5',
      e: '$KEY',
    })
  })

  for (const text of ['a: ${', 'a: ${}', 'a: ${1X}', 'a: ${A-b}', 'a: "${A B}"']) {
    test(`written as ${text.slice(3)} are an error`, () => {
      expect(read(text, env).problems[0]).toStartWith('1:4 a: `${` must be followed by a variable name')
    })
  }

  test('that are not finished take nothing else of the line with them', () => {
    expect(read('a: { b: "$${", c: 1 }').plain).toEqual({ a: { b: '${', c: 1 } })
  })

  test('leave private-use characters of the file alone', () => {
    expect(read('a: "\uE000\uE07F ${KEY}"', env).plain).toEqual({ a: '\uE000\uE07F sk-1' })
  })

  test('are not looked up on the prototype', () => {
    expect(read('a: ${constructor}', env).problems).toHaveLength(1)
  })
})

describe('a file that is not right', () => {
  test('is reported with the line of the mistake, and never repeats the text', () => {
    const { problems, plain } = read('a: 1\nkey: "sk-secret\nb: sk-other: x\n\tc: 1\n')
    expect(plain).toBeUndefined()
    expect(problems.length).toBeGreaterThan(0)
    expect(problems[0]).toMatch(/^[2345]:\d+ : is not valid YAML: /)
    expect(problems.join()).not.toContain('sk-')
  })

  for (const [text, place, reason] of [
    ['a: b: c', '1:4', 'two `key: value` pairs stand on one line'],
    ['a:\n\tb: 1', '2:1', 'tabs cannot indent'],
    ['a: {b: 1', '1:9', 'a bracket or brace is not closed'],
    ['a: "b', '1:6', 'a closing quote, bracket or brace'],
    ['a: 1\n---\nb: 2', '2:1', 'more than one document'],
    ['a: !!js/function x', '1:4', 'tags (`!name`) are not known here'],
    ['a: @x', '1:4', 'cannot begin with this character'],
  ] as const) {
    test(`${JSON.stringify(text)}: ${reason}`, () => {
      const [first] = read(text).problems
      expect(first).toContain(reason)
      expect(first).toStartWith(`${place} : is not valid YAML`)
    })
  }

  test('may not say a key twice', () => {
    expect(read('listen:\n  port: 1\n  host: x\n  port: 2').problems).toEqual([
      '4:3 listen.port: the key appears twice in this section',
    ])
  })

  test('may not have keys that are no names', () => {
    expect(read('[a]: 1').problems).toEqual(['1:1 : a key must be a plain name'])
    expect(read('__proto__: { x: 1 }').problems).toEqual(['1:1 : the key `__proto__` is not allowed'])
  })

  test('must hold keys', () => {
    expect(read('- a').problems).toEqual(['1:1 : the file must hold `key: value` lines'])
    expect(read('text').problems).toEqual(['1:1 : the file must hold `key: value` lines'])
  })

  test('may be empty', () => {
    for (const text of ['', '# only a comment\n', '---\n', 'null'])
      expect(read(text)).toMatchObject({ problems: [] })
  })
})

describe('anchors', () => {
  test('repeat what they name', () => {
    expect(read('a: &x { b: 1 }\nc: *x').plain).toEqual({ a: { b: 1 }, c: { b: 1 } })
  })

  test('must exist', () => {
    expect(read('a: *nobody').problems).toEqual([
      '1:4 a: the alias (`*name`) has no anchor (`&name`) before it',
    ])
  })

  test('cannot lead to themselves', () => {
    expect(read('a: &x [*x]').problems).toEqual(['1:8 a[0]: the alias leads to itself'])
  })

  test('cannot blow the file up', () => {
    const levels = ['a: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 9; level += 1) {
      levels.push(
        `b${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      )
    }
    expect(read(levels.join('\n')).problems).toEqual([expect.stringContaining('more than 100000 values')])
  })
})

test('a file of brackets is refused, not a crash', () => {
  expect(read(`a: ${'['.repeat(20_000)}`).problems.length).toBeGreaterThan(0)
})

test('numbers, booleans and texts are told apart as in YAML 1.2', () => {
  expect(read('a: on\nb: yes\nc: 012\nd: 1_000\ne: 0x10\nf: ~\ng: True\n8080: h').plain).toEqual({
    a: 'on',
    b: 'yes',
    c: 12,
    d: '1_000',
    e: 16,
    f: null,
    g: true,
    '8080': 'h',
  })
})
