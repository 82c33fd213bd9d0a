import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../errors.ts'
import { createPriceFetcher } from './fetch-prices.ts'

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof GatewayError ? `${error.code}: ${error.message}` : error),
  )

describe('an address of prices', () => {
  const fetchPrices = createPriceFetcher(() => 'https://configured.test/prices.json', {
    resolve: async (host) => (host === 'inside.test' ? ['10.0.0.7'] : ['203.0.113.9']),
    timeoutMs: 300,
  })

  test('is asked by https only', async () => {
    for (const url of ['http://a.test/x', 'file:///etc/passwd', 'ftp://a.test', 'x'])
      expect(await codeOf(fetchPrices(url))).toBe('gateway_request_invalid: prices are fetched by https only')
  })

  test('leads into no private network, unless the configuration names it', async () => {
    for (const url of [
      'https://127.0.0.1/x',
      'https://[::1]/x',
      'https://169.254.169.254/x',
      'https://inside.test/',
    ])
      expect(await codeOf(fetchPrices(url))).toContain('it is no public address')
    const own = createPriceFetcher(() => 'https://inside.test/', {
      resolve: async () => ['127.0.0.1'],
      timeoutMs: 300,
    })
    expect(await codeOf(own('https://inside.test/'))).toMatch(
      /^prices_source_unavailable: .*(cannot be reached|takes too long)/,
    )
  })
})
