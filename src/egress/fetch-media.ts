import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../errors.ts'
import { isGlobalAddress } from './global-address.ts'
import { addressesOf, type ResolveHost, raced, resolveHost, sendPinned } from './pinned-request.ts'

export interface FetchedMedia {
  readonly bytes: Uint8Array
  /** What the server says; the first bytes tell more. */
  readonly contentType?: string
}

export type FetchMedia = (url: string, signal?: AbortSignal) => Promise<FetchedMedia>

export interface MediaFetcherOptions {
  readonly maximumBytes?: number
  /** Of the whole fetch, redirects included. */
  readonly timeoutMs?: number
  readonly maximumRedirects?: number
  readonly resolve?: ResolveHost
  readonly isAllowed?: (address: string) => boolean
}

const usual = {
  maximumBytes: 20 * 1024 * 1024,
  timeoutMs: 15_000,
  maximumRedirects: 3,
}

/**
 * Fetches what clients name by an address. It connects to nothing but an address that it resolved and checked itself,
 * at each redirect again, so no name can lead into a private network. Proxy variables of the environment do not count:
 * a proxy would resolve the name by itself.
 * The fetch throws GatewayError `gateway_media_unavailable`, whose message names no more than the host.
 */
export const createMediaFetcher = (options: MediaFetcherOptions = {}): FetchMedia => {
  const { maximumBytes, timeoutMs, maximumRedirects } = { ...usual, ...options }
  const resolve = options.resolve ?? resolveHost
  const isAllowed = options.isAllowed ?? isGlobalAddress

  const allowedAddresses = async (url: URL): Promise<readonly string[]> => {
    const addresses = await addressesOf(url, resolve)
    // One address of many that leads inside is enough to distrust the name.
    if (addresses.length === 0 || !addresses.every(isAllowed))
      throw unavailable(url, 'it is no public address')
    return addresses
  }

  return async (address, signal) => {
    const deadline = AbortSignal.timeout(timeoutMs)
    const until = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
    let url = parsed(address)
    for (let hop = 0; hop <= maximumRedirects; hop++) {
      const addresses = await raced(allowedAddresses(url), until).catch((error: unknown) => {
        throw explained(url, error, signal, deadline)
      })
      const answer = await raced(sendPinned(url, addresses, get, until), until).catch((error: unknown) => {
        throw explained(url, error, signal, deadline)
      })
      const next = redirection(answer, url)
      if (next !== undefined) {
        answer.destroy()
        url = next
        continue
      }
      if (answer.statusCode !== 200) {
        answer.destroy()
        throw unavailable(url, `it answers with status ${answer.statusCode ?? 0}`)
      }
      return await read(answer, url, maximumBytes).catch((error: unknown) => {
        throw explained(url, error, signal, deadline)
      })
    }
    throw unavailable(url, 'it redirects too often')
  }
}

const unavailable = (url: URL, reason: string, cause?: unknown): GatewayError =>
  new GatewayError('gateway_media_unavailable', `media at ${url.hostname} cannot be fetched: ${reason}`, {
    cause,
  })

/** Who gave up is not told that the server did. */
const explained = (
  url: URL,
  error: unknown,
  signal: AbortSignal | undefined,
  deadline: AbortSignal,
): unknown => {
  if (error instanceof GatewayError) return error
  if (signal?.aborted === true) return signal.reason
  return unavailable(url, deadline.aborted ? 'it takes too long' : 'it cannot be reached', error)
}

const parsed = (address: string): URL => {
  const url = URL.parse(address)
  if (url === null) throw new GatewayError('gateway_media_unavailable', 'media has an address that is no url')
  return checked(url)
}

const checked = (url: URL): URL => {
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw unavailable(url, 'only http and https are fetched')
  if (url.username !== '' || url.password !== '') throw unavailable(url, 'its address holds a password')
  return url
}

const get = {
  method: 'GET',
  headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'tollgate' },
} as const

/** Where a redirect leads; never from a protected connection to an open one. */
const redirection = ({ statusCode, headers }: IncomingMessage, from: URL): URL | undefined => {
  if (statusCode === undefined || ![301, 302, 303, 307, 308].includes(statusCode)) return undefined
  const to = headers.location === undefined ? null : URL.parse(headers.location, from)
  if (to === null) throw unavailable(from, 'it redirects to nowhere')
  if (from.protocol === 'https:' && to.protocol !== 'https:')
    throw unavailable(from, 'it redirects to plain http')
  return checked(to)
}

const read = async (answer: IncomingMessage, url: URL, maximum: number): Promise<FetchedMedia> => {
  const tooLarge = (): GatewayError => {
    answer.destroy()
    return unavailable(url, `it is larger than ${maximum} bytes`)
  }
  if (Number(answer.headers['content-length'] ?? 0) > maximum) throw tooLarge()
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of answer) {
    const bytes = chunk instanceof Uint8Array ? chunk : new TextEncoder().encode(String(chunk))
    length += bytes.byteLength
    if (length > maximum) throw tooLarge()
    chunks.push(bytes)
  }
  const contentType = answer.headers['content-type']
  return { bytes: Buffer.concat(chunks, length), ...(contentType === undefined ? {} : { contentType }) }
}
