/** A provider on loopback that keeps what it was asked and answers what the test says. */
export interface TestUpstream {
  readonly url: string
  readonly seen: Seen[]
  /** The answer to the next requests, until it is set again. */
  answer: (request: Seen) => Response | Promise<Response>
  /** Requests whose connection the caller ended before the answer was over. */
  aborted: number
  stop(): Promise<void>
}

export interface Seen {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly signal: AbortSignal
}

export const startUpstream = (): TestUpstream => {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    development: false,
    async fetch(request) {
      const url = new URL(request.url)
      const one: Seen = {
        method: request.method,
        path: url.pathname,
        query: url.search,
        headers: Object.fromEntries(request.headers),
        body: await request.bytes(),
        signal: request.signal,
      }
      request.signal.addEventListener('abort', () => {
        upstream.aborted++
      })
      upstream.seen.push(one)
      return upstream.answer(one)
    },
  })
  const upstream: TestUpstream = {
    url: `http://127.0.0.1:${server.port}`,
    seen: [],
    answer: () => new Response('no answer was set', { status: 500 }),
    aborted: 0,
    stop: () => server.stop(true),
  }
  return upstream
}

/** A stream whose pieces the test writes; `die` breaks the connection. */
export const scriptedStream = (): {
  readonly response: (headers?: Record<string, string>) => Response
  write(text: string | Uint8Array): void
  end(): void
  die(): void
} => {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start(started) {
      controller = started
    },
  })
  const encoder = new TextEncoder()
  return {
    response: (headers = { 'content-type': 'text/event-stream' }) => new Response(body, { headers }),
    write: (text) => controller?.enqueue(typeof text === 'string' ? encoder.encode(text) : text),
    end: () => controller?.close(),
    die: () => controller?.error(new Error('dies')),
  }
}

/** A whole body as a stream's pieces of `size` bytes, each flushed on its own. */
export const pieces = (bytes: Uint8Array, size: number): ReadableStream<Uint8Array> => {
  let at = 0
  return new ReadableStream({
    async pull(controller) {
      if (at >= bytes.length) {
        controller.close()
        return
      }
      controller.enqueue(bytes.subarray(at, at + size))
      at += size
      await Bun.sleep(0)
    },
  })
}
