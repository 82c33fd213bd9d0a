import type { IncomingMessage } from 'node:http'
import { isGlobalAddress } from './global-address.ts'
import { addressesOf, type ResolveHost, raced, resolveHost, sendPinned } from './pinned-request.ts'

export interface CallerOptions {
  /**
   * Where it may send to. `public`: what a name of somebody else's making leads to. `anywhere`: private and loopback
   * addresses too, for addresses that the operator wrote into the configuration and nobody else can choose.
   */
  readonly reach: 'public' | 'anywhere'
  readonly resolve?: ResolveHost
}

export interface CallOptions {
  readonly method: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  /** JSON text; none for a GET. */
  readonly body?: string
  /** Of the whole call, in milliseconds. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** Why there is no answer. */
export type CallFault = 'unreachable' | 'timeout' | 'aborted' | 'not-allowed'

/**
 * Makes one call, and nothing further: no redirect is followed. It connects to an address that it resolved and checked
 * itself. Never throws.
 * @param read takes what it wants of the answer, within the time of the call; the connection is closed behind it
 */
export type CallJson = <Read>(
  url: string,
  options: CallOptions,
  read: (answer: IncomingMessage) => Promise<Read>,
) => Promise<Read | { readonly fault: CallFault }>

export const createCaller =
  ({ reach, resolve = resolveHost }: CallerOptions): CallJson =>
  async (address, { method, headers, body, timeoutMs, signal }, read) => {
    const deadline = AbortSignal.timeout(timeoutMs)
    const until = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
    const url = URL.parse(address)
    if (url === null || !['http:', 'https:'].includes(url.protocol)) return { fault: 'not-allowed' }
    try {
      const addresses = await raced(addressesOf(url, resolve), until)
      if (addresses.length === 0) return { fault: 'unreachable' }
      if (reach === 'public' && !addresses.every(isGlobalAddress)) return { fault: 'not-allowed' }
      const request = {
        method,
        headers: { ...usual(body), ...headers },
        ...(body === undefined ? {} : { body }),
      }
      const answer = await raced(sendPinned(url, addresses, request, until), until)
      return await raced(read(answer), until).finally(() => answer.destroy())
    } catch {
      return { fault: signal?.aborted === true ? 'aborted' : deadline.aborted ? 'timeout' : 'unreachable' }
    }
  }

const usual = (body: string | undefined): Readonly<Record<string, string>> => ({
  'accept-encoding': 'identity',
  'user-agent': 'tollgate',
  ...(body === undefined
    ? {}
    : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
})
