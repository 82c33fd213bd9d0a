import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../../test/support/databases.ts'
import { createSpool } from './spool.ts'

describe('the spool', () => {
  const root = temporaryFolder()
  let count = 0
  const setUp = (segmentBytes = 100_000) => {
    count += 1
    const folder = join(root.path(), `spool-${count}`)
    const spool = createSpool(folder, segmentBytes)
    return { folder, spool, files: () => (existsSync(folder) ? readdirSync(folder).sort() : []) }
  }

  test('makes no file before there is a line', () => {
    const { spool, files } = setUp()
    spool.close()
    expect(files()).toEqual([])
  })

  test('appends whole lines below a header, to a file of its owner', () => {
    const { spool } = setUp()
    spool.append('["o",1]', 5)
    const { path } = spool.append('["o","ü"]', 6)
    expect(readFileSync(path, 'utf8').split('\n').slice(1)).toEqual(['["o",1]', '["o","ü"]', ''])
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('starts a new file at a size, and deletes the old one when nobody needs it', () => {
    const { spool, files } = setUp(10)
    const first = spool.append('one', 1)
    const second = spool.append('two', 2)
    expect(files()).toHaveLength(2)
    spool.release(first)
    expect(files()).toEqual([second.path.split('/').at(-1) ?? ''])
    spool.release(second)
    // The current file stays until it is finished.
    expect(files()).toHaveLength(1)
    spool.close()
    expect(files()).toEqual([])
  })

  test('keeps a file whose lines the database does not have, until it is replayed', () => {
    const { spool, files } = setUp(10)
    const first = spool.append('one', 1)
    spool.keepForReplay(first)
    spool.rotate()
    spool.release(first)
    expect(files()).toHaveLength(1)
    expect(spool.waitsForReplay()).toBe(true)
    expect(spool.takeForReplay()).toBe(first)
    expect(spool.takeForReplay()).toBeUndefined()
    expect(files()).toHaveLength(1)
    spool.release(first)
    expect(files()).toEqual([])
  })

  test('hands out files for replay in the order in which they were written', () => {
    const { spool } = setUp(10)
    const [first, second] = [spool.append('one', 1), spool.append('two', 2)]
    spool.keepForReplay(second)
    spool.keepForReplay(first)
    expect([spool.takeForReplay(), spool.takeForReplay()]).toEqual([first, second])
  })

  test('knows since when something may be open', () => {
    const { spool } = setUp(10)
    expect(spool.since()).toBe(Number.POSITIVE_INFINITY)
    const first = spool.append('one', 70)
    spool.append('two', 50)
    expect(spool.since()).toBe(50)
    spool.append('three', 90)
    spool.release(first)
    expect(spool.since()).toBe(50)
  })

  test('never continues a file of an earlier run', () => {
    const { folder, spool } = setUp()
    spool.append('one', 1)
    expect(() => createSpool(folder, 10).append('two', 1)).toThrow('spool')
  })

  test('says what to check when the disk refuses', () => {
    const spool = createSpool('/proc/nowhere', 10)
    expect(() => spool.append('one', 1)).toThrow(
      expect.objectContaining({
        code: 'gateway_storage_unavailable',
        message: expect.stringContaining('free space'),
      }),
    )
  })
})
