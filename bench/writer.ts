/**
 * All that is counted and written for one exchange, and nothing else: its limits taken and corrected, its budgets held and
 * settled, its bill, the ledger's rows opened, closed and durable. The parts are the gateway's own, used as it uses them.
 * Prints its port; `GET /?ms=2000&at=64` writes for so long, so many at once, and answers how many it were.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { budgetSettings, createBudgetTable, createPurse, toBudget } from '../src/budgets/index.ts'
import { billOf, type PriceCard } from '../src/catalog/index.ts'
import { createLedger } from '../src/ledger/index.ts'
import { createLimits, type LimitSubject } from '../src/limits/index.ts'
import { holdBudgets } from '../src/stages/reserve/hold-budgets.ts'
import { startStorageWorker } from '../src/start-storage.ts'
import { memoryState } from '../src/state/index.ts'
import { createMetrics } from '../src/telemetry/index.ts'
import { attemptRow, closedRow, openedRow } from '../test/support/ledger-rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'tollgate-writer-'))
const storage = await startStorageWorker({ url: `sqlite:${join(folder, 'tollgate.db')}` })
const instance = 'bench'
const ledger = createLedger({ store: storage.stores.ledger, dataDir: folder, instance })
await ledger.start()
const { registry } = createMetrics({ version: 'bench', workerRestarts: 0 })
const logger = { info() {}, warn() {} }
const state = memoryState()
const limits = createLimits({
  state,
  gateways: { last: () => 1, close() {} },
  logger,
  registry,
  now: Date.now,
})
const rate = (unit: 'requests' | 'input_tokens') =>
  ({ unit, per: 'minute', limit: 1e9, capacity: 1e9 }) as const
limits.configure({
  rules: [
    { level: 'key', match: null, rates: [rate('requests'), rate('input_tokens')], concurrent: 1_000 },
    { level: 'team', match: null, rates: [rate('requests')], concurrent: null },
  ],
  providers: {},
  runaway: null,
  whenAway: 'local',
  longestWait: 250,
})
const budgets = createBudgetTable(
  [
    { level: 'global', limit_usd: '1000000', period: 'month', mode: 'hard' },
    { level: 'team', limit_tokens: 1_000_000_000_000, period: 'day', mode: 'metered' },
    { level: 'key', limit_usd: '1000000', period: 'day', mode: 'hard' },
  ].map((settings) => toBudget(budgetSettings.parse(settings))),
)
const purse = createPurse({ quota: state.quota, spent: storage.stores.spent, now: Date.now })

const tenant = { organisation: 'org_1', team: 'team_1', user: null, key: 'key_1' }
const sender = { ...tenant, keyName: 'bench', session: null, tags: [] }
const limited: LimitSubject = { ...sender, address: '127.0.0.1', own: undefined }
const target = { provider: 'upstream', model: 'gpt-5.1' }
const card: PriceCard = {
  version: 'bench',
  source: 'bench',
  inputPerMtok: 1_250_000_000n,
  outputPerMtok: 10_000_000_000n,
}
const standard = { class: 'standard' } as const
const usage = { inputTokens: 9, outputTokens: 3 }

const write = async (exchange: string): Promise<void> => {
  const at = Date.now()
  const admission = await limits.admit({
    bounds: limits.table.ofExchange(limited),
    demand: { requests: 1, inputTokens: 22, outputTokens: 100 },
    holder: exchange,
  })
  if (admission.type === 'refused') throw new Error('a limit was reached')
  const held = await holdBudgets(purse, {
    applied: budgets.ofAttempt({ ...sender, target, at }),
    holder: `${instance}/${exchange}/1`,
    at,
    model: target.model,
    card,
    bounds: { inputTokens: 66, candidates: 1 },
    billing: { classes: ['standard'], regions: [] },
    mostOutput: 128_000,
    slice: undefined,
    unbounded: 'refuse',
  })
  ledger.open(openedRow(exchange, { instance, at, tenant, reservedNanoUsd: held.cost, tags: [] }))
  const bill = billOf([{ card, usage }], standard)
  const attempt = attemptRow(exchange, { at, usage, costNanoUsd: bill?.charged ?? null })
  const row = { instance, at, openedAt: at, tenant, usage, costNanoUsd: attempt.costNanoUsd, tags: [] }
  await ledger.close(closedRow(exchange, row), [attempt])
  void held.hold.settle(({ unit }) => (unit === 'usd' ? (attempt.costNanoUsd ?? 0n) : 12n))
  void admission.settle({ requests: 1, inputTokens: 9, outputTokens: 3 })
}

let lastExchange = 0
const writeFor = async (milliseconds: number, atOnce: number): Promise<number> => {
  const end = performance.now() + milliseconds
  let written = 0
  const work = async (): Promise<void> => {
    while (performance.now() < end) {
      await write(`req_${++lastExchange}`)
      written++
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return written
}

process.on('SIGTERM', async () => {
  await purse.stop()
  await ledger.stop()
  await storage.stop()
  rmSync(folder, { recursive: true, force: true })
  process.exit(0)
})

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: 0,
  async fetch(request) {
    const { searchParams } = new URL(request.url)
    const written = await writeFor(Number(searchParams.get('ms')), Number(searchParams.get('at')))
    return Response.json({ written })
  },
})
console.log(server.port)
