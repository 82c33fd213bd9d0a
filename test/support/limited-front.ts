import type { ProtocolId } from '../../src/ir/index.ts'
import { protocols } from '../../src/protocols/index.ts'

/** Stands before a provider and refuses the first requests of an agent as the gateway does when it is asked too often. */
export interface LimitedFront {
  /** Without `/v1`. */
  readonly url: string
  /** When a request with tools came, and whether it was refused. */
  readonly turns: readonly { readonly at: number; readonly refused: boolean }[]
  stop(): Promise<void>
}

/** @param refusals how many requests with tools are refused; titles and the like are not */
export const startLimitedFront = (
  upstream: string,
  { refusals, retryAfter }: { readonly refusals: number; readonly retryAfter: number },
): LimitedFront => {
  const turns: { at: number; refused: boolean }[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    development: false,
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      // Agents fall back to HTTP.
      if (request.headers.get('upgrade') === 'websocket') return new Response(null, { status: 426 })
      const body = await request.bytes()
      const protocol = request.method === 'POST' ? protocolOf(pathname) : undefined
      if (
        protocol !== undefined &&
        /"tools":\s*\[\s*\{|additional_tools/.test(new TextDecoder().decode(body))
      ) {
        const refused = turns.filter((turn) => turn.refused).length < refusals
        turns.push({ at: Date.now(), refused })
        if (refused) return tooMany(protocol, retryAfter)
      }
      const headers = new Headers(request.headers)
      for (const name of ['host', 'connection', 'content-length', 'accept-encoding']) headers.delete(name)
      const init = { method: request.method, headers, redirect: 'manual' as const }
      return fetch(`${upstream}${pathname}${search}`, body.byteLength === 0 ? init : { ...init, body })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    turns,
    stop: () => server.stop(true),
  }
}

const tooMany = (protocol: ProtocolId, retryAfter: number): Response => {
  const message = `the key limit of 60 requests per minute is used up; try again in ${retryAfter} s`
  const error = { kind: 'rate_limit', message, retryAfter } as const
  const { status, headers, body } = protocols[protocol].errors.encode(error, { requestId: 'req_limited' })
  return new Response(body, { status, headers })
}

const protocolOf = (path: string): ProtocolId | undefined => {
  if (path.endsWith('/responses')) return 'openai-responses'
  if (path.endsWith('/chat/completions')) return 'openai-chat'
  if (path.endsWith('/messages')) return 'anthropic-messages'
  return /:(?:stream)?[gG]enerateContent$/.test(path) ? 'gemini' : undefined
}
