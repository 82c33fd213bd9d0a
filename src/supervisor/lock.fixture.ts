import { join } from 'node:path'
import { acquireLock } from './index.ts'

/**
 * Takes one lock after the other, each at an appointed time, so that several of these processes reach for the
 * same lock in the same moment. Says which it got, then holds them until it is killed.
 */
const [root = '.', count = '1', start = '0'] = process.argv.slice(2)
const held: number[] = []
const refused: string[] = []

for (let round = 0; round < Number(count); round += 1) {
  while (Date.now() < Number(start) + round * 25) await Bun.sleep(0)
  try {
    await acquireLock(join(root, String(round)))
    held.push(round)
  } catch (error) {
    refused.push(error instanceof Error ? error.message : 'unknown')
  }
}
console.log(JSON.stringify({ event: 'tried', pid: process.pid, held, refused }))
setInterval(() => undefined, 60_000)
