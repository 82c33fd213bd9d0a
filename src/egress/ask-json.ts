import type { IncomingMessage } from 'node:http'
import { isGlobalAddress } from './global-address.ts'
import { addressesOf, raced, resolveHost, sendPinned } from './pinned-request.ts'
import type { PosterOptions } from './post-json.ts'

export interface AskOptions {
  readonly method: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  /** JSON text; none for a GET. */
  readonly body?: string
  /** Of the whole call, in milliseconds. */
  readonly timeoutMs: number
  /** A longer answer is none. */
  readonly maximumBytes: number
  readonly signal?: AbortSignal
}

/** The answer of a service, whatever its status, or why there is none. */
export type AskResult =
  | { readonly status: number; readonly text: string }
  | { readonly fault: 'unreachable' | 'timeout' | 'aborted' | 'not-allowed' | 'too-large' }

export type AskJson = (url: string, options: AskOptions) => Promise<AskResult>

/**
 * Asks a service and reads its answer. As a poster, it follows no redirect and connects to an address that it resolved
 * and checked itself. Never throws.
 */
export const createAsker =
  ({ reach, resolve = resolveHost }: PosterOptions): AskJson =>
  async (address, { method, headers, body, timeoutMs, maximumBytes, signal }) => {
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
      const text = await raced(read(answer, maximumBytes), until).finally(() => answer.destroy())
      return text === undefined ? { fault: 'too-large' } : { status: answer.statusCode ?? 0, text }
    } catch {
      return { fault: signal?.aborted === true ? 'aborted' : deadline.aborted ? 'timeout' : 'unreachable' }
    }
  }

const usual = (body: string | undefined): Readonly<Record<string, string>> => ({
  accept: 'application/json',
  'accept-encoding': 'identity',
  'user-agent': 'tollgate',
  ...(body === undefined
    ? {}
    : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
})

const read = async (answer: IncomingMessage, maximum: number): Promise<string | undefined> => {
  if (Number(answer.headers['content-length'] ?? 0) > maximum) return undefined
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of answer) {
    const bytes = chunk instanceof Uint8Array ? chunk : new TextEncoder().encode(String(chunk))
    length += bytes.byteLength
    if (length > maximum) return undefined
    chunks.push(bytes)
  }
  return Buffer.concat(chunks, length).toString('utf8')
}
