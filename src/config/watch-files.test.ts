import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type WatchOptions, watchFiles } from './watch-files.ts'

let folder = ''
let stop = () => {}
let changes = 0

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watch-'))
  changes = 0
})
afterEach(() => {
  stop()
  rmSync(folder, { recursive: true, force: true })
})

const at = (...parts: readonly string[]) => join(folder, ...parts)
const write = (path: string, text: string) => writeFileSync(path, text)

/** Without the poll, so that it is the events that are tested. */
const start = (files: readonly string[], options: WatchOptions = { debounceMs: 20, pollMs: 0 }) => {
  stop = watchFiles(
    files,
    () => {
      changes += 1
    },
    options,
  )
}

/** Ends as soon as the count is reached, and fails after 5 seconds. */
const untilChanges = async (count: number) => {
  const deadline = performance.now() + 5_000
  while (changes < count) {
    if (performance.now() > deadline) throw new Error(`${changes} changes instead of ${count} after 5 s`)
    await Bun.sleep(5)
  }
}

describe('a change is told', () => {
  test('when the file is written in place, each time', async () => {
    write(at('a.yaml'), '1')
    start([at('a.yaml')])
    write(at('a.yaml'), '2')
    await untilChanges(1)
    write(at('a.yaml'), '3')
    await untilChanges(2)
  })

  test('also in a folder whose other files change all the time', async () => {
    write(at('a.yaml'), '1')
    start([at('a.yaml')], { debounceMs: 20, pollMs: 50 })
    for (let round = 0; round < 300; round++) {
      write(at(`journal-${round % 3}`), String(round))
      if (round % 50 === 0) await Bun.sleep(5)
    }
    await Bun.sleep(20)
    write(at('a.yaml'), '2')
    await untilChanges(1)
    write(at('a.yaml'), '3')
    await untilChanges(2)
  })

  test('when an editor writes a new file and renames it over the old one, each time', async () => {
    write(at('a.yaml'), '1')
    start([at('a.yaml')])
    for (const [index, text] of ['2', '3', '4'].entries()) {
      write(at('.a.yaml.swp'), text)
      renameSync(at('.a.yaml.swp'), at('a.yaml'))
      await untilChanges(index + 1)
    }
  })

  test('when an editor moves the old file away first', async () => {
    write(at('a.yaml'), '1')
    start([at('a.yaml')], { debounceMs: 50, pollMs: 0 })
    renameSync(at('a.yaml'), at('a.yaml~'))
    write(at('a.yaml'), '2')
    await untilChanges(1)
  })

  test('when the file appears, and when it goes', async () => {
    start([at('a.yaml')])
    write(at('a.yaml'), '1')
    await untilChanges(1)
    unlinkSync(at('a.yaml'))
    await untilChanges(2)
  })

  test('when a mounted ConfigMap swaps its `..data` link, each time', async () => {
    mkdirSync(at('..v1'))
    write(at('..v1', 'a.yaml'), '1')
    symlinkSync('..v1', at('..data'))
    symlinkSync(join('..data', 'a.yaml'), at('a.yaml'))
    start([at('a.yaml')])
    for (const version of [2, 3]) {
      mkdirSync(at(`..v${version}`))
      write(at(`..v${version}`, 'a.yaml'), String(version))
      symlinkSync(`..v${version}`, at('..data_tmp'))
      renameSync(at('..data_tmp'), at('..data'))
      rmSync(at(`..v${version - 1}`), { recursive: true })
      await untilChanges(version - 1)
    }
  })

  test('when a folder on the way is a link that is pointed elsewhere', async () => {
    for (const release of ['one', 'two']) {
      mkdirSync(at('releases', release), { recursive: true })
      write(at('releases', release, 'a.yaml'), release)
    }
    symlinkSync(join('releases', 'one'), at('current'))
    start([at('current', 'a.yaml')])
    symlinkSync(join('releases', 'two'), at('next'))
    renameSync(at('next'), at('current'))
    await untilChanges(1)
    write(at('releases', 'two', 'a.yaml'), 'three')
    await untilChanges(2)
  })

  test('when the target of a link is written', async () => {
    mkdirSync(at('real'))
    write(at('real', 'a.yaml'), '1')
    symlinkSync(at('real', 'a.yaml'), at('a.yaml'))
    start([at('a.yaml')])
    write(at('real', 'a.yaml'), '2')
    await untilChanges(1)
  })

  test('by the poll where the folder is not there at first', async () => {
    start([at('later', 'a.yaml')], { debounceMs: 10, pollMs: 20 })
    mkdirSync(at('later'))
    write(at('later', 'a.yaml'), '1')
    await untilChanges(1)
  })

  test('once for many writes in a row', async () => {
    write(at('a.yaml'), '0')
    start([at('a.yaml')], { debounceMs: 150, pollMs: 0 })
    for (let index = 1; index < 20; index += 1) write(at('a.yaml'), String(index))
    await untilChanges(1)
    write(at('a.yaml'), 'last')
    await untilChanges(2)
    expect(changes).toBe(2)
  })
})

test('writing the same content again is no change, nor is another file of the folder', async () => {
  write(at('a.yaml'), '1')
  start([at('a.yaml')])
  write(at('b.yaml'), 'x')
  write(at('a.yaml'), '1')
  write(at('a.yaml'), '2')
  await untilChanges(1)
  expect(changes).toBe(1)
})

test('nothing is told after the end', async () => {
  write(at('a.yaml'), '1')
  start([at('a.yaml')])
  const other = { changes: 0 }
  const stopOther = watchFiles([at('a.yaml')], () => (other.changes += 1), { debounceMs: 20, pollMs: 0 })
  stop()
  write(at('a.yaml'), '2')
  const deadline = performance.now() + 5_000
  while (other.changes === 0 && performance.now() < deadline) await Bun.sleep(5)
  stopOther()
  expect(other.changes).toBe(1)
  expect(changes).toBe(0)
})

test('a loop of links is no trap', () => {
  symlinkSync('b', at('a'))
  symlinkSync('a', at('b'))
  expect(() => start([at('a')])).not.toThrow()
})

describe('a folder of maps', () => {
  const startFolder = (path: string) => {
    stop = watchFiles(
      () => ({ files: [], folders: [path] }),
      () => {
        changes += 1
      },
      { debounceMs: 20, pollMs: 0 },
    )
  }

  test('is followed when a file in it appears, changes and goes, and other files do not count', async () => {
    mkdirSync(at('maps'))
    write(at('maps', 'a.yaml'), '1')
    startFolder(at('maps'))
    write(at('maps', 'b.json'), '1')
    await untilChanges(1)
    write(at('maps', 'b.json'), '2')
    await untilChanges(2)
    write(at('maps', 'notes.txt'), '1')
    write(at('maps', '.a.yaml.swp'), '1')
    unlinkSync(at('maps', 'a.yaml'))
    await untilChanges(3)
    await Bun.sleep(100)
    expect(changes).toBe(3)
  })

  test('is followed when it is reached by a link', async () => {
    mkdirSync(at('real'))
    symlinkSync(at('real'), at('maps'))
    startFolder(at('maps'))
    write(at('real', 'a.yaml'), '1')
    await untilChanges(1)
  })
})
