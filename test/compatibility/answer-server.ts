/** Serves streams that are there already, each below an address of its own: SDKs get it as their base URL. */
export interface AnswerServer {
  /** @returns the address; whatever is asked below it is answered with these bytes */
  serve(bytes: Uint8Array): string
  stop(): Promise<void>
}

export const startAnswerServer = (): AnswerServer => {
  const served = new Map<string, Uint8Array>()
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(incoming) {
      const [, name = ''] = new URL(incoming.url).pathname.split('/')
      const bytes = served.get(name)
      if (bytes === undefined) return new Response('nothing is served here', { status: 404 })
      return new Response(Buffer.from(bytes), { headers: { 'content-type': 'text/event-stream' } })
    },
  })
  return {
    serve(bytes) {
      const name = `${served.size}`
      served.set(name, bytes)
      return `http://127.0.0.1:${server.port}/${name}`
    },
    stop: () => server.stop(true),
  }
}
