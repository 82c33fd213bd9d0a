import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Median time of an fsync after a small write, in milliseconds. */
export const measureFsync = (): number => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-fsync-'))
  const file = openSync(join(folder, 'probe'), 'w')
  const times: number[] = []
  for (let round = 0; round < 100; round++) {
    writeSync(file, 'x'.repeat(400))
    const before = performance.now()
    fsyncSync(file)
    times.push(performance.now() - before)
  }
  closeSync(file)
  rmSync(folder, { recursive: true })
  return times.sort((a, b) => a - b)[50] ?? 0
}
