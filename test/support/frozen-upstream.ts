import { connect, type Socket } from 'node:net'

/** A provider in a process of its own, which can be stopped in its tracks: connections stay, nobody answers new ones. */
export interface FrozenUpstream {
  readonly url: string
  /** From now on nothing is read, and no new connection comes about. */
  freeze(): Promise<void>
  stop(): Promise<void>
}

const program = `
  const answer = JSON.stringify({ id: 'resp_1', object: 'response', created_at: 1, status: 'completed', model: 'm', output: [
    { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: 'thawed', annotations: [] }] },
  ], usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } })
  const server = require('node:http').createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(answer))
  })
  server.keepAliveTimeout = 60_000
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => console.log(server.address().port))
`

export const startFrozenUpstream = async (): Promise<FrozenUpstream> => {
  const child = Bun.spawn([process.execPath, '-e', program], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
    env: { PATH: process.env['PATH'] ?? '' },
  })
  const reader = child.stdout.getReader()
  const { value } = await reader.read()
  const port = Number(new TextDecoder().decode(value).trim())
  const waiting: Socket[] = []
  return {
    url: `http://127.0.0.1:${port}`,
    async freeze() {
      child.kill('SIGSTOP')
      // The kernel answers for a while: until the queue of connections that nobody takes is full.
      for (let isFull = false; !isFull; ) {
        const socket = connect({ host: '127.0.0.1', port })
        waiting.push(socket)
        isFull = await new Promise<boolean>((resolve) => {
          socket.on('error', () => resolve(true))
          socket.once('connect', () => resolve(false))
          setTimeout(() => resolve(true), 300)
        })
      }
    },
    async stop() {
      for (const socket of waiting) socket.destroy()
      child.kill('SIGKILL')
      await child.exited
    },
  }
}
