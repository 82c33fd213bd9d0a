/** One name for everything that is sent; run by itself, it says the name that another process comes to. */
import { createHash } from 'node:crypto'
import { GatewayError } from '../../src/errors.ts'
import { cells, type RequestCase, requestCases } from './cases.ts'
import { read, send } from './cell.ts'

export const emittedDigest = (bodies: readonly string[]): string => {
  const hash = createHash('sha256')
  for (const body of bodies) hash.update(`${body}\n`)
  return hash.digest('hex')
}

/** Every fourth request: what depends on the process would show in any of them. */
export const sampled = (requests: readonly RequestCase[]): readonly RequestCase[] =>
  requests.filter((_, index) => index % 4 === 0)

/** In the order in which the test has them; empty where a request is refused. */
const emittedBodies = (): readonly string[] => {
  const requests = sampled(requestCases())
  return cells.flatMap(([client, upstream]) =>
    requests
      .filter((one) => one.client === client)
      .map(({ wire }) => {
        try {
          return send(read(client, wire), client, upstream).sent.body
        } catch (error) {
          if (error instanceof GatewayError) return ''
          throw error
        }
      }),
  )
}

if (import.meta.main) process.stdout.write(emittedDigest(emittedBodies()))
