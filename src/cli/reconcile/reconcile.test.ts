import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { formatUsd } from '../../ir/index.ts'
import { type ComparedRow, compareUsage, type LedgerRow } from './compare.ts'
import { parseCsv } from './csv.ts'
import { nanoUsd } from './nano-usd.ts'
import { readProviderUsage } from './provider-usage.ts'

const exact = { share: 0n, tokens: 0n, nanoUsd: 0n }

const openaiUsage = JSON.stringify({
  object: 'page',
  data: [
    {
      ...{ object: 'bucket', start_time: 1_730_419_200, end_time: 1_730_505_600 },
      results: [
        {
          ...{ object: 'organization.usage.completions.result', input_tokens: 1000, output_tokens: 500 },
          ...{ input_cached_tokens: 800, num_model_requests: 5, model: 'gpt-5.1-2025-11-13', batch: null },
        },
        {
          ...{ object: 'organization.usage.completions.result', input_tokens: 7, output_tokens: 3 },
          ...{ input_cached_tokens: 0, num_model_requests: 1, model: 'gpt-5.1-2025-11-13', batch: true },
        },
      ],
    },
    { object: 'bucket', start_time: 1_730_505_600, end_time: 1_730_592_000, results: [] },
  ],
  has_more: true,
  next_page: 'page_x',
})

const openaiCosts = JSON.stringify({
  object: 'page',
  data: [
    {
      ...{ object: 'bucket', start_time: 1_730_419_200, end_time: 1_730_505_600 },
      results: [
        { amount: { value: 0.06, currency: 'usd' }, line_item: 'gpt-5.1-2025-11-13, input' },
        { amount: { value: 1.2e-7, currency: 'usd' }, line_item: 'gpt-5.1-2025-11-13, cached input' },
      ],
    },
  ],
  has_more: false,
})

const openaiUsageCsv = `start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens
1730419200,1730505600,2024-11-01T00:00:00+00:00,2024-11-02T00:00:00+00:00,,5,,,gpt-5.1-2025-11-13,,default,1007,503,800,207
1730505600,1730592000,2024-11-02T00:00:00+00:00,2024-11-03T00:00:00+00:00,,,,,,,,,,,
`

const openaiCostCsv = `start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id,organization_id,organization_name
1759622400,1759708800,2025-10-05T00:00:00+00:00,2025-10-06T00:00:00+00:00,0.8958740000000000,usd,,,org-x,Personal
1759968000,1760054400,2025-10-09T00:00:00+00:00,2025-10-10T00:00:00+00:00,,,,,,
`

const anthropicUsage = JSON.stringify({
  data: [
    {
      ...{ starting_at: '2026-11-20T00:00:00Z', ending_at: '2026-11-21T00:00:00Z' },
      results: [
        {
          ...{ uncached_input_tokens: 1500, cache_read_input_tokens: 200, output_tokens: 500 },
          cache_creation: { ephemeral_1h_input_tokens: 1000, ephemeral_5m_input_tokens: 50 },
          ...{ model: 'claude-sonnet-4-5-20250929', service_tier: 'standard' },
        },
      ],
    },
  ],
  ...{ has_more: false, next_page: null },
})

const anthropicCosts = JSON.stringify({
  data: [
    {
      ...{ starting_at: '2026-11-20T00:00:00Z', ending_at: '2026-11-21T00:00:00Z' },
      results: [
        { currency: 'USD', amount: '123.45', cost_type: 'tokens', model: 'claude-sonnet-4-5-20250929' },
        { currency: 'USD', amount: '0.000005', cost_type: 'tokens', model: 'claude-sonnet-4-5-20250929' },
        { currency: 'USD', amount: '10', cost_type: 'web_search', model: null },
      ],
    },
  ],
  has_more: false,
})

const anthropicUsageCsv = `usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed
2026-11-20,claude-sonnet-4-5-20250929,"key, one",Default,standard,≤ 200k,1500,50,1000,200,500,0,not_available,
`

const anthropicCostCsv = `usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type
2026-11-20,Claude Sonnet 4.5,Default,key,message,≤ 200k,input_no_cache,1.23,1.23,token
2026-11-20,Claude Sonnet 4.5,Default,key,message,≤ 200k,output,0.02,0.02,token
`

