import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clearPlaces, type Ended, makePlace, type Place } from './running-cli.fixture.ts'

setDefaultTimeout(120_000)

const json = ({ stdout }: Ended) => JSON.parse(stdout)
const key = 'tgw-sk-test-0123456789abcdefghij'
let place: Place
let url: string

beforeAll(async () => {
  place = makePlace()
  const started = await place.apart(['start', '--daemon'], { env: { TGW_BOOTSTRAP_KEY: key } })
  expect(started).toMatchObject({ code: 0 })
  url = /http:\/\/\S+/.exec(started.stdout)?.[0] ?? ''
  for (const model of ['loopback', 'loopback', '=HYPERLINK("x")']) {
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello there' }] }),
    })
    await answer.text()
  }
})
afterAll(clearPlaces)

test('usage is broken down by two dimensions, in a time zone, with filters', async () => {
  const usage = json(
    await place.tgw(['usage', '--by', 'day,model-asked', '--time-zone', 'Asia/Tokyo', '--json']),
  )
  expect(usage).toMatchObject({ by: ['day', 'modelAsked'], total: { requests: 3 }, isCut: false })
  const day = new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10)
  expect(usage.rows.map((row: { groups: unknown }) => row.groups)).toContainEqual({
    day,
    modelAsked: 'loopback',
  })
  const filtered = await place.tgw(['usage', '--filter', 'outcome=refused', '--json'])
  expect(json(filtered).total.requests).toBe(1)
  expect((await place.tgw(['usage', '--by', 'key'])).stdout).toMatch(/KEY +REQUESTS +INPUT +CACHED +WRITE 5M/)
  for (const args of [
    ['--by', 'modle'],
    ['--by', 'day,day'],
    ['--by', 'a,b,c'],
    ['--filter', 'provider'],
    ['--time-zone', 'Mars'],
    ['--filter', 'nope=1'],
  ])
    expect({ args, code: (await place.tgw(['usage', ...args])).code }).toEqual({ args, code: 2 })
})

test('rows are exported, to a file that is there only when it is whole', async () => {
  const file = join(place.folder, 'ledger.csv')
  expect((await place.tgw(['ledger', 'export', '-o', file])).stdout).toBe(`3 rows in ${file}\n`)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const lines = readFileSync(file, 'utf8').trimEnd().split('\r\n')
  expect(lines).toHaveLength(4)
  expect(lines.at(-1)).toContain(`"'=HYPERLINK(""x"")"`)
  const { stdout } = await place.tgw(['ledger', 'export', '--format', 'jsonl', '--filter', 'outcome=success'])
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows.map((row) => row.provider)).toEqual(['loopback', 'loopback'])
  expect(await place.tgw(['ledger', 'export', '-o', join(place.folder, 'no', 'x.csv')])).toMatchObject({
    code: 2,
  })
  expect(existsSync(`${file}.part`)).toBe(false)
})

test('a bill is held against the ledger', async () => {
  const { rows } = json(
    await place.tgw(['usage', '--by', 'modelAnswered', '--filter', 'provider=loopback', '--json']),
  )
  const { group, inputTokens, outputTokens } = rows[0]
  const file = join(place.folder, 'usage.json')
  const bill = (input: number) => {
    const start_time = Math.floor(Date.now() / 86_400_000) * 86_400
    const results = [
      { input_tokens: input, output_tokens: outputTokens, input_cached_tokens: 0, model: group },
    ]
    writeFileSync(file, JSON.stringify({ object: 'page', data: [{ start_time, results }], has_more: false }))
  }
  bill(inputTokens)
  expect(await place.tgw(['ledger', 'reconcile', file, '--provider', 'loopback'])).toMatchObject({
    code: 0,
    stdout: 'equal: 1 days and models\n',
  })
  bill(inputTokens + 3)
  const differs = await place.tgw(['ledger', 'reconcile', file, '--provider', 'loopback', '--json'])
  expect(differs.code).toBe(3)
  expect(json(differs)).toMatchObject({
    isEqual: false,
    rows: [{ model: group, state: 'differs', figures: { input: { difference: '-3', isTolerated: false } } }],
  })
  expect(
    (await place.tgw(['ledger', 'reconcile', file, '--provider', 'loopback', '--tolerance-tokens', '3']))
      .code,
  ).toBe(0)
  writeFileSync(file, 'x')
  expect(await place.tgw(['ledger', 'reconcile', file, '--provider', 'loopback'])).toMatchObject({ code: 2 })
})

test('what the command line changes is in the audit log, which verifies', async () => {
  await place.tgw(['keys', 'create', '--name', 'ci'])
  const list = json(await place.tgw(['audit-log', 'list', '--json']))
  expect(list.entries[0]).toMatchObject({
    actorType: 'cli',
    action: 'POST /keys',
    status: 201,
    after: { name: 'ci' },
  })
  expect((await place.tgw(['audit-log', 'list'])).stdout).toContain('POST /keys')
  const verified = await place.tgw(['audit-log', 'verify'])
  expect(verified).toMatchObject({ code: 0 })
  const head = /head: (\S+)/.exec(verified.stdout)?.[1] ?? ''
  expect((await place.tgw(['audit-log', 'verify', '--expect', head])).code).toBe(0)
  const [number] = head.split(':')
  const other = await place.tgw(['audit-log', 'verify', '--expect', `${number}:${'0'.repeat(64)}`])
  expect(other).toMatchObject({ code: 1, stdout: expect.stringContaining(`broken at entry ${number}`) })
})

test('everything moves to another database once the server is stopped', async () => {
  const folder = join(place.folder, 'moved')
  expect(await place.tgw(['migrate', 'export', folder])).toMatchObject({ code: 1 })
  expect((await place.tgw(['stop'])).code).toBe(0)
  const exported = await place.tgw(['migrate', 'export', folder])
  expect(exported).toMatchObject({ code: 0, stderr: '' })
  expect(exported.stdout).toContain('The master key is not moved')
  const [second, third] = ['second', 'third'].map((name) => `sqlite:${join(place.folder, `${name}.db`)}`)
  const imported = await place.tgw(['migrate', 'import', folder, '--database', second ?? '', '--json'])
  expect(imported.code).toBe(0)
  expect(json(imported).tables).toContainEqual(expect.objectContaining({ name: 'exchange_closed', rows: 3 }))
  const copied = await place.tgw(['migrate', '--from', second ?? '', '--to', third ?? '', '--json'])
  expect(json(copied).tables).toEqual(json(imported).tables)
  expect(await place.tgw(['migrate', '--from', second ?? '', '--to', third ?? ''])).toMatchObject({ code: 1 })
  expect((await place.tgw(['migrate', '--from', second ?? ''])).code).toBe(2)
  // A server serves what was moved: its keys still open, its ledger goes on.
  const started = await place.apart(['start', '--daemon'], { env: { TGW_DATABASE_URL: third ?? '' } })
  expect(started.code).toBe(0)
  const models = await fetch(`${/http:\/\/\S+/.exec(started.stdout)?.[0]}/v1/models`, {
    headers: { authorization: `Bearer ${key}` },
  })
  expect(models.status).toBe(200)
  // What was moved, and the list of models.
  expect(json(await place.tgw(['usage', '--json'])).total.requests).toBe(4)
  expect((await place.tgw(['audit-log', 'verify'])).code).toBe(0)
}, 120_000)
