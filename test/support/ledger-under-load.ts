/**
 * A process that opens and closes exchanges as fast as it can until it is killed. Reports on stdout what returned:
 * `opened <id>` after `open`, `closed <id>` after `close`, one line each.
 */
import { writeSync } from 'node:fs'
import { createLedger } from '../../src/ledger/index.ts'
import { startStorageWorker } from '../../src/start-storage.ts'
import { attemptRow, closedRow, openedRow } from './ledger-rows.ts'

const [, , url = '', dataDir = '', instance = '', synchronous = 'full'] = process.argv
const worker = await startStorageWorker({ url, synchronous: synchronous === 'normal' ? 'normal' : 'full' })
const ledger = createLedger({
  store: worker.stores.ledger,
  dataDir,
  instance,
  sweepMs: 5,
  segmentBytes: 50_000,
})
await ledger.start()
writeSync(1, 'started\n')

let count = 0
const work = async () => {
  for (;;) {
    count += 1
    const exchange = `${instance}-${count}`
    ledger.open(openedRow(exchange, { instance, at: Date.now() }))
    writeSync(1, `opened ${exchange}\n`)
    await Bun.sleep(count % 7)
    await ledger.close(closedRow(exchange, { instance }), [attemptRow(exchange)])
    writeSync(1, `closed ${exchange}\n`)
  }
}
for (let number = 0; number < 40; number += 1) void work()
