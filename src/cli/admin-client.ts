import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { type ErrorCode, errorTable, GatewayError } from '../errors.ts'
import { serverStatus } from '../supervisor/index.ts'
import type { CliContext } from './cli-context.ts'
import { findDataFolder } from './data-folder.ts'
import { addJsonOption, addPlaceOptions, type JsonOption, type PlaceOptions } from './start-flags.ts'

/** The admin API of a server. */
export interface AdminClient {
  /** Without a slash at the end. */
  readonly url: string
  /** The parsed answer of `/api/v1<path>`. Throws the error that the server answered, in its code. */
  call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown>
  /** The answer to a `GET` as it comes, however long that takes. Throws as `call` does. */
  stream(path: string): Promise<ReadableStream<Uint8Array>>
}

export interface ServerOptions extends PlaceOptions, JsonOption {
  readonly url?: string
}

/** Options of every command that talks to a server. */
export const addServerOptions = (command: Command): Command =>
  addJsonOption(
    addPlaceOptions(command).option(
      '--url <url>',
      'a server elsewhere, such as https://gateway.example.com; its admin token is taken from TGW_ADMIN_TOKEN',
    ),
  )

/** The named server, else the one that runs in the data folder. Throws `server_not_running`. */
export const connect = (context: CliContext, options: ServerOptions): AdminClient => {
  if (options.url !== undefined) return remoteClient(options.url, context)
  const { dataDir, settings } = findDataFolder(context, options)
  const client = localClient(dataDir, settings?.listen.tls !== undefined)
  if (client !== undefined) return client
  throw new GatewayError(
    'server_not_running',
    `no server runs in ${dataDir}: start one with \`tgw start --daemon\`, or name another with --data-dir or --url`,
  )
}

/** The server of a data folder; undefined when none answers there. */
export const localClient = (dataDir: string, tls: boolean): AdminClient | undefined => {
  const ready = serverStatus(dataDir)?.ready
  const port = ready?.ports['admin'] ?? ready?.ports['facade']
  if (ready === undefined || port === undefined) return undefined
  const path = join(dataDir, 'cli.token')
  let token: string
  try {
    token = readFileSync(path, 'utf8').trim()
  } catch {
    throw new GatewayError(
      'gateway_admin_token_invalid',
      `${path} cannot be read: run the command as the user that runs the server, or use --url with TGW_ADMIN_TOKEN`,
    )
  }
  const host = `${reachableHost(ready.host)}:${port}`
  // The lock file says that this very process listens there, so a certificate for another name is no danger.
  const [first, second] = (tls ? ['https', 'http'] : ['http', 'https']).map((scheme) =>
    adminClient(`${scheme}://${host}`, token, { trusted: true }),
  )
  return first === undefined || second === undefined ? undefined : eitherOf(first, second)
}

/** The server may have been started with another file, and so another scheme: the wrong one never gets an answer. */
const eitherOf = (first: AdminClient, second: AdminClient): AdminClient => {
  const ask = async <T>(work: (client: AdminClient) => Promise<T>): Promise<T> => {
    try {
      return await work(first)
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'server_not_running') throw error
      return await work(second).catch(() => {
        throw error
      })
    }
  }
  return {
    url: first.url,
    call: (method, path, body) => ask((client) => client.call(method, path, body)),
    stream: (path) => ask((client) => client.stream(path)),
  }
}

/** An address for all interfaces is reached on the loopback one. */
export const reachableHost = (host: string): string => {
  const bare = host.replace(/^\[|\]$/g, '')
  if (bare === '0.0.0.0' || bare === '') return '127.0.0.1'
  if (bare === '::') return '[::1]'
  return bare.includes(':') ? `[${bare}]` : bare
}

const remoteClient = (text: string, { env }: CliContext): AdminClient => {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new GatewayError('gateway_request_invalid', '--url must be an http or https address')
  }
  const token = env['TGW_ADMIN_TOKEN'] ?? ''
  if (token === '') {
    throw new GatewayError(
      'gateway_admin_token_invalid',
      'set TGW_ADMIN_TOKEN to the admin token of the server at --url',
    )
  }
  return adminClient(`${url.origin}${url.pathname.replace(/\/+$/, '')}`, token, { trusted: false })
}

const adminClient = (url: string, token: string, { trusted }: { readonly trusted: boolean }): AdminClient => {
  const request = (path: string, init: object) =>
    ask(`${url}/api/v1${path}`, {
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        'content-type': 'application/json',
      },
      // A proxy of the environment has no business between a machine and itself.
      ...(trusted ? { proxy: false, tls: { rejectUnauthorized: false } } : {}),
      ...init,
    })
  return {
    url,
    async call(method, path, body) {
      const answer = await request(path, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      })
      const value = await answer.json().catch(() => undefined)
      if (answer.ok && value !== undefined) return value
      throw serverError(url, answer.status, value)
    },
    async stream(path) {
      const answer = await request(path, { method: 'GET' })
      if (answer.ok && answer.body !== null) return answer.body
      throw serverError(url, answer.status, await answer.json().catch(() => undefined))
    },
  }
}

const ask = async (url: string, init: object): Promise<Response> => {
  try {
    return await fetch(url, init)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer'
    throw new GatewayError(
      'server_not_running',
      `the server at ${new URL(url).origin} cannot be reached (${code})`,
      {
        cause: error,
      },
    )
  }
}

const serverError = (url: string, status: number, value: unknown): GatewayError => {
  const error = member(value, 'error')
  const code = member(error, 'code')
  const message = member(error, 'message')
  if (isErrorCode(code) && typeof message === 'string') return new GatewayError(code, message)
  return new GatewayError(
    'gateway_upstream_invalid',
    `${url} answered ${status}, not as the admin API of a Tollgate does`,
  )
}

const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(errorTable, code)

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
