import { afterEach, describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { acquireLock, lockHolder } from './index.ts'
import { cleanUp, makeFolder, startProgram } from './running-program.fixture.ts'

afterEach(cleanUp)

const fixture = join(import.meta.dir, 'lock.fixture.ts')
const lockIn = (dir: string): string => join(dir, 'tollgate.lock')
const read = (dir: string) => JSON.parse(readFileSync(lockIn(dir), 'utf8'))
const holdElsewhere = (root: string, rounds = 1, start = 0) =>
  startProgram({}, { command: [process.execPath, fixture, root, String(rounds), String(start)] })

/** The record of a process that has ended. */
const deadRecord = (nonce: string = crypto.randomUUID()): string => {
  const { pid } = Bun.spawnSync(['true'])
  return JSON.stringify({ pid, startedAt: Date.now(), kernelStart: 'another-boot/1', nonce })
}

describe('a lock', () => {
  test('is a private file that says who holds the folder and where the server answers', async () => {
    const dir = join(makeFolder(), 'data')
    const lock = await acquireLock(dir)
    expect(lockHolder(dir)).toMatchObject({ pid: process.pid, ready: undefined })
    expect(statSync(lockIn(dir)).mode & 0o777).toBe(0o600)
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    expect(readdirSync(dir)).toEqual(['tollgate.lock'])

    lock.update({ host: '127.0.0.1', ports: { facade: 8081, admin: 8079 } })
    expect(lockHolder(dir)?.ready).toEqual({ host: '127.0.0.1', ports: { facade: 8081, admin: 8079 } })
    lock.update(undefined)
    expect(lockHolder(dir)?.ready).toBeUndefined()

    lock.release()
    lock.release()
    lock.update({ host: 'late', ports: {} })
    expect(readdirSync(dir)).toEqual([])
    expect(lockHolder(dir)).toBeUndefined()
  })

  test('is refused while its holder runs, with the pid and the ports', async () => {
    const dir = makeFolder()
    const lock = await acquireLock(dir)
    lock.update({ host: '127.0.0.1', ports: { facade: 8081 } })
    await expect(acquireLock(dir)).rejects.toMatchObject({
      code: 'conflict',
      message: `tollgate runs already in ${dir} (pid ${process.pid}, port 8081): stop it with \`tgw stop\` or choose another data_dir`,
    })
  })

  test('of another process is refused until that process is killed', async () => {
    const root = makeFolder()
    const holder = holdElsewhere(root)
    await holder.find((event) => event.event === 'tried')
    await expect(acquireLock(join(root, '0'))).rejects.toThrow(`pid ${holder.pid}`)
    holder.signal('SIGKILL')
    await holder.exited
    const lock = await acquireLock(join(root, '0'))
    expect(read(join(root, '0')).pid).toBe(process.pid)
    expect(readdirSync(join(root, '0'))).toEqual(['tollgate.lock'])
    lock.release()
  })

  test.skipIf(process.platform !== 'linux')(
    'is taken over when the pid belongs to another program by now',
    async () => {
      const dir = makeFolder()
      const record = { pid: process.pid, startedAt: Date.now(), kernelStart: 'boot/1', nonce: 'old' }
      writeFileSync(lockIn(dir), JSON.stringify(record))
      expect(lockHolder(dir)).toBeUndefined()
      await acquireLock(dir)
      expect(lockHolder(dir)?.pid).toBe(process.pid)
    },
  )

  test.each(['', '{"pid":1', '[]', '{"pid":1,"startedAt":1,"nonce":"../../x"}'])(
    'is taken over when the file is damaged: %p',
    async (content) => {
      const dir = makeFolder()
      writeFileSync(lockIn(dir), content)
      utimesSync(lockIn(dir), new Date(Date.now() - 10_000), new Date(Date.now() - 10_000))
      await acquireLock(dir)
      expect(readdirSync(dir)).toEqual(['tollgate.lock'])
      expect(lockHolder(dir)?.pid).toBe(process.pid)
    },
  )

  test('is taken over when another start died in the middle of taking it over', async () => {
    const dir = makeFolder()
    writeFileSync(lockIn(dir), deadRecord('first'))
    writeFileSync(`${lockIn(dir)}.first`, deadRecord('second'))
    writeFileSync(`${lockIn(dir)}.first.second`, deadRecord('third'))
    await acquireLock(dir)
    expect(lockHolder(dir)?.pid).toBe(process.pid)
    expect(readdirSync(dir)).toEqual(['tollgate.lock'])
  })

  test('that is another’s by now is neither changed nor removed', async () => {
    const dir = makeFolder()
    const lock = await acquireLock(dir)
    const other = deadRecord()
    writeFileSync(lockIn(dir), other)
    lock.update({ host: 'x', ports: {} })
    lock.release()
    expect(readFileSync(lockIn(dir), 'utf8')).toBe(other)
  })

  test('clears away what killed starts have left', async () => {
    const dir = makeFolder()
    for (const [name, age] of [
      ['tollgate.lock.a.draft', 120],
      ['tollgate.lock.b', 120],
      ['tollgate.lock.c', 1],
      ['x', 120],
    ] as const) {
      writeFileSync(join(dir, name), '{}')
      utimesSync(join(dir, name), new Date(), new Date(Date.now() - age * 1000))
    }
    await acquireLock(dir)
    expect(readdirSync(dir).sort()).toEqual(['tollgate.lock', 'tollgate.lock.c', 'x'])
  })
})

describe('simultaneous starts', () => {
  const rounds = 40
  const starters = 6

  test.each([
    ['free', () => undefined],
    ['held by the dead', (dir: string) => writeFileSync(lockIn(dir), deadRecord())],
    [
      'being taken over by the dead',
      (dir: string) => {
        writeFileSync(lockIn(dir), deadRecord('first'))
        writeFileSync(`${lockIn(dir)}.first`, deadRecord('second'))
      },
    ],
  ])(
    'give a lock that is %s to exactly one',
    async (_, prepare) => {
      const root = makeFolder()
      for (let round = 0; round < rounds; round += 1) {
        mkdirSync(join(root, String(round)))
        prepare(join(root, String(round)))
      }
      const start = Date.now() + 1000
      const programs = Array.from({ length: starters }, () => holdElsewhere(root, rounds, start))
      const results = await Promise.all(
        programs.map((program) => program.find((event) => event.event === 'tried')),
      )
      const winners = results.flatMap((event) => event['held'])
      expect(winners.toSorted((a, b) => Number(a) - Number(b))).toEqual(
        Array.from({ length: rounds }, (_, round) => round),
      )
      for (const event of results) {
        for (const message of [event['refused']].flat()) expect(message).toContain('tollgate runs already in')
      }
      for (let round = 0; round < rounds; round += 1) {
        const pid = lockHolder(join(root, String(round)))?.pid
        expect(results.find((event) => event.pid === pid)?.['held']).toContain(round)
      }
    },
    30_000,
  )
})
