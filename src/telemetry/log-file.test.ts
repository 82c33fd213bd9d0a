import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogFile, type LogFile, type LogFileOptions } from './log-file.ts'

let dir = ''
let time = 0
let fallback: string[] = []
const open: LogFile[] = []

beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'tollgate-log-')), 'logs')
  time = Date.parse('2026-11-21T12:00:00Z')
  fallback = []
})
afterEach(() => {
  for (const file of open.splice(0)) file.close()
  rmSync(join(dir, '..'), { recursive: true, force: true })
})

const create = (options: Partial<LogFileOptions> = {}): LogFile => {
  const file = createLogFile({
    dir,
    name: 'server',
    now: () => time,
    fallback: (lines) => fallback.push(lines),
    ...options,
  })
  open.push(file)
  return file
}
const files = (): readonly string[] => readdirSync(dir).sort()
const read = (file: string): string => readFileSync(join(dir, file), 'utf8')

describe('a log file', () => {
  test('is private and named after its log and day', () => {
    create().write('one\n')
    create({ name: 'cli' }).write('two\n')
    expect(files()).toEqual(['cli-2026-11-21.log', 'server-2026-11-21.log'])
    expect(statSync(join(dir, 'server-2026-11-21.log')).mode & 0o777).toBe(0o600)
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    expect(read('server-2026-11-21.log')).toBe('one\n')
  })

  test('is made only when there is something to write', () => {
    create()
    expect(existsSync(dir)).toBe(false)
  })

  test('goes on where the last start left off', () => {
    create().write('one\n')
    create().write('two\n')
    expect(read('server-2026-11-21.log')).toBe('one\ntwo\n')
  })

  test('changes with the day', () => {
    const log = create()
    log.write('old\n')
    time = Date.parse('2026-11-22T00:00:00Z')
    log.write('new\n')
    expect(files()).toEqual(['server-2026-11-21.log', 'server-2026-11-22.log'])
    expect(read('server-2026-11-22.log')).toBe('new\n')
  })

  test('is followed by the next part when it is full, also after a restart', () => {
    const log = create({ maximumBytes: 10 })
    for (const line of ['aaaaaaaaaa\n', 'b\n', 'cccccccccc\n', 'd\n']) log.write(line)
    expect(files()).toEqual(['server-2026-11-21.1.log', 'server-2026-11-21.2.log', 'server-2026-11-21.log'])
    create({ maximumBytes: 10 }).write('e\n')
    expect(read('server-2026-11-21.2.log')).toBe('d\ne\n')
  })

  test('notices that another process has filled it', () => {
    const log = create({ maximumBytes: 10 })
    log.write('a\n')
    create({ maximumBytes: 10 }).write('bbbbbbbbbbbb\n')
    time += 1000
    log.write('c\n')
    expect(read('server-2026-11-21.1.log')).toBe('c\n')
  })

  test.each([
    ['deleted', unlinkSync],
    ['moved away', (path: string) => renameSync(path, `${path}.old`)],
  ])('is made anew when it was %s', (_, remove) => {
    const log = create()
    log.write('one\n')
    remove(join(dir, 'server-2026-11-21.log'))
    time += 1000
    log.write('two\n')
    expect(read('server-2026-11-21.log')).toBe('two\n')
  })

  test('is made anew when the whole folder was deleted', () => {
    const log = create()
    log.write('one\n')
    rmSync(dir, { recursive: true })
    time += 1000
    log.write('two\n')
    expect(read('server-2026-11-21.log')).toBe('two\n')
  })
})

describe('retention', () => {
  const plant = (...names: readonly string[]): void => {
    create({ name: 'cli' }).write('x\n')
    for (const name of names) writeFileSync(join(dir, name), 'x\n')
  }

  test('deletes what is older than the days kept, and nothing that is not its own', () => {
    plant(
      'server-2026-11-01.log',
      'server-2026-11-07.log',
      'server-2026-11-06.3.log',
      'cli-2026-01-01.log',
      'notes.log',
    )
    create({ keepDays: 14 }).write('x\n')
    expect(files()).toEqual([
      'cli-2026-01-01.log',
      'cli-2026-11-21.log',
      'notes.log',
      'server-2026-11-07.log',
      'server-2026-11-21.log',
    ])
  })

  test('deletes the oldest when there are too many', () => {
    plant(
      'server-2026-11-19.log',
      'server-2026-11-19.10.log',
      'server-2026-11-19.9.log',
      'server-2026-11-20.log',
    )
    create({ keepFiles: 3 }).write('x\n')
    expect(files().filter((file) => file.startsWith('server'))).toEqual([
      'server-2026-11-19.10.log',
      'server-2026-11-20.log',
      'server-2026-11-21.log',
    ])
  })
})

describe('a full disk', () => {
  const path = (): string => join(dir, 'server-2026-11-21.log')

  test.skipIf(!existsSync('/dev/full'))(
    'sends the lines to standard error, once with a notice, and goes on later',
    () => {
      create({ name: 'cli' }).write('x\n')
      symlinkSync('/dev/full', path())
      const log = create()
      log.write('one\n')
      log.write('two\n')
      expect(fallback).toHaveLength(3)
      expect(fallback[0]).toContain('ENOSPC')
      expect(fallback.slice(1)).toEqual(['one\n', 'two\n'])

      time += 5000
      log.write('three\n')
      expect(fallback.slice(3)).toEqual(['three\n'])

      unlinkSync(path())
      time += 5000
      log.write('four\n')
      expect(read('server-2026-11-21.log')).toBe('four\n')
      expect(fallback.at(-1)).toContain('can be written again')
      log.write('five\n')
      expect(fallback).toHaveLength(5)
    },
  )

  test('that is a folder without permission, or a file in its place, is survived as well', () => {
    writeFileSync(dir, 'a file where the folder should be')
    const log = create()
    log.write('one\n')
    expect(fallback.at(-1)).toBe('one\n')
    unlinkSync(dir)
    time += 5000
    log.write('two\n')
    expect(read('server-2026-11-21.log')).toBe('two\n')
  })
})
