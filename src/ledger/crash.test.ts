import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { describeDatabases, temporaryFolder } from '../../test/support/databases.ts'
import { countRows, startLedger } from '../../test/support/ledger-harness.ts'

/** Closes that a process has reported before it is killed, however slow the machine is. */
const fewestCloses = 40

/** Runs a process under load, kills it after some work, and answers what it had reported. */
const runAndKill = async (command: readonly string[]) => {
  const child = Bun.spawn([process.execPath, ...command], { stdout: 'pipe', stderr: 'inherit' })
  const decoder = new TextDecoder()
  let output = ''
  let killed = false
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true })
    if (killed || output.split('\nclosed ').length <= fewestCloses) continue
    killed = true
    // Somewhere in the middle of the next batches.
    setTimeout(() => child.kill('SIGKILL'), 100)
  }
  await child.exited
  const lines = output.split('\n').slice(0, -1)
  const reported = (word: string) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))
  return { opened: reported('opened'), closed: reported('closed') }
}

describeDatabases('a gateway killed under load', ({ createUrl }) => {
  const folder = temporaryFolder()

  test('loses nothing that it acknowledged, and is charged for everything that it had opened', async () => {
    const url = await createUrl()
    const dataDir = join(folder.path(), 'data')
    const program = join(import.meta.dir, '../../test/support/ledger-under-load.ts')
    const opened = new Set<string>()
    const closed = new Set<string>()
    for (const instance of ['first', 'second', 'third']) {
      const result = await runAndKill([program, url, dataDir, instance])
      for (const exchange of result.opened) opened.add(exchange)
      for (const exchange of result.closed) closed.add(exchange)
    }
    expect(closed.size).toBeGreaterThanOrEqual(3 * fewestCloses)
    expect(opened.size).toBeGreaterThan(closed.size)

    const { database, store, close } = await startLedger({
      url,
      dataDir,
      ledger: { instance: 'last', now: Date.now },
    })
    const rows = await database.kysely
      .selectFrom('exchange_entries')
      .select(['exchange', 'outcome', 'cost_nano_usd'])
      .execute()
    const outcomes = new Map(rows.map((row) => [row.exchange, row.outcome]))
    expect(outcomes.size).toBe(rows.length)
    expect([...closed].filter((exchange) => outcomes.get(exchange) !== 'success')).toEqual([])
    expect([...opened].filter((exchange) => !outcomes.has(exchange))).toEqual([])
    expect(rows.filter((row) => row.cost_nano_usd !== (row.outcome === 'orphaned' ? 900n : 450n))).toEqual([])
    // A few more than reported: killed between the write and the report.
    expect(rows.length - opened.size).toBeLessThanOrEqual(3)
    const counts = await countRows(database)
    expect(counts.orphaned).toBeGreaterThan(0)
    expect(counts).toMatchObject({
      opened: rows.length,
      closed: rows.length,
      attempts: rows.length - counts.orphaned,
    })
    const { total } = await store.usage({})
    expect(total.costNanoUsd).toBe(
      BigInt(counts.orphaned) * 900n + BigInt(counts.closed - counts.orphaned) * 450n,
    )
    await close()
  }, 60_000)
})
