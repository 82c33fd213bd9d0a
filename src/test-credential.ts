import type { Secret } from './accounts/index.ts'
import type { CredentialTest } from './admin/index.ts'
import { GatewayError } from './errors.ts'
import type { Provider } from './providers/index.ts'

/** How long a provider may take to answer, in milliseconds. */
const patience = 10_000
/** Of an answer, as far as it says why a key is refused. */
const longestWord = 20_000

/**
 * Asks a provider something that costs nothing with a credential, at the one origin that the credential may go to. The
 * provider's words are not repeated: some quote the key.
 */
export const testCredential = async (
  provider: Provider,
  secret: Secret,
  origin: string,
): Promise<CredentialTest> => {
  const check = provider.credentialCheck?.()
  if (check === undefined) return said('unknown', null, `nothing tells whether ${provider.id} takes it`)
  const { url, protocol } = check
  if (url.origin !== origin) {
    throw new GatewayError(
      'gateway_request_invalid',
      `a credential for ${origin} is not sent to ${url.origin}, where the provider ${provider.id} is`,
      { param: 'origin' },
    )
  }
  const headers = new Headers({
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'tollgate',
    ...check.headers,
  })
  provider.authorize(headers, { id: 'test', origin, reveal: () => secret.reveal() }, protocol)
  try {
    const answer = await fetch(url, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(patience),
    })
    return judge(provider.id, answer.status, await firstWords(answer))
  } catch (error) {
    return said('unreachable', null, `${provider.id} could not be asked (${reasonOf(error)})`)
  }
}

const judge = (provider: string, status: number, body: string): CredentialTest => {
  // Google calls a wrong key a bad request.
  if (refusals.has(status) || (status === 400 && body.includes('API_KEY_INVALID')))
    return said('refused', status, `${provider} refused it (${status})`)
  if (status >= 200 && status < 300) return said('accepted', status, `${provider} takes it`)
  if (status >= 500) return said('unreachable', status, `${provider} answered ${status}`)
  return said('unknown', status, `${provider} answered ${status}, which does not tell`)
}

const refusals: ReadonlySet<number> = new Set([401, 402, 403])

const said = (
  outcome: CredentialTest['outcome'],
  status: number | null,
  message: string,
): CredentialTest => ({
  outcome,
  status,
  message,
})

/** The beginning of the body; the rest is not waited for. */
const firstWords = async ({ body }: Response): Promise<string> => {
  if (body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of body) {
    text += decoder.decode(bytes, { stream: true })
    if (text.length > longestWord) break
  }
  return text
}

/** A code such as `ECONNREFUSED`; the message might hold more than it should. */
const reasonOf = (error: unknown): string => {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${patience / 1000} s`
  return error instanceof Error && 'code' in error ? String(error.code) : 'connection failed'
}
