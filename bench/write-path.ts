/**
 * The write path by itself: how many exchanges can be limited, held in budgets, billed and written down durably, held
 * against what the floor forwards on the same core in the same run.
 *
 *   bun bench/write-path.ts [--seconds N]
 */
import { parseArgs } from 'node:util'
import { runLoad } from './load.ts'
import { requestFor } from './requests.ts'
import { key, type Measured, pinTo, startFloor, startUpstream, startWriter } from './subjects.ts'

const atOnce = 64
const rounds = 3

/** At least this part of what the floor forwards. */
const target = 0.5

/** @param duration milliseconds for each of both */
export const benchWritePath = async (floor: Measured, duration: number): Promise<object> => {
  const writer = await startWriter()
  const write = async (milliseconds: number): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${writer.port}/?ms=${milliseconds}&at=${atOnce}`)
    const { written }: { written: number } = await answer.json()
    return (written * 1000) / milliseconds
  }
  const forward = async (milliseconds: number): Promise<number> => {
    const request = requestFor(key, 'small')
    const { answers, seconds } = await runLoad({
      port: floor.port,
      connections: atOnce,
      duration: milliseconds,
      request,
    })
    return answers / seconds
  }
  try {
    await write(4000)
    await forward(1000)
    let [written, forwarded] = [0, 0]
    for (let round = 0; round < rounds; round++) {
      written += (await write(duration / rounds)) / rounds
      forwarded += (await forward(duration / rounds)) / rounds
    }
    const ratio = written / forwarded
    console.log(
      `write path alone, ${atOnce} at once: ${written.toFixed(0)} exchanges/s, the floor forwards ${forwarded.toFixed(0)}/s: ${ratio.toFixed(2)} (>= ${target}${ratio >= target ? '' : '  MISSED'})`,
    )
    return { writtenPerSecond: written, floorPerSecond: forwarded, ratio, target }
  } finally {
    await writer.stop()
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '3' } } })
  pinTo(1)
  const upstream = await startUpstream()
  const floor = await startFloor(upstream.port)
  try {
    await benchWritePath(floor, Number(values.seconds) * 1000)
  } finally {
    await floor.stop()
    await upstream.stop()
  }
}