const sonnet = 'claude-sonnet-4-5-20250929'
const sonnetTokens = {
  uncached: 1500n,
  cacheRead: 200n,
  cacheWrite5m: 50n,
  cacheWrite1h: 1000n,
  output: 500n,
}

describe('a provider’s export', () => {
  test('of OpenAI’s usage API, its pages and its CSV file, says the same', () => {
    const json = readProviderUsage(openaiUsage, 'usage.json')
    expect(json).toMatchObject({ days: ['2024-11-01', '2024-11-02'], isCut: true })
    expect(json.rows).toEqual([
      {
        day: '2024-11-01',
        model: 'gpt-5.1-2025-11-13',
        figures: { input: 1000n, cacheRead: 800n, output: 500n },
      },
      { day: '2024-11-01', model: 'gpt-5.1-2025-11-13', figures: { input: 7n, cacheRead: 0n, output: 3n } },
    ])
    for (const text of [`[${openaiUsage},${openaiUsage}]`, `${openaiUsage}\n${openaiUsage}\n`])
      expect(readProviderUsage(text, 'pages').rows).toHaveLength(4)
    const csv = readProviderUsage(openaiUsageCsv, 'usage.csv')
    expect(csv.days).toEqual(['2024-11-01', '2024-11-02'])
    expect(csv.rows).toEqual([
      {
        day: '2024-11-01',
        model: 'gpt-5.1-2025-11-13',
        figures: { input: 1007n, cacheRead: 800n, output: 503n },
      },
    ])
    expect(readProviderUsage(openaiUsageCsv.replaceAll(',', '\t'), 'usage.tsv').rows).toEqual(csv.rows)
  })

  test('of OpenAI’s costs API tells dollars by line item, its CSV file by day', () => {
    expect(readProviderUsage(openaiCosts, 'costs.json').rows).toEqual([
      { day: '2024-11-01', model: 'gpt-5.1-2025-11-13', figures: { cost: 60_000_000n } },
      { day: '2024-11-01', model: 'gpt-5.1-2025-11-13', figures: { cost: 120n } },
    ])
    const csv = readProviderUsage(openaiCostCsv, 'costs.csv')
    expect(csv.days).toEqual(['2025-10-05', '2025-10-09'])
    expect(csv.rows).toEqual([{ day: '2025-10-05', model: null, figures: { cost: 895_874_000n } }])
  })

  test('of Anthropic’s usage report and of its console’s page say the same', () => {
    const expected = [{ day: '2026-11-20', model: sonnet, figures: sonnetTokens }]
    expect(readProviderUsage(anthropicUsage, 'usage.json').rows).toEqual(expected)
    expect(readProviderUsage(`\uFEFF${anthropicUsageCsv}`, 'usage.csv').rows).toEqual(expected)
  })

  test('of Anthropic’s cost report tells cents, its CSV file dollars', () => {
    expect(readProviderUsage(anthropicCosts, 'costs.json').rows.map(({ figures }) => figures.cost)).toEqual([
      1_234_500_000n,
      50n,
      100_000_000n,
    ])
    expect(readProviderUsage(anthropicCostCsv, 'costs.csv').rows.map(({ figures }) => figures.cost)).toEqual([
      1_230_000_000n,
      20_000_000n,
    ])
  })

  test('of another shape is refused with what is known', () => {
    for (const text of [
      '',
      '{',
      '{"data":[{}]}',
      'a,b\n1,2\n',
      '[]',
      '{"data":[]}',
      openaiUsage.replace('1000', '"x"'),
    ])
      expect(() => readProviderUsage(text, 'file')).toThrow('OpenAI’s usage and costs API')
  })
})

