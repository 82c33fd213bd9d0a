/** A load generator on raw sockets with keep-alive: one request after the other on each connection. */
export interface LoadOptions {
  readonly port: number
  readonly connections: number
  /** Milliseconds; the load stops by itself. */
  readonly duration: number
  /** The same each time, or one after the other. */
  readonly request: Buffer | (() => Buffer)
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
  inBody: boolean
  ok: boolean
  /** Bytes still expected of a body with a length; undefined for a chunked one. */
  need: number | undefined
  /** The head as far as it came, then the last bytes of a chunked body. */
  held: Buffer
  /** What the socket has not taken yet. */
  unsent: Buffer
}

const lastChunk = Buffer.from('\r\n0\r\n\r\n')

export const runLoad = async (options: LoadOptions): Promise<LoadResult> => {
  const { request } = options
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
    socket.data = {
      startedAt: performance.now(),
      inBody: false,
      ok: false,
      need: undefined,
      held: Buffer.alloc(0),
      unsent: Buffer.alloc(0),
    }
    writeOut(socket, typeof request === 'function' ? request() : request)
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
          drain: (socket) => writeOut(socket, socket.data.unsent),
          data(socket, data) {
            const state = socket.data
            let body: Buffer = data
            if (!state.inBody) {
              // The head may come in several reads.
              state.held = Buffer.concat([state.held, data])
              const split = state.held.indexOf('\r\n\r\n')
              if (split < 0) return
              const head = state.held.subarray(0, split).toString('latin1')
              body = state.held.subarray(split + 4)
              const length = /content-length: (\d+)/i.exec(head)?.[1]
              Object.assign(state, {
                inBody: true,
                ok: head.startsWith('HTTP/1.1 200'),
                need: length === undefined ? undefined : Number(length),
                // A chunked body is over at its last chunk, which may follow the head at once.
                held: Buffer.from('\r\n'),
              })
            }
            if (state.need !== undefined) {
              state.need -= body.length
              if (state.need <= 0) done(socket)
              return
            }
            state.held = Buffer.concat([state.held, body.subarray(-7)]).subarray(-7)
            if (state.held.equals(lastChunk)) done(socket)
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

/** A socket takes what fits; the rest waits for `drain`. */
const writeOut = (socket: Bun.Socket<Connection>, bytes: Buffer): void => {
  const taken = bytes.length === 0 ? 0 : Math.max(0, socket.write(bytes))
  socket.data.unsent = bytes.subarray(taken)
}

export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
