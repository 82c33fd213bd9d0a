import { connect } from 'node:net'
import { formatVaultReference } from '../../accounts/index.ts'
import type { SealedKey } from '../../cli-actions.ts'
import type { Environment } from '../../config/index.ts'
import {
  noKey,
  type ProviderSettings,
  providerKeys,
  providerKeyVariables,
  usableProviders,
} from '../../providers/index.ts'
import type { Settings } from '../../settings.ts'
import { providerOrigin, wantsKey } from '../provider-address.ts'
import { vaultFault } from '../vault-fault.ts'
import { type Finding, fine, remark, wrong } from './finding.ts'
import { proxyFor } from './proxy.ts'

/** Each provider that is on: has it what it takes, and does its address answer? No call is made that costs. */
export const checkProviders = async (
  settings: Settings,
  env: Environment,
  sealed: readonly SealedKey[] | undefined,
): Promise<readonly Finding[]> => {
  const held = new Set((sealed ?? []).map(({ provider }) => provider))
  const usable = Object.entries(usableProviders(settings.providers, env, held)).filter(
    ([, { kind }]) => kind !== 'loopback',
  )
  if (usable.length === 0) {
    const fix = 'set OPENAI_API_KEY or ANTHROPIC_API_KEY, or run `tgw credentials add openai`'
    return [remark('providers', 'none is configured, only `loopback` answers', fix)]
  }
  return Promise.all(usable.map(([name, provider]) => checkProvider(name, provider, env, sealed)))
}

const checkProvider = async (
  name: string,
  provider: ProviderSettings,
  env: Environment,
  sealed: readonly SealedKey[] | undefined,
): Promise<Finding> => {
  const check = `provider ${name}`
  const origin = providerOrigin(provider)
  if (origin === undefined) return wrong(check, 'has no address', `set providers.${name}.base_url`)
  const keys = providerKeys(provider)
  const unnamed = (sealed ?? []).filter(
    (one) =>
      one.provider === name &&
      one.origin === origin &&
      !keys.includes(formatVaultReference({ provider: name, label: one.label })),
  )
  const count = keys.length + (provider.api_key === noKey ? 0 : unnamed.length)
  if (count === 0 && wantsKey(provider)) {
    const variable = providerKeyVariables[provider.kind]?.[0]
    const fix = `${variable === undefined ? '' : `set ${variable}, or `}run \`tgw credentials add ${name}\``
    return wrong(check, 'has no key', fix)
  }
  const fault = sealed === undefined ? undefined : vaultFault(provider, sealed)
  if (fault !== undefined) return wrong(check, fault, `run \`tgw config set providers.${name}.api_key -\``)
  const { hostname, port, protocol } = new URL(origin)
  const proxy = proxyFor(new URL(origin), env)
  const target = proxy ?? { hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) }
  const unreachable = await tcpFault(target.hostname.replace(/^\[|\]$/g, ''), target.port)
  const where = proxy === undefined ? origin : `the proxy ${proxy.hostname}:${proxy.port} to ${origin}`
  const keysText = count === 0 ? 'no key' : count === 1 ? 'one key' : `${count} keys`
  if (unreachable === undefined) return fine(check, `${keysText}, ${where} answers`)
  return wrong(
    check,
    `${where} cannot be reached (${unreachable})`,
    fixFor(name, unreachable, proxy !== undefined),
  )
}

const fixFor = (name: string, fault: string, proxied: boolean): string => {
  if (proxied) return 'check the proxy variables, or name the provider in NO_PROXY'
  if (fault === 'ENOTFOUND' || fault === 'EAI_AGAIN')
    return `check the network, DNS and providers.${name}.base_url`
  return `check that it runs, the network, and providers.${name}.base_url`
}

/** Opens a connection and closes it; the code of what went wrong, or undefined. */
const tcpFault = (host: string, port: number): Promise<string | undefined> =>
  new Promise((settle) => {
    const socket = connect({ host, port })
    const finish = (fault: string | undefined): void => {
      clearTimeout(timer)
      socket.destroy()
      settle(fault)
    }
    const timer = setTimeout(() => finish('no answer within 5 s'), 5000)
    socket.once('connect', () => finish(undefined))
    socket.once('error', (error) => finish('code' in error ? String(error.code) : 'unknown'))
  })
