/** A load generator on raw sockets with keep-alive: one request after the other on each connection. */
export interface LoadOptions {
  readonly port: number
  readonly connections: number
  /** Milliseconds; the load stops by itself. */
  readonly duration: number
  readonly request: Buffer
  /** The answer may be chunked, and is over at its last chunk then. */
  readonly streams: boolean
}

export interface LoadResult {
  readonly answers: number
  readonly failures: number
  readonly seconds: number
  /** Milliseconds, sorted; at most 200,000 of them. */
  readonly latencies: readonly number[]
}

interface Connection {
  startedAt: number
  /** Bytes still expected of a whole body; -1 while the head is not complete. */
  need: number
  head: Buffer
  ok: boolean
  whole: boolean
}

const lastChunk = Buffer.from('\r\n0\r\n\r\n')

export const runLoad = async (options: LoadOptions): Promise<LoadResult> => {
  const { request, streams } = options
  let answers = 0
  let failures = 0
  let stopped = false
  const latencies: number[] = []
  const startedAt = performance.now()

  const send = (socket: Bun.Socket<Connection>): void => {
    if (stopped) {
      socket.end()
      return
    }
    socket.data = { startedAt: performance.now(), need: -1, head: Buffer.alloc(0), ok: false, whole: false }
    socket.write(request)
  }
  const done = (socket: Bun.Socket<Connection>): void => {
    if (socket.data.ok) answers++
    else failures++
    if (latencies.length < 200_000) latencies.push(performance.now() - socket.data.startedAt)
    send(socket)
  }
  const sockets: Bun.Socket<Connection>[] = []
  for (let index = 0; index < options.connections; index++) {
    sockets.push(
      await Bun.connect<Connection>({
        hostname: '127.0.0.1',
        port: options.port,
        socket: {
          open: send,
          data(socket, data) {
            const state = socket.data
            if (streams && state.need < 0) {
              state.ok = data.subarray(0, 12).toString('latin1') === 'HTTP/1.1 200'
              // A forwarder that has the whole stream already sends it with its length.
              state.whole = data.subarray(0, 400).toString('latin1').toLowerCase().includes('content-length')
              if (!state.whole) state.need = 0
            }
            if (streams && !state.whole) {
              // The end may be cut over two reads; its last seven bytes are kept.
              const joined = Buffer.concat([state.head, data.subarray(-7)]).subarray(-7)
              state.head = joined
              if (joined.equals(lastChunk)) done(socket)
              return
            }
            if (state.need < 0) {
              state.head = state.head.length === 0 ? data : Buffer.concat([state.head, data])
              const split = state.head.indexOf('\r\n\r\n')
              if (split < 0) return
              const head = state.head.subarray(0, split).toString('latin1')
              state.ok = head.startsWith('HTTP/1.1 200')
              state.need =
                Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0) - (state.head.length - split - 4)
            } else state.need -= data.length
            if (state.need <= 0) done(socket)
          },
          close() {
            if (!stopped) failures++
          },
          error() {
            failures++
          },
        },
      }),
    )
  }
  await Bun.sleep(options.duration)
  stopped = true
  const seconds = (performance.now() - startedAt) / 1000
  for (const socket of sockets) socket.end()
  return { answers, failures, seconds, latencies: latencies.sort((a, b) => a - b) }
}

export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
