import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { startGateway, type TestGateway, testAdminToken, waitFor } from '../support/gateway.ts'
import { tgwProgram } from '../support/program.ts'
import { startUpstream, type TestUpstream } from '../support/upstream.ts'

setDefaultTimeout(60_000)

interface Attempt {
  readonly costUsd: string | null
  readonly providerCostUsd: string | null
  readonly priceVersion: string | null
}

describe('prices of a running gateway', () => {
  let upstream: TestUpstream
  let gateway: TestGateway

  beforeAll(async () => {
    upstream = startUpstream()
    gateway = await startGateway({
      config: [
        'providers:',
        `  openai: { base_url: "${upstream.url}/v1", api_key: k }`,
        'routes: [{ match: "*", targets: [openai] }]',
        'margins: [{ model: "gpt-5.1", percent: "50", per_request_usd: "0.001" }]',
      ],
    })
  })
  afterAll(async () => {
    await gateway.stop()
    await upstream.stop()
  })

  /** One call of a million input tokens; how the ledger has it. */
  const call = async (model: string, tier: string | undefined, asked?: string): Promise<Attempt> => {
    upstream.answer = () =>
      Response.json({
        ...{ id: 'c', object: 'chat.completion', created: 1, model },
        ...(tier === undefined ? {} : { service_tier: tier }),
        choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 100_000, completion_tokens: 0, total_tokens: 100_000 },
      })
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [], ...(asked === undefined ? {} : { service_tier: asked }) }),
    })
    expect(answer.status).toBe(200)
    const id = answer.headers.get('x-tollgate-request-id')
    return waitFor(async () => {
      const { attempts } = (await gateway.admin(`/entries/${id}`)) as { attempts?: readonly Attempt[] }
      return attempts?.[0]
    })
  }

  test('depend on the class that the provider says it served, else on what was asked', async () => {
    // gpt-5: 1.25 USD per million input tokens.
    expect(await call('gpt-5', 'default', 'priority')).toMatchObject({ costUsd: '0.125' })
    const fast = await call('gpt-5', 'priority', 'auto')
    expect(fast).toMatchObject({ costUsd: '0.25', providerCostUsd: '0.25' })
    expect(fast.priceVersion).toEndWith('+class=priority')
    expect(await call('gpt-5', undefined, 'flex')).toMatchObject({ costUsd: '0.0625' })
  })

  test('are unknown, never 0, in a class that nobody prices; it is counted, and the model is named', async () => {
    expect(await call('gpt-5', 'scale')).toMatchObject({ costUsd: null })
    expect(await call('my-unknown-model', 'default')).toMatchObject({ costUsd: null, priceVersion: null })
    const { total } = (await gateway.admin('/usage')) as { total: { unpriced: number } }
    expect(total.unpriced).toBe(2)
    const { missing } = (await gateway.admin('/prices?missing=1')) as {
      missing: readonly { model: string }[]
    }
    expect(missing.map(({ model }) => model).toSorted()).toEqual(['gpt-5', 'my-unknown-model'])
    const metrics = await fetch(`${gateway.url}/metrics`, {
      headers: { authorization: `Bearer ${testAdminToken}` },
    })
    expect(await metrics.text()).toContain('tollgate_unpriced_total{provider="openai"} 2')
  })

  test('have the margin, and the ledger keeps what the provider bills', async () => {
    const attempt = await call('gpt-5.1', 'default')
    expect(attempt).toMatchObject({ costUsd: '0.1885', providerCostUsd: '0.125' })
    expect(attempt.priceVersion).toContain('+margin=')
  })

  test('come from a file, by the command line: shown first, then applied, then shown by version', async () => {
    const map = join(gateway.dataDir, 'map.json')
    await Bun.write(
      map,
      '{"my-unknown-model":{"litellm_provider":"openai","input_cost_per_token":3e-06,"output_cost_per_token":1.5e-05}}',
    )
    const tgw = async (...words: readonly string[]) => {
      const process_ = Bun.spawn([...tgwProgram, 'prices', ...words], {
        env: { PATH: process.env['PATH'] ?? '', TGW_CONFIG: gateway.configFile, NO_PROXY: '127.0.0.1' },
        stdout: 'pipe',
        stderr: 'pipe',
      })
      const [out, problem] = await Promise.all([
        new Response(process_.stdout).text(),
        new Response(process_.stderr).text(),
      ])
      return { out, problem, code: await process_.exited }
    }
    const dry = await tgw('update', map)
    expect(dry.out).toContain('added  openai/my-unknown-model  input')
    expect(dry.out).toContain('nothing was changed; add --apply')
    expect(await call('my-unknown-model', 'default')).toMatchObject({ costUsd: null })
    const done = await tgw('update', map, '--apply')
    expect(done.out).toContain('applied as import@')
    const attempt = await call('my-unknown-model', 'default')
    expect(attempt.costUsd).toBe('0.30')
    expect((await tgw('update', '--clear')).code).toBe(0)
    expect(await call('my-unknown-model', 'default')).toMatchObject({ costUsd: null })
    const shown = await tgw('show', 'my-unknown-model', '--version', attempt.priceVersion ?? '')
    expect(shown.out).toContain('$ 3.00 per million tokens')
    await Bun.write(map, '{"m":{"litellm_provider":"openai","input_cost_per_token":-3e-06}}')
    const broken = await tgw('update', map, '--apply')
    expect(broken.code).toBe(1)
    expect(broken.problem).toContain('m.input_cost_per_token is -3e-06')
    expect((await tgw('list', 'gpt-5', '--provider', 'openai')).out).toContain('gpt-5.1')
    expect((await tgw('list', '--missing')).out).toContain('my-unknown-model')
  })
})
