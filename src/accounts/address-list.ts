import { isIP } from 'node:net'

/** Tells whether an IP address is on a list; made once per list by `compileAddressList`. */
export type AddressTest = (address: string) => boolean

/** A network: `length` leading bits of `first` count. */
interface Network {
  readonly family: 4 | 6
  readonly first: bigint
  readonly length: number
}

/**
 * Compiles addresses (`10.1.2.3`) and networks (`10.0.0.0/8`, `2001:db8::/32`); `null` admits everybody, an empty list
 * nobody. An IPv4 address that comes as IPv6 (`::ffff:10.1.2.3`) is that IPv4 address, in the list and out of it; so
 * `::/0` is all of IPv6 and nothing of IPv4. What is no address is never admitted. Throws for what `isNetwork` refuses.
 */
export const compileAddressList = (list: readonly string[] | null): AddressTest => {
  if (list === null) return () => true
  const networks = list.map((text) => {
    const network = parseNetwork(text)
    if (typeof network === 'string') throw new RangeError(`${text}: ${network}`)
    return network
  })
  return (address) => {
    const found = parseAddress(withoutZone(address))
    return found !== undefined && networks.some((network) => holds(network, found))
  }
}

/** Why a text is neither an address nor a network; undefined when it is one. */
export const networkFault = (text: string): string | undefined => {
  const network = parseNetwork(text)
  return typeof network === 'string' ? network : undefined
}

const holds = ({ family, first, length }: Network, address: Network): boolean => {
  if (family !== address.family) return false
  const rest = BigInt(widthOf(family) - length)
  return address.first >> rest === first >> rest
}

const parseNetwork = (text: string): Network | string => {
  const [address = '', length, ...more] = text.split('/')
  const found = more.length === 0 ? parseAddress(address) : undefined
  if (found === undefined) return 'must be an IP address or a network such as 10.0.0.0/8 or 2001:db8::/32'
  if (length === undefined) return found
  const written = isIP(address) === 6 ? 128 : 32
  if (!/^\d{1,3}$/.test(length) || Number(length) > written) return `its prefix must be from 0 to ${written}`
  const bits = Number(length) - (written - found.length)
  // A network that begins before the IPv4 addresses within IPv6 would be both.
  if (bits < 0) return 'holds IPv4 addresses among others: name the IPv4 and the IPv6 network apart'
  const rest = BigInt(found.length - bits)
  if ((found.first >> rest) << rest !== found.first) return 'has bits set beyond its prefix'
  return { family: found.family, first: found.first, length: bits }
}

/** One address, as the network that holds only it. */
const parseAddress = (text: string): Network | undefined => {
  switch (isIP(text)) {
    case 4:
      return { family: 4, first: v4Bits(text), length: 32 }
    case 6: {
      // A zone (`fe80::1%eth0`) means something on one machine only.
      if (text.includes('%')) return undefined
      const bits = v6Bits(text)
      return bits >> 32n === mapped
        ? { family: 4, first: bits & 0xffff_ffffn, length: 32 }
        : { family: 6, first: bits, length: 128 }
    }
    default:
      return undefined
  }
}

/** `::ffff:0:0/96` without its last 32 bits: where IPv4 lies within IPv6 (RFC 4291, 2.5.5.2). */
const mapped = 0xffffn

const widthOf = (family: 4 | 6): number => (family === 4 ? 32 : 128)

/** Of a peer: which of this machine's interfaces it came in at is no part of who it is. */
const withoutZone = (address: string): string => {
  const zone = address.indexOf('%')
  return zone < 0 ? address : address.slice(0, zone)
}

const v4Bits = (text: string): bigint =>
  text.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n)

const v6Bits = (text: string): bigint => {
  const [head = '', tail] = text.split('::')
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  const missing = Array.from({ length: 8 - before.length - after.length }, () => 0n)
  return [...before, ...missing, ...after].reduce((bits, group) => (bits << 16n) | group, 0n)
}

/** Of one side of the `::`; the last group may be an IPv4 address, which is two. */
const groups = (text: string): readonly bigint[] =>
  text === ''
    ? []
    : text.split(':').flatMap((group) => {
        if (!group.includes('.')) return [BigInt(`0x${group}`)]
        const bits = v4Bits(group)
        return [bits >> 16n, bits & 0xffffn]
      })
