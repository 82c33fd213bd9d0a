import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { minute, series, usual } from '../../src/ledger/audit/audit.fixture.ts'
import { createLedgerStore } from '../../src/ledger/index.ts'
import { batchText } from '../../src/ledger/ledger-line.ts'
import { openDatabase } from '../../src/storage/index.ts'
import { startGateway, type TestGateway, testAdminToken, testKey, waitFor } from '../support/gateway.ts'
import { runTgw } from '../support/run-tgw.ts'

const secret = 'whsec-audit-0123456789'
const told: { readonly type: string; readonly data: Record<string, unknown> }[] = []
const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-audit-'))
const from = Date.now() - 400 * minute
const changedAt = from + 200 * minute
let gateway: TestGateway

const receiver = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    told.push(JSON.parse(await request.text()))
    return new Response('ok')
  },
})

const start = (): Promise<TestGateway> =>
  startGateway({
    dataDir,
    config: [
      'audit: { check_every: 500ms, window: 1d, minimum: 50 }',
      `hooks: [{ events: [drift], url: "http://127.0.0.1:${receiver.port}", secret: ${secret} }]`,
    ],
  })

beforeAll(async () => {
  const database = await openDatabase(`sqlite:${join(dataDir, 'tollgate.db')}`)
  const lines = [
    ...series('steady', 300, () => usual, from),
    ...series(
      'downgraded',
      300,
      (index) => (index < 200 ? usual : { ...usual, ttftMs: 1_000, answered: 'small-2026-01-01' }),
      from,
    ),
  ]
  await createLedgerStore(database).append(batchText(lines, []))
  await database.close()
  gateway = await start()
}, 60_000)

afterAll(async () => {
  await gateway.stop()
  receiver.stop(true)
  rmSync(dataDir, { recursive: true, force: true })
})

interface Audit {
  readonly from: number
  readonly upstreams: readonly {
    readonly model: string
    readonly calls: number
    readonly series: readonly { readonly series: string; readonly verdict: string }[]
  }[]
}

const tgw = (...words: readonly string[]) => runTgw(gateway, ...words, '--url', gateway.url)

const drifting = ({ upstreams }: Audit): readonly string[] =>
  upstreams.flatMap(({ model, series: all }) =>
    all.flatMap(({ series: name, verdict }) => (verdict === 'drift' ? [`${model} ${name}`] : [])),
  )

test('the admin API tells what changed in the window of the settings, and in the time that is asked for', async () => {
  const audit = (await gateway.admin('/audit')) as Audit
  expect(drifting(audit).toSorted()).toEqual(['downgraded answered_model', 'downgraded ttft'])
  expect(Math.abs(audit.from - (Date.now() - 24 * 60 * minute))).toBeLessThan(minute)
  const steady = (await gateway.admin('/audit?provider=vendor&model=steady')) as Audit
  expect(steady.upstreams.map(({ model, calls }) => [model, calls])).toEqual([['steady', 300]])
  const before = (await gateway.admin(`/audit?model=downgraded&to=${changedAt}`)) as Audit
  expect(drifting(before)).toEqual([])
  expect(await gateway.admin('/audit?from=yesterday')).toMatchObject({
    error: { code: 'gateway_request_invalid', param: 'from' },
  })
})

test('tgw audit shows the table, the verdicts and the evidence', async () => {
  const text = await tgw('audit', '--from', '1d')
  expect(text).toMatchObject({ code: 0, error: '' })
  expect(text.out).toMatch(/vendor +steady +300 .* steady\n/)
  expect(text.out).toMatch(/vendor +downgraded +300 .* drift: ttft, answered_model\n/)
  expect(text.out).toMatch(/worse +vendor\/downgraded +ttft +\d{4}-\d\d-\d\d \d\d:\d\d/)
  expect(text.out).toContain('small-2026-01-01 ×')
  expect(text.out).toContain('vendor/downgraded: ')
  const json = await tgw('audit', '--json', '--model', 'steady')
  expect(json.code).toBe(0)
  expect(JSON.parse(json.out).upstreams).toHaveLength(1)
})

test('the periodic check tells each finding once, also after a restart, and shows it in a metric', async () => {
  await waitFor(() => (told.length >= 2 ? true : undefined))
  const metrics = async () =>
    (await fetch(`${gateway.url}/metrics`, { headers: { authorization: `Bearer ${testAdminToken}` } })).text()
  const line = 'tollgate_upstream_drift{provider="vendor",model="downgraded",series="ttft"} 1'
  expect(await waitFor(async () => ((await metrics()).includes(line) ? line : undefined))).toBe(line)
  expect(await metrics()).toContain(
    'tollgate_upstream_drift{provider="vendor",model="steady",series="ttft"} 0',
  )
  await gateway.stop()
  gateway = await start()
  // The check of the new process has run once its metric stands.
  await waitFor(async () => ((await metrics()).includes(line) ? line : undefined))
  expect(told.map(({ type, data }) => `${type} ${data['model']} ${data['series']}`).toSorted()).toEqual([
    'drift downgraded answered_model',
    'drift downgraded ttft',
  ])
  const ttft = told.find(({ data }) => data['series'] === 'ttft')?.data
  expect(Math.abs(Number(ttft?.['changedAt']) - changedAt)).toBeLessThanOrEqual(8 * minute)
  expect(ttft).toMatchObject({ provider: 'vendor', meaning: 'worse', direction: 'up' })
  expect(JSON.stringify(told)).not.toContain(testKey)
})
