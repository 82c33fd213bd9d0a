/** What a server answered to bytes that no HTTP client would send. */
export interface RawAnswer {
  readonly status: number
  readonly text: string
}

/** Sends a request as it is written, path and all, on a connection of its own. Bound: 10 s. */
export const rawRequest = async (url: string, head: string, body = ''): Promise<RawAnswer> => {
  const { hostname, port } = new URL(url)
  const pieces: Uint8Array[] = []
  const ended = Promise.withResolvers<void>()
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data: (_socket, data) => void pieces.push(Uint8Array.from(data)),
      close: () => ended.resolve(),
      error: () => ended.resolve(),
    },
  })
  const timer = setTimeout(() => socket.end(), 10_000)
  socket.write(
    `${head}\r\nhost: ${hostname}\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  await ended.promise
  clearTimeout(timer)
  const text = Buffer.concat(pieces).toString('utf8')
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text }
}
