import { isGlobalAddress } from './global-address.ts'
import { addressesOf, type ResolveHost, raced, resolveHost, sendPinned } from './pinned-request.ts'

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>
  /** Of the whole call, in milliseconds. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** What became of a call: the status of the answer, or why there is none. Its body is not read. */
export type PostResult =
  | { readonly status: number }
  | { readonly fault: 'unreachable' | 'timeout' | 'aborted' | 'not-allowed' }

export type PostJson = (url: string, body: string, options: PostOptions) => Promise<PostResult>

export interface PosterOptions {
  /**
   * Where it may send to. `public`: what a name of somebody else's making leads to. `anywhere`: private and loopback
   * addresses too, for addresses that the operator wrote into the configuration and nobody else can choose.
   */
  readonly reach: 'public' | 'anywhere'
  readonly resolve?: ResolveHost
}

/**
 * Sends JSON to an address, and nothing further: no redirect is followed. It connects to an address that it resolved
 * and checked itself. Never throws.
 */
export const createPoster =
  ({ reach, resolve = resolveHost }: PosterOptions): PostJson =>
  async (address, body, { headers, timeoutMs, signal }) => {
    const deadline = AbortSignal.timeout(timeoutMs)
    const until = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
    const url = URL.parse(address)
    if (url === null || !['http:', 'https:'].includes(url.protocol)) return { fault: 'not-allowed' }
    try {
      const addresses = await raced(addressesOf(url, resolve), until)
      if (addresses.length === 0) return { fault: 'unreachable' }
      if (reach === 'public' && !addresses.every(isGlobalAddress)) return { fault: 'not-allowed' }
      const request = { method: 'POST', headers: { ...usual(body), ...headers }, body } as const
      const answer = await raced(sendPinned(url, addresses, request, until), until)
      answer.destroy()
      return { status: answer.statusCode ?? 0 }
    } catch {
      return { fault: signal?.aborted === true ? 'aborted' : deadline.aborted ? 'timeout' : 'unreachable' }
    }
  }

const usual = (body: string): Readonly<Record<string, string>> => ({
  'content-type': 'application/json',
  'content-length': String(Buffer.byteLength(body)),
  'accept-encoding': 'identity',
  'user-agent': 'tollgate',
})