describe('the comparison', () => {
  const ours = (changes: Partial<LedgerRow['figures']> = {}, model = sonnet): LedgerRow => ({
    ...{ day: '2026-11-20', model },
    figures: { input: 2750n, ...sonnetTokens, cost: 1_250_000_000n, ...changes },
  })
  const states = (rows: readonly ComparedRow[]) => rows.map(({ model, state }) => [model, state])
  const usage = readProviderUsage(anthropicUsage, 'usage.json')

  test('compares only what the file tells, and finds equal what is', () => {
    expect(compareUsage([usage], [ours({ cost: 5n, input: 1n })], exact)).toMatchObject([
      { day: '2026-11-20', model: sonnet, state: 'equal', differences: [] },
    ])
  })

  test('names each figure that differs, unless by as much as is tolerated', () => {
    const rows = [ours({ output: 495n, cacheRead: 201n })]
    const [row] = compareUsage([usage], rows, exact)
    expect(row).toMatchObject({
      state: 'differs',
      differences: [
        { figure: 'cacheRead', provider: 200n, ledger: 201n },
        { figure: 'output', provider: 500n, ledger: 495n },
      ],
    })
    expect(states(compareUsage([usage], rows, { ...exact, tokens: 5n }))).toEqual([[sonnet, 'equal']])
    expect(states(compareUsage([usage], rows, { ...exact, share: 10_000n }))).toEqual([[sonnet, 'equal']])
    expect(states(compareUsage([usage], rows, { ...exact, share: 9_000n }))).toEqual([[sonnet, 'differs']])
  })

  test('tells what either side does not have', () => {
    const other = ours({}, 'claude-haiku-4-5')
    expect(states(compareUsage([usage], [other], exact))).toEqual([
      ['claude-haiku-4-5', 'only-ledger'],
      [sonnet, 'only-provider'],
    ])
    expect(
      states(
        compareUsage(
          [usage],
          [
            ours(),
            ours({ uncached: 0n, cacheRead: 0n, cacheWrite5m: 0n, cacheWrite1h: 0n, output: 0n }, 'quiet'),
          ],
          exact,
        ),
      ),
    ).toEqual([[sonnet, 'equal']])
  })

  test('knows a model by the name that a page for people gives it, when no other can be meant', () => {
    const costs = readProviderUsage(anthropicCostCsv, 'costs.csv')
    expect(states(compareUsage([costs], [ours()], exact))).toEqual([['Claude Sonnet 4.5', 'equal']])
    const both = [ours({}, 'gpt-4o-2024-08-06'), ours({}, 'gpt-4o-2024-05-13')]
    const named = {
      rows: [{ day: '2026-11-20', model: 'gpt-4o-2024-08-06', figures: { output: 500n } }],
      days: [],
      isCut: false,
    }
    expect(states(compareUsage([named], both, exact))).toEqual([
      ['gpt-4o-2024-05-13', 'only-ledger'],
      ['gpt-4o-2024-08-06', 'equal'],
    ])
  })

  test('adds all models up where the file does not tell them apart', () => {
    const costs = readProviderUsage(openaiCostCsv, 'costs.csv')
    const rows = [400_000_000n, 495_874_000n].map((cost, place) => ({
      ...ours({ cost }, `model-${place}`),
      day: '2025-10-05',
    }))
    expect(compareUsage([costs], rows, exact)).toMatchObject([{ model: null, state: 'equal' }])
  })

  test('takes usage and costs from two files', () => {
    const costs = readProviderUsage(anthropicCosts, 'costs.json')
    expect(compareUsage([usage, costs], [ours({ cost: 1_234_500_050n })], exact)).toMatchObject([
      { model: null, state: 'only-provider', differences: [{ figure: 'cost', provider: 100_000_000n }] },
      { model: sonnet, state: 'equal' },
    ])
  })
})

test('an amount is exact to the nano-dollar, however it is written', () => {
  expect([nanoUsd('0.895874', 0), nanoUsd(1e-9, 0), nanoUsd('-3.5', 0), nanoUsd('123.45678', 2)]).toEqual([
    ...[895_874_000n, 1n, -3_500_000_000n, 1_234_567_800n],
  ])
  expect([
    nanoUsd('0.0000000005', 0),
    nanoUsd('0.00000000049', 0),
    nanoUsd(undefined, 0),
    nanoUsd('1E+2', 0),
  ]).toEqual([...[1n, 0n, 0n, 100_000_000_000n]])
  expect(() => nanoUsd('1,000', 0)).toThrow('not an amount')
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), (amount) => {
      expect(nanoUsd(formatUsd(amount), 0)).toBe(amount)
    }),
  )
})

test('cells of CSV come out as they went in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.string(), { minLength: 2, maxLength: 4 }), { minLength: 1 }),
      (lines) => {
        const text = lines
          .map((line) => line.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))
          .join('\r\n')
        expect(parseCsv(text)).toEqual(lines)
      },
    ),
  )
  expect(parseCsv('a,b\n1,\n')).toEqual([
    ['a', 'b'],
    ['1', ''],
  ])
})
