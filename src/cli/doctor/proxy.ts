import type { Environment } from '../../config/index.ts'
import { type Finding, fine, remark, wrong } from './finding.ts'

export interface ProxyAddress {
  readonly hostname: string
  readonly port: number
}

/** The proxy that calls to a provider go through; undefined for none. */
export const proxyFor = (url: URL, env: Environment): ProxyAddress | undefined => {
  const named = url.protocol === 'https:' ? read(env, 'https_proxy') : read(env, 'http_proxy')
  if (named === undefined || isExempt(url, read(env, 'no_proxy') ?? '')) return undefined
  const proxy = URL.parse(named.includes('://') ? named : `http://${named}`)
  if (proxy === null) return undefined
  return { hostname: proxy.hostname, port: Number(proxy.port || (proxy.protocol === 'https:' ? 443 : 80)) }
}

/** Proxy variables count for calls to providers, those on this machine included. */
export const checkProxy = (env: Environment): readonly Finding[] => {
  const set = ['https_proxy', 'http_proxy'].filter((name) => read(env, name) !== undefined)
  if (set.length === 0) return [fine('proxy', 'none')]
  const broken = set.find((name) => {
    const text = read(env, name) ?? ''
    return URL.parse(text.includes('://') ? text : `http://${text}`) === null
  })
  if (broken !== undefined)
    return [wrong('proxy', `${broken.toUpperCase()} is not an address`, 'give it as http://host:port')]
  const names = set.map((name) => name.toUpperCase()).join(' and ')
  const local = ['127.0.0.1', 'localhost'].every((host) =>
    isExempt(new URL(`http://${host}`), read(env, 'no_proxy') ?? ''),
  )
  return [
    local
      ? fine('proxy', `${names}, not for this machine`)
      : remark(
          'proxy',
          `${names} counts for providers on this machine too`,
          'set NO_PROXY=127.0.0.1,localhost,::1',
        ),
  ]
}

const read = (env: Environment, name: string): string | undefined => {
  const value = env[name] ?? env[name.toUpperCase()]
  return value === undefined || value === '' ? undefined : value
}

const isExempt = ({ hostname }: URL, list: string): boolean =>
  list
    .split(',')
    .map((entry) =>
      entry
        .trim()
        .replace(/^\*?\./, '')
        .replace(/:\d+$/, ''),
    )
    .some((entry) => entry !== '' && (entry === '*' || hostname === entry || hostname.endsWith(`.${entry}`)))
