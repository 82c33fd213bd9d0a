import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { compileAddressList, networkFault } from './address-list.ts'

/** The bits of an address as a text of zeros and ones: slow, and plain to see. */
const bitsOf = (groups: readonly number[], width: number): string =>
  groups.map((group) => group.toString(2).padStart(width, '0')).join('')

const byte = fc.integer({ min: 0, max: 255 })
const v4 = fc.tuple(byte, byte, byte, byte)
const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }))
const v6 = fc
  .array(group, { minLength: 8, maxLength: 8 })
  .filter((groups) => groups.slice(0, 5).some((part) => part !== 0))

const v4Text = (bytes: readonly number[]): string => bytes.join('.')
const hex = (groups: readonly number[]): string => groups.map((part) => part.toString(16)).join(':')

/** The longest run of zeros as `::`, as people write it. */
const shortV6 = (groups: readonly number[]): string => {
  const text = hex(groups)
  return [8, 7, 6, 5, 4, 3, 2, 1].reduce((found, count) => {
    if (found !== text) return found
    const zeros = Array.from({ length: count }, () => '0').join(':')
    const at = `:${text}:`.indexOf(`:${zeros}:`)
    if (at < 0) return found
    return `${text.slice(0, Math.max(0, at - 1))}::${text.slice(at + zeros.length + 1)}`
  }, text)
}

/** The first address of the network of so many bits that holds this one. */
const masked = (groups: readonly number[], width: number, length: number): readonly number[] => {
  const bits = bitsOf(groups, width)
    .slice(0, length)
    .padEnd(groups.length * width, '0')
  return groups.map((_, index) => Number.parseInt(bits.slice(index * width, (index + 1) * width), 2))
}

describe('a list of addresses and networks', () => {
  test('agrees with a comparison of bits written out, for IPv4 in every spelling', () => {
    fc.assert(
      fc.property(v4, v4, fc.integer({ min: 0, max: 32 }), fc.boolean(), (network, other, length, near) => {
        // A random address is hardly ever in a random network: so half of them share its first bits.
        const address = near
          ? network.map((part, index) => part ^ (index === 3 ? (other[3] ?? 0) : 0))
          : other
        const first = masked(network, 8, length)
        const expected = bitsOf(first, 8).slice(0, length) === bitsOf(address, 8).slice(0, length)
        const mapped = `::ffff:${v4Text(address)}`
        const asHex = `::ffff:${((address[0] ?? 0) * 256 + (address[1] ?? 0)).toString(16)}:${((address[2] ?? 0) * 256 + (address[3] ?? 0)).toString(16)}`
        for (const written of [`${v4Text(first)}/${length}`, `::ffff:${v4Text(first)}/${96 + length}`]) {
          const admits = compileAddressList([written])
          for (const text of [v4Text(address), mapped, asHex, mapped.toUpperCase()])
            expect(admits(text)).toBe(expected)
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('agrees with a comparison of bits written out, for IPv6 in every spelling', () => {
    fc.assert(
      fc.property(v6, v6, fc.integer({ min: 0, max: 128 }), byte, (network, other, length, flip) => {
        const near = network.map((part, index) => (index === 7 ? part ^ flip : part))
        const first = masked(network, 16, length)
        const isMappedNetwork = first.slice(0, 5).every((part) => part === 0) && length <= 96
        fc.pre(!isMappedNetwork || length === 0)
        for (const address of [near, other]) {
          const expected = bitsOf(first, 16).slice(0, length) === bitsOf(address, 16).slice(0, length)
          for (const written of [`${hex(first)}/${length}`, `${shortV6(first)}/${length}`]) {
            const admits = compileAddressList([written])
            for (const text of [
              hex(address),
              shortV6(address),
              hex(address).toUpperCase(),
              `${hex(address)}%eth0`,
            ])
              expect(admits(text)).toBe(expected)
          }
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('admits everybody without a list, nobody with an empty one', () => {
    expect(compileAddressList(null)('')).toBe(true)
    expect(compileAddressList([])('127.0.0.1')).toBe(false)
  })

  test('takes an address for itself alone', () => {
    const admits = compileAddressList(['10.1.2.3', '2001:db8::1'])
    expect(['10.1.2.3', '::ffff:10.1.2.3', '2001:DB8:0::1'].map(admits)).toEqual([true, true, true])
    expect(['10.1.2.4', '2001:db8::2', '10.1.2.3.4'].map(admits)).toEqual([false, false, false])
  })

  test('keeps IPv4 and IPv6 apart, however wide the network', () => {
    const [four, six] = [compileAddressList(['0.0.0.0/0']), compileAddressList(['::/0'])]
    expect([four('8.8.8.8'), four('::ffff:8.8.8.8'), four('2001:db8::1')]).toEqual([true, true, false])
    expect([six('8.8.8.8'), six('::ffff:8.8.8.8'), six('2001:db8::1'), six('::1')]).toEqual([
      false,
      false,
      true,
      true,
    ])
  })

  test('admits nothing that is no address', () => {
    const admits = compileAddressList(['0.0.0.0/0', '::/0'])
    for (const text of ['', 'localhost', '1.2.3', '01.2.3.4', '1.2.3.4/8', ':::', '%eth0', '127.0.0.1:80'])
      expect(admits(text)).toBe(false)
    fc.assert(fc.property(fc.string(), (text) => typeof admits(text) === 'boolean'))
  })

  test.each([
    ['10.0.0.5/8', 'bits set beyond its prefix'],
    ['2001:db8::1/64', 'bits set beyond its prefix'],
    ['10.0.0.0/33', 'from 0 to 32'],
    ['::/129', 'from 0 to 128'],
    ['10.0.0.0/', 'from 0 to 32'],
    ['10.0.0.0/08x', 'from 0 to 32'],
    ['10.0.0.0/8/8', 'must be an IP address'],
    ['10.0/8', 'must be an IP address'],
    ['localhost', 'must be an IP address'],
    ['fe80::1%eth0', 'must be an IP address'],
    ['::ffff:0:0/90', 'name the IPv4 and the IPv6 network apart'],
    ['', 'must be an IP address'],
  ])('refuses %p', (text, reason) => {
    expect(networkFault(text)).toContain(reason)
    expect(() => compileAddressList([text])).toThrow(RangeError)
  })
})
