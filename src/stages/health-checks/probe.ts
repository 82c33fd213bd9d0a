import type { Credential, Provider } from '../../providers/index.ts'
import type { ProbeResult } from './probe-result.ts'

/**
 * Reads the provider's list of models, or a path at the credential's own origin. Any answer below 500 says that it is
 * there: keys may be too narrow for the list, and not every server has one. Nothing of it is billed.
 */
export const probe = async (
  provider: Provider,
  credential: Credential,
  path: string | undefined,
  signal: AbortSignal,
): Promise<ProbeResult> => {
  const { url, protocol } = path === undefined ? listOf(provider) : at(provider, path, credential.origin)
  if (url.origin !== credential.origin) return 'failed'
  const headers = new Headers({ accept: 'application/json', 'accept-encoding': 'identity' })
  if (protocol === 'anthropic-messages') headers.set('anthropic-version', '2023-06-01')
  provider.authorize(headers, credential, protocol)
  try {
    const response = await fetch(url, { headers, redirect: 'manual', decompress: false, signal })
    await response.body?.cancel()
    return response.status < 500 ? 'ok' : 'failed'
  } catch {
    return signal.aborted ? 'timeout' : 'unreachable'
  }
}

const listOf = (provider: Provider) => {
  const protocol = protocolOf(provider)
  const path = protocol === 'gemini' ? '/v1beta/models' : '/v1/models'
  const query = new URLSearchParams(protocol === 'gemini' ? { pageSize: '1' } : {})
  return { protocol, url: provider.url({ protocol, operation: 'list-models', model: '', path, query }) }
}

const at = (provider: Provider, path: string, origin: string) => ({
  protocol: protocolOf(provider),
  url: new URL(path, origin),
})

/** The first one in which it lists models; Azure's list lies where its Responses do. */
const protocolOf = (provider: Provider) => {
  const generates = provider.speaks('', 'generate')
  const own = provider.kind === 'azure-openai' ? generates : provider.speaks('', 'list-models')
  return own[0] ?? generates[0] ?? provider.speaks('', 'embed')[0] ?? 'openai-chat'
}
