import { largestPrices } from '../catalog/index.ts'
import { createMediaFetcher, type MediaFetcherOptions } from '../egress/index.ts'
import { GatewayError, toGatewayError } from '../errors.ts'

export type FetchPrices = (url: string, signal?: AbortSignal) => Promise<string>

const timeoutMs = 60_000

/**
 * Fetches a file of prices by https, at most 16 MB within a minute. Only what the configuration names may stand on a
 * private address: other addresses come by the admin API, and must not reach into the operator's network.
 * Throws `prices_source_unavailable` and `gateway_request_invalid`.
 */
export const createPriceFetcher = (
  configured: () => string | undefined,
  options: Pick<MediaFetcherOptions, 'resolve' | 'isAllowed' | 'timeoutMs'> = {},
): FetchPrices => {
  const bounds = { maximumBytes: largestPrices, timeoutMs, ...options }
  const anywhere = createMediaFetcher({ ...bounds, isAllowed: options.isAllowed ?? (() => true) })
  const outside = createMediaFetcher(bounds)
  return async (url, signal) => {
    if (URL.parse(url)?.protocol !== 'https:')
      throw new GatewayError('gateway_request_invalid', 'prices are fetched by https only', { param: 'url' })
    try {
      const { bytes } = await (url === configured() ? anywhere : outside)(url, signal)
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch (error) {
      const reason = error instanceof TypeError ? 'it is no text' : toGatewayError(error).message
      throw new GatewayError('prices_source_unavailable', `the prices cannot be fetched: ${reason}`, {
        cause: error,
      })
    }
  }
}
