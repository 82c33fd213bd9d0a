import { GatewayError } from '../../errors.ts'
import type { CanonicalError, Operation } from '../../ir/index.ts'
import type { AttemptExchange } from '../attempts/index.ts'
import type { HttpCall } from './send-http.ts'

/**
 * Redirects are not followed, and a refused credential of ours is not the client's fault.
 * @throws GatewayError `gateway_upstream_redirect`, `gateway_upstream_credentials_exhausted`
 */
export const refuseUnusable = (call: HttpCall, provider: string): void => {
  const { status } = call.response
  if (status >= 300 && status < 400) {
    drop(call)
    throw new GatewayError(
      'gateway_upstream_redirect',
      `the provider ${provider} answered with a redirect, check its base_url`,
    )
  }
  if (status === 401 || status === 402 || status === 403) {
    drop(call)
    throw credentialRefused(provider, `status ${status}`)
  }
}

/**
 * Some refuse a credential with a status that elsewhere is the client's fault: Gemini says 400 to a bad key, and
 * Anthropic to an empty account.
 * @throws GatewayError `gateway_upstream_credentials_exhausted`
 */
export const refuseBadCredential = ({ kind, code, type }: CanonicalError, provider: string): void => {
  if (kind === 'bad_key' || kind === 'payment') throw credentialRefused(provider, code ?? type ?? kind)
}

/** @param said how the provider refused it */
const credentialRefused = (provider: string, said: string): GatewayError =>
  new GatewayError(
    'gateway_upstream_credentials_exhausted',
    `your key is fine, but the provider ${provider} refused the gateway's own credential (${said})`,
  )

/**
 * A success that is no JSON is none: the page of a proxy in between, or half an answer. Nobody can read it, and
 * another upstream may do better.
 * @throws GatewayError `gateway_upstream_invalid`
 */
export const refuseNonsense = ({ operation, attempt }: AttemptExchange, body: Uint8Array): void => {
  if (!answeredInJson.has(operation) || isJson(body)) return
  throw new GatewayError(
    'gateway_upstream_invalid',
    `the provider ${attempt.target.provider.id} answered with something that is not JSON`,
    { wasSent: true },
  )
}

const answeredInJson: ReadonlySet<Operation> = new Set<Operation>([
  'generate',
  'count-tokens',
  'embed',
  'compact-response',
])

const isJson = (body: Uint8Array): boolean => {
  try {
    JSON.parse(new TextDecoder().decode(body))
    return true
  } catch {
    return false
  }
}

const drop = (call: HttpCall): void => {
  call.abort()
  call.finished()
}
