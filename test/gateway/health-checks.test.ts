import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { type ChaosUpstream, startChaosUpstream } from '../support/chaos.ts'
import { allEntries, startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

let broken: ChaosUpstream
let circuit: ChaosUpstream
let spare: TestUpstream
let gateway: TestGateway

const provider = (name: string, url: string, more: string): string =>
  `  ${name}: { kind: openai-compatible, protocols: [openai-chat], base_url: "${url}/v1", api_key: key-of-${name}, models: ["nothing"]${more} }`

beforeAll(async () => {
  broken = await startChaosUpstream()
  circuit = await startChaosUpstream()
  spare = startUpstream()
  spare.answer = (request) =>
    Response.json(
      request.method === 'GET'
        ? { object: 'list', data: [] }
        : {
            id: 'c',
            object: 'chat.completion',
            created: 1,
            model: 'm',
            choices: [{ index: 0, message: { role: 'assistant', content: 'spare' }, finish_reason: 'stop' }],
          },
    )
  gateway = await startGateway({
    config: [
      'circuits: { failures: 2, open_for: 10m, longest_open: 10m }',
      'retry: { tries: 1 }',
      'providers:',
      provider('broken', broken.url, ', health_check: { every: 1s, timeout: 1s, failures: 2 }'),
      provider('circuit', circuit.url, ', health_check: { every: 1s, failures: 100 }'),
      provider('spare', spare.url, ', health_check: { every: 1s, path: /health }'),
      'routes:',
      '  - { match: m, targets: [broken, spare] }',
      '  - { match: c, targets: [circuit, spare] }',
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await broken.stop()
  await circuit.stop()
  await spare.stop()
})

const ask = async (model: string) => {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}` },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
  })
  await response.text()
  return {
    status: response.status,
    provider: response.headers.get('x-tollgate-provider'),
    attempts: response.headers.get('x-tollgate-attempts'),
  }
}

interface Health {
  readonly credential: string
  readonly result: string
  readonly failures: number
  readonly isDown: boolean
}

const healthOf = async (id: string): Promise<Health | undefined> => {
  const { providers } = (await gateway.admin('/providers')) as {
    providers: readonly { id: string; health: readonly Health[] | null }[]
  }
  return providers.find((one) => one.id === id)?.health?.[0]
}

test('checks find out before clients do who cannot be reached, and who can again', async () => {
  await waitFor(async () => ((await healthOf('broken'))?.result === 'ok' ? true : undefined))
  await broken.become('refuse')
  await waitFor(async () => ((await healthOf('broken'))?.isDown ? true : undefined), 20_000)
  // Nobody has asked it so far, and nobody needs to.
  expect(await ask('m')).toEqual({ status: 200, provider: 'spare', attempts: '1' })
  await broken.become(undefined)
  await waitFor(async () => ((await healthOf('broken'))?.isDown === false ? true : undefined), 20_000)
  expect(await ask('m')).toMatchObject({ provider: 'broken', attempts: '1' })
}, 60_000)

test('a circuit that is open for want of a connection is closed by a check', async () => {
  await circuit.become('refuse')
  for (let call = 0; call < 2; call++)
    expect(await ask('c')).toMatchObject({ provider: 'spare', attempts: '2' })
  expect(await ask('c')).toMatchObject({ provider: 'spare', attempts: '1' })
  await circuit.become(undefined)
  await waitFor(async () => ((await ask('c')).provider === 'circuit' ? true : undefined), 20_000)
}, 60_000)

test('nothing of it is in the ledger, the key goes along, and metrics count', async () => {
  const checks = await waitFor(() => {
    const found = spare.seen.filter(({ method }) => method === 'GET')
    return found.length > 1 ? found : undefined
  })
  for (const { path, headers } of checks) {
    expect([path, headers['authorization']]).toEqual(['/health', 'Bearer key-of-spare'])
  }
  const operations = new Set((await allEntries(gateway)).map(({ operation }) => operation))
  expect([...operations]).toEqual(['generate'])
  const metrics = await fetch(`${gateway.url}/metrics`, {
    headers: { authorization: `Bearer ${gateway.adminToken}` },
  })
  const text = await metrics.text()
  expect(text).toMatch(/tollgate_health_check_total\{provider="spare",result="ok"\} [1-9]/)
  expect(text).toMatch(/tollgate_health_check_total\{provider="broken",result="unreachable"\} [1-9]/)
})

test('a reload ends them', async () => {
  const config = readFileSync(gateway.configFile, 'utf8')
  writeFileSync(gateway.configFile, config.replace(', health_check: { every: 1s, path: /health }', ''))
  await gateway.admin('/config/reload', { method: 'POST' })
  await waitFor(async () => ((await healthOf('spare')) === undefined ? true : undefined))
  const before = spare.seen.length
  await Bun.sleep(2500)
  expect(spare.seen.length).toBe(before)
})
