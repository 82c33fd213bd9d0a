/** The floor: a bare Bun forwarder that parses nothing. Prints its port. */
const target = process.argv[2] ?? ''

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: 0,
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  async fetch(request) {
    const path = new URL(request.url).pathname
    const upstream = await fetch(target + path, {
      method: request.method,
      headers: {
        'content-type': 'application/json',
        'accept-encoding': 'identity',
        'x-bench': request.headers.get('x-bench') ?? '',
      },
      body: await request.bytes(),
      decompress: false,
    })
    return new Response(upstream.body, { status: upstream.status, headers: upstream.headers })
  },
})
console.log(server.port)
