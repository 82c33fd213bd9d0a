import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { appendFileSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogFile } from './log-file.ts'
import { tailLog } from './tail-log.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tollgate-tail-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const write = (name: string, ...lines: readonly string[]): void =>
  appendFileSync(join(dir, name), lines.map((line) => `${line}\n`).join(''))

const tail = async (lines: number): Promise<readonly string[]> => {
  const seen: string[] = []
  await tailLog(dir, { lines, onLine: (line) => seen.push(line) })
  return seen
}

const follow = (lines = 0) => {
  const stop = new AbortController()
  const seen: string[] = []
  const ended = tailLog(dir, {
    lines,
    follow: true,
    signal: stop.signal,
    pollInterval: 5,
    onLine: (line) => seen.push(line),
  })
  const until = async (count: number): Promise<readonly string[]> => {
    const deadline = Date.now() + 5000
    while (seen.length < count && Date.now() < deadline) await Bun.sleep(5)
    return seen
  }
  const end = (): Promise<void> => {
    stop.abort()
    return ended
  }
  return { seen, until, stop: end }
}

describe('the last lines', () => {
  test('come from as many files as it takes, oldest first', async () => {
    write('server-2026-11-19.log', 'a', 'b')
    write('server-2026-11-20.log', 'c')
    write('server-2026-11-20.1.log', 'd', 'e')
    write('server-2026-11-20.10.log', 'f')
    write('server-2026-11-20.2.log', 'g')
    write('cli-2026-11-20.log', 'no')
    expect(await tail(3)).toEqual(['e', 'g', 'f'])
    expect(await tail(6)).toEqual(['b', 'c', 'd', 'e', 'g', 'f'])
    expect(await tail(100)).toHaveLength(7)
    expect(await tail(0)).toEqual([])
  })

  test('are found in a large file, also when they are long and not ASCII', async () => {
    const lines = Array.from({ length: 5000 }, (_, index) => `${index} ${'ü€😀'.repeat(index % 90)}`)
    write('server-2026-11-20.log', ...lines)
    expect(await tail(700)).toEqual(lines.slice(-700))
  })

  test('do not include one that is still being written', async () => {
    writeFileSync(join(dir, 'server-2026-11-20.log'), 'whole\nhal')
    expect(await tail(10)).toEqual(['whole'])
  })

  test('are none where there is no log', async () => {
    expect(await tail(10)).toEqual([])
    rmSync(dir, { recursive: true })
    expect(await tail(10)).toEqual([])
  })
})

describe('following', () => {
  test('shows each new line once, whole', async () => {
    write('server-2026-11-20.log', 'a', 'b')
    const { until, stop } = follow(1)
    expect(await until(1)).toEqual(['b'])
    appendFileSync(join(dir, 'server-2026-11-20.log'), 'c\nd half')
    expect(await until(2)).toEqual(['b', 'c'])
    appendFileSync(join(dir, 'server-2026-11-20.log'), ' and whole\n')
    expect(await until(3)).toEqual(['b', 'c', 'd half and whole'])
    await stop()
  })

  test('goes from file to file without losing a line', async () => {
    let time = Date.parse('2026-11-20T23:59:59Z')
    const log = createLogFile({ dir, name: 'server', maximumBytes: 200, now: () => time })
    const { until, stop } = follow()
    const lines = Array.from({ length: 300 }, (_, index) => `line ${index}`)
    for (const line of lines) {
      log.write(`${line}\n`)
      time += 10
      if (line.endsWith('7')) await Bun.sleep(1)
    }
    expect(await until(300)).toEqual(lines)
    log.close()
    await stop()
  })

  test('starts before there is a log, and survives its deletion', async () => {
    const { until, stop } = follow()
    write('server-2026-11-20.log', 'a')
    expect(await until(1)).toEqual(['a'])
    unlinkSync(join(dir, 'server-2026-11-20.log'))
    write('server-2026-11-20.log', 'b', 'c')
    expect(await until(3)).toEqual(['a', 'b', 'c'])
    unlinkSync(join(dir, 'server-2026-11-20.log'))
    write('server-2026-11-21.log', 'd')
    expect(await until(4)).toEqual(['a', 'b', 'c', 'd'])
    await stop()
  })

  test('ends when it is told to', async () => {
    const { stop } = follow()
    await stop()
    const never = tailLog(dir, { follow: true, signal: AbortSignal.abort(), onLine: () => undefined })
    await never
  })
})
