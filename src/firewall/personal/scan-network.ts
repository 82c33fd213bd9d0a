import { isIP } from 'node:net'
import { asciiOf, type Candidate, isDigit, isWordByte } from './candidate.ts'
import { isExampleAddressOfHost } from './known-examples.ts'

export interface NetworkOptions {
  readonly isExampleReported: boolean
}

/** Addresses of hosts or of network cards in a folded text: a pass of its own, as both are off by default. */
export type ScanNetwork = (bytes: Uint8Array, length: number) => readonly Candidate[]

/** The longest textual form of an IPv6 address. */
const longestAddress = 45

const isAddressByte = (byte: number | undefined): boolean =>
  byte !== undefined &&
  ((byte >= 0x30 && byte <= 0x3a) ||
    (byte >= 0x41 && byte <= 0x46) ||
    (byte >= 0x61 && byte <= 0x66) ||
    byte === 0x2e)

/** IPv4 and IPv6, private ones too; documentation, loopback and unspecified addresses only where examples are reported. */
export const createIpScanner =
  ({ isExampleReported }: NetworkOptions): ScanNetwork =>
  (bytes, length) => {
    const found: Candidate[] = []
    for (let place = 0; place < length; place++) {
      if (!isAddressByte(bytes[place])) continue
      let end = place
      while (end < length && isAddressByte(bytes[end])) end++
      const span = end - place <= longestAddress * 2 ? addressIn(bytes, place, end) : undefined
      if (span !== undefined) {
        const address = asciiOf(bytes, span.start, span.end)
        if (isExampleReported || !isExampleAddressOfHost(address)) {
          const zone = suffixEnd(bytes, length, span.end, address)
          found.push({
            type: 'IP_ADDRESS',
            rule: 'ip',
            start: span.start,
            end: zone,
            confidence: 0.8,
            score: 100,
          })
        }
      }
      place = end
    }
    return found
  }

interface Span {
  readonly start: number
  readonly end: number
}

/** What is an address in a run of hexadecimal digits, colons and dots. */
const addressIn = (bytes: Uint8Array, from: number, to: number): Span | undefined => {
  let end = to
  while (end > from && bytes[end - 1] === 0x2e) end--
  if (bytes[end - 1] === 0x3a && bytes[end - 2] !== 0x3a) end--
  const isTouched = isWordByte(bytes[from - 1])
  const text = asciiOf(bytes, from, end)
  if (!isTouched && !isWordByte(bytes[end]) && isIP(text) !== 0) return { start: from, end }
  // host:port, a list that a label precedes, an IPv4 address at the end of something else
  const quad = /(?:^|[^\d.])((?:\d{1,3}\.){3}\d{1,3})(?=$|[.:]|[^\d.])/.exec(text)
  if (quad?.[1] === undefined) return undefined
  const start = from + quad.index + quad[0].length - quad[1].length
  const stop = start + quad[1].length
  const isWhole = !(start === from && isTouched) && !(stop === end && isWordByte(bytes[end]))
  return isWhole && isIP(quad[1]) === 4 ? { start, end: stop } : undefined
}

/** What belongs to the address after it: `/24` of a network, `%eth0` of a link-local address. */
const suffixEnd = (bytes: Uint8Array, length: number, end: number, address: string): number => {
  let stop = end + 1
  if (bytes[end] === 0x2f) {
    while (stop < length && isDigit(bytes[stop])) stop++
    const bits = stop > end + 1 ? Number(asciiOf(bytes, end + 1, stop)) : Number.NaN
    return bits <= (address.includes(':') ? 128 : 32) && !isWordByte(bytes[stop]) ? stop : end
  }
  if (bytes[end] !== 0x25 || !/^fe80:/i.test(address)) return end
  while (stop < length && isWordByte(bytes[stop])) stop++
  return stop > end + 1 ? stop : end
}

const hexadecimal = (byte: number | undefined): boolean =>
  byte !== undefined &&
  ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66))

/** IEEE 802: six pairs with `:` or `-`, or three groups of four with dots. */
export const createMacScanner =
  ({ isExampleReported }: NetworkOptions): ScanNetwork =>
  (bytes, length) => {
    const found: Candidate[] = []
    for (let place = 0; place < length; place++) {
      if (!hexadecimal(bytes[place])) continue
      let end = place
      while (end < length && hexadecimal(bytes[end])) end++
      const size = end - place
      const sign = bytes[end]
      const isPairs = size === 2 && (sign === 0x3a || sign === 0x2d)
      const isQuads = size === 4 && sign === 0x2e
      const stop = isPairs ? place + 17 : place + 14
      if ((isPairs || isQuads) && isMac(bytes, length, place, stop, size, sign ?? 0)) {
        const digits = asciiOf(bytes, place, stop).replace(/[^0-9a-f]/gi, '')
        if (!/^(?:0+|f+)$/i.test(digits) || isExampleReported) {
          if (!/^0+$/.test(digits)) {
            found.push({
              type: 'MAC_ADDRESS',
              rule: 'mac',
              start: place,
              end: stop,
              confidence: 0.9,
              score: 100,
            })
          }
          end = stop
        }
      }
      place = end
    }
    return found
  }

const isMac = (
  bytes: Uint8Array,
  length: number,
  start: number,
  end: number,
  size: number,
  sign: number,
): boolean => {
  if (end > length || isWordByte(bytes[start - 1]) || isWordByte(bytes[end])) return false
  if (bytes[start - 1] === sign || (bytes[end] === sign && isWordByte(bytes[end + 1]))) return false
  for (let place = start; place < end; place++) {
    const isSign = (place - start) % (size + 1) === size
    if (isSign ? bytes[place] !== sign : !hexadecimal(bytes[place])) return false
  }
  return true
}
