import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../support/databases.ts'

const folder = temporaryFolder()
const source = (file: string) => JSON.stringify(join(import.meta.dir, '../../src', file))

test('the storage Worker starts in a compiled binary', () => {
  const path = (name: string) => join(folder.path(), name)
  writeFileSync(
    path('main.ts'),
    `import { startStorageWorker } from ${source('start-storage.ts')}
     const { stores, stop } = await startStorageWorker({ url: process.argv[2] ?? '' })
     const { total } = await stores.ledger.usage({})
     console.log('requests:', total.requests, 'cost:', total.costNanoUsd)
     await stop()`,
  )
  writeFileSync(path('storage-worker.ts'), `import ${source('storage-worker.ts')}`)
  const build = Bun.spawnSync([
    ...[process.execPath, 'build', '--compile', '--minify', '--production'],
    ...['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'],
    ...[path('main.ts'), path('storage-worker.ts'), '--outfile', path('program')],
  ])
  expect([build.exitCode, build.stderr.toString()]).toEqual([0, ''])
  const run = Bun.spawnSync([path('program'), `sqlite:${path('x.db')}`], { cwd: '/', timeout: 20_000 })
  expect([run.exitCode, run.stdout.toString(), run.stderr.toString()]).toEqual([
    0,
    'requests: 0 cost: 0n\n',
    '',
  ])
}, 120_000)
