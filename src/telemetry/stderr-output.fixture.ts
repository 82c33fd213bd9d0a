import { createLogger } from './logger.ts'
import { createStderrOutput } from './stderr-output.ts'

/** A process that logs to standard error; its one argument says how. */
const logger = createLogger({ outputs: [createStderrOutput({ maximumPending: 256 * 1024 })] })
const mode = process.argv[2]

if (mode === 'many-then-exit') {
  for (let index = 0; index < 2000; index += 1) logger.info('line', { index })
  process.exit(0)
}
if (mode === 'stalled') {
  const before = process.memoryUsage.rss()
  const line = 'x'.repeat(3000)
  let ticks = 0
  while (ticks < 50) {
    for (let index = 0; index < 1000; index += 1) logger.info(line)
    await Bun.sleep(5)
    ticks += 1
  }
  console.log(JSON.stringify({ ticks, grownMegabytes: (process.memoryUsage.rss() - before) / 1e6 }))
  process.exit(0)
}
if (mode === 'reader-gone') {
  for (let index = 0; index < 20; index += 1) {
    logger.info('nobody reads this')
    await Bun.sleep(10)
  }
  console.log('still here')
}
