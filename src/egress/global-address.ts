import { isIP, isIPv4 } from 'node:net'

/**
 * Is this IP address one of the public internet? Private, local, multicast, documentation and translation ranges are
 * not, and neither is what is no address. Source: IANA special-purpose address registries, 2025-10-09.
 */
export const isGlobalAddress = (address: string): boolean => {
  const plain = address.replace(/%.*$/, '')
  switch (isIP(plain)) {
    case 4:
      return isGlobalV4(plain)
    case 6:
      return isGlobalV6(plain)
    default:
      return false
  }
}

/** First address and length of the prefix. */
const closedV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Multicast, reserved, broadcast.
  ['224.0.0.0', 3],
]

const isGlobalV4 = (address: string): boolean => {
  const value = numberOfV4(address)
  return !closedV4.some(([first, length]) => {
    const size = 2 ** (32 - length)
    return Math.floor(value / size) === Math.floor(numberOfV4(first) / size)
  })
}

const numberOfV4 = (address: string): number =>
  address.split('.').reduce((value, part) => value * 256 + Number(part), 0)

/** Ranges within the only block that is global, 2000::/3, and are not. */
const closedV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4: another address inside.
  ['2002::', 16],
  ['3fff::', 20],
]

const isGlobalV6 = (address: string): boolean => {
  const value = numberOfV6(address)
  if (value >> 125n !== 1n) return false
  return !closedV6.some(([first, length]) => {
    const shift = BigInt(128 - length)
    return value >> shift === numberOfV6(first) >> shift
  })
}

const numberOfV6 = (address: string): bigint => {
  const [head = '', tail] = address.split('::')
  const left = groupsOf(head)
  const right = tail === undefined ? [] : groupsOf(tail)
  const gap = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array.from({ length: gap }, () => 0), ...right]
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n)
}

const groupsOf = (text: string): readonly number[] =>
  text === ''
    ? []
    : text.split(':').flatMap((group) => {
        if (!isIPv4(group)) return [Number.parseInt(group, 16)]
        const value = numberOfV4(group)
        return [Math.floor(value / 65_536), value % 65_536]
      })
