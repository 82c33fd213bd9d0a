import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isConfigError } from './config/index.ts'
import { loadSettings } from './load-settings.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'))
  mkdirSync(join(folder, 'aliases'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const write = (name: string, ...lines: readonly string[]) =>
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
const load = (...lines: readonly string[]) => {
  write('tollgate.yaml', ...lines)
  return loadSettings({ env: { TEAM: 'red' }, cwd: folder, home: folder })
}
const both = ['alias_folder: aliases', 'alias_files: [first.yaml, second.json]']

test('aliases stand in the configuration, in listed files and in a folder, and the nearer word wins', () => {
  write('aliases/10.yaml', 'a: from-10', 'b: from-10', 'c: from-10', 'd: from-10', 'e: from-10')
  write('aliases/20.yml', 'b: from-20', 'c: from-20', 'd: from-20', 'e: from-20')
  write('aliases/.hidden.yaml', 'f: hidden')
  write('aliases/notes.txt', 'g: no alias')
  write('first.yaml', 'c: first', 'd: first', 'e: first')
  write('second.json', '{', `\t"d": "second", "e": "openai/\${TEAM}"`, '}')
  const { settings, origin, candidates, folders } = load(...both, 'aliases: { e: own }')
  expect(settings.aliases).toEqual({ a: 'from-10', b: 'from-20', c: 'first', d: 'second', e: 'own' })
  expect(origin('aliases.d')).toMatchObject({ file: join(folder, 'second.json'), line: 2 })
  expect(origin('aliases.e')).toMatchObject({ file: join(folder, 'tollgate.yaml'), line: 3 })
  expect(candidates).toContain(join(folder, 'first.yaml'))
  expect(folders).toEqual([join(folder, 'aliases')])
})

test('what is wrong in a file of aliases is told with file, line and reason, all at once', () => {
  write('aliases/a.yaml', 'fine: gpt-5', 'number: 5', 'list: [a]')
  write('first.yaml', 'twice: a', 'twice: b')
  write('second.json', '{ "open": ')
  let problems: readonly unknown[] = []
  try {
    load(...both)
  } catch (error) {
    if (!isConfigError(error)) throw error
    problems = error.problems
  }
  expect(problems).toEqual([
    expect.objectContaining({ file: join(folder, 'aliases/a.yaml'), line: 2, path: 'number' }),
    expect.objectContaining({ file: join(folder, 'aliases/a.yaml'), line: 3, path: 'list' }),
    expect.objectContaining({ file: join(folder, 'first.yaml'), line: 2, path: 'twice' }),
    expect.objectContaining({ file: join(folder, 'second.json') }),
  ])
})

test('a file or folder that is not there has no aliases, and one that leads nowhere is warned of', () => {
  rmSync(join(folder, 'aliases'), { recursive: true })
  write('first.yaml', 'x: x', 'y: own', 'z: gpt-5')
  const { settings, warnings } = load(...both, 'aliases: { own: gpt-5 }')
  expect(settings.aliases).toEqual({ x: 'x', y: 'own', z: 'gpt-5', own: 'gpt-5' })
  expect(warnings.map(({ file, line, path }) => [file, line, path])).toEqual([
    [join(folder, 'aliases'), undefined, 'alias_folder'],
    [join(folder, 'second.json'), undefined, 'alias_files'],
    [join(folder, 'first.yaml'), 1, 'x'],
    [join(folder, 'first.yaml'), 2, 'y'],
  ])
})

test('a rule that cannot be is refused where it stands', () => {
  const problems = (rule: string) => {
    try {
      load(
        'providers: { openai: { api_key: k } }',
        'routes:',
        '  - match: gpt-*',
        '    targets: [openai]',
        `  - ${rule}`,
      )
      return []
    } catch (error) {
      if (!isConfigError(error)) throw error
      return error.problems.map(({ file, line, path, message }) => [file, line, path, message])
    }
  }
  const file = join(folder, 'tollgate.yaml')
  expect(problems('{ match: "/gpt-(/", targets: [openai] }')).toEqual([
    [file, 5, 'routes[1].match', expect.stringContaining('is no regular expression: ')],
  ])
  expect(problems('{ match: [a, "/(?=x)/"], targets: [openai] }')).toEqual([
    [file, 5, 'routes[1].match[1]', expect.stringContaining('is no regular expression: ')],
  ])
  expect(problems('{ match: a, targets: [opneai] }')).toEqual([
    [file, 5, 'routes[1].targets[0].provider', expect.stringContaining('did you mean `openai`?')],
  ])
  const night = (zone: string) =>
    `{ match: a, targets: [openai], when: { hours: { from: "22:00", to: "06:00", zone: ${zone} } } }`
  expect(problems(night('Europe/Zurich'))).toEqual([])
  expect(problems(night('Europe/Zuerich'))).toEqual([
    [file, 5, 'routes[1].when.hours.zone', expect.any(String)],
  ])
})
