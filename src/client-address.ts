import { BlockList, isIP } from 'node:net'

/**
 * Who the client is: the peer, or, when the peer is a proxy that the operator trusts, the last address before it that
 * is no trusted proxy itself. Without trusted proxies forwarded headers are ignored: anybody can write them.
 */
export const clientAddress = (peer: string, headers: Headers, trustedProxies: readonly string[]): string => {
  if (trustedProxies.length === 0) return peer
  const trusted = blockList(trustedProxies)
  if (!contains(trusted, peer)) return peer
  const hops = (headers.get('x-forwarded-for') ?? '').split(',').map((hop) => hop.trim())
  for (const hop of hops.reverse()) {
    if (isIP(hop) === 0) break
    if (!contains(trusted, hop)) return hop
  }
  return peer
}

/** Did the request come by HTTPS, to us or to a proxy that the operator trusts and that says so? */
export const isHttps = (request: Request, peer: string, trustedProxies: readonly string[]): boolean => {
  if (request.url.startsWith('https:')) return true
  if (trustedProxies.length === 0 || !contains(blockList(trustedProxies), peer)) return false
  const said = (request.headers.get('x-forwarded-proto') ?? '').split(',').at(-1) ?? ''
  return said.trim().toLowerCase() === 'https'
}

const lists = new WeakMap<readonly string[], BlockList>()

const blockList = (cidrs: readonly string[]): BlockList => {
  const known = lists.get(cidrs)
  if (known !== undefined) return known
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    list.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
  }
  lists.set(cidrs, list)
  return list
}

const contains = (list: BlockList, address: string): boolean => {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '')
  const family = isIP(plain)
  return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4')
}
