import { lookup } from 'node:dns/promises'
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'

/** All addresses of a host. */
export type ResolveHost = (host: string) => Promise<readonly string[]>

export const resolveHost: ResolveHost = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address)

/** The addresses that a URL leads to; its own where it names one. */
export const addressesOf = async (url: URL, resolve: ResolveHost): Promise<readonly string[]> => {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return isIP(host) === 0 ? resolve(host) : [host]
}

export interface PinnedRequest {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/**
 * Sends to one of these addresses and to no other: the name was resolved and checked, and connecting must not resolve
 * it again. Resolves with the head of the answer, whatever its status. No redirect is followed, and proxy variables of
 * the environment do not count: a proxy would resolve the name by itself.
 */
export const sendPinned = (
  url: URL,
  addresses: readonly string[],
  { method, headers, body }: PinnedRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> => {
  const records = addresses.map((address) => ({ address, family: isIP(address) }))
  const pinned: LookupFunction = (_, options, callback) => {
    const [first] = records
    if (options.all === true) callback(null, records)
    else callback(null, first?.address ?? '', first?.family ?? 4)
  }
  const send = url.protocol === 'https:' ? requestSecure : requestPlain
  return new Promise((resolve, reject) => {
    const call = send(url, { method, agent: false, lookup: pinned, signal, headers })
    call.once('response', resolve)
    call.once('error', reject)
    call.end(body)
  })
}

/** The promise, or the signal's reason when that comes first. */
export const raced = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
