import { GatewayError } from '../errors.ts'

/** An amount of money: integer nano-US-dollars. 1 USD = 1,000,000,000. JSON carries it as a decimal string. */
export type NanoUsd = bigint

const fractionDigits = 9
const nanoPerUsd = 10n ** BigInt(fractionDigits)
/** Both databases keep amounts in signed 64-bit integers. */
const largest = 2n ** 63n - 1n
const longestText = 64

/**
 * Reads an amount of US dollars: a plain decimal string (`"12"`, `"0.075"`), or a number as JSON or YAML gave it,
 * whose shortest decimal spelling counts (`0.1` is exactly 0.1). Digits beyond nano-dollars are rounded half up.
 * Throws `gateway_request_invalid` for anything else: signs, exponents in strings, spaces, separators, infinities,
 * negative amounts, and amounts that do not fit 64 bits (about 9.2 billion dollars).
 */
export const parseUsd = (text: string | number): NanoUsd => {
  const plain = typeof text === 'number' ? spellOut(text) : text.slice(0, longestText + 1)
  if (plain === undefined || plain.length > longestText) throw notAnAmount(text)
  const [, whole, fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(plain) ?? []
  if (whole === undefined) throw notAnAmount(text)
  const kept = BigInt(whole + fraction.slice(0, fractionDigits).padEnd(fractionDigits, '0'))
  const nano = (fraction[fractionDigits] ?? '0') >= '5' ? kept + 1n : kept
  if (nano > largest) throw notAnAmount(text)
  return nano
}

/**
 * Writes an amount of US dollars as an exact decimal. One rule: at least two fraction digits, at most nine, and no
 * trailing zero beyond the second (`"12.50"`, `"0.00"`, `"0.123456789"`). Corrections may be negative (`"-0.25"`).
 */
export const formatUsd = (nano: NanoUsd): string => {
  const size = nano < 0n ? -nano : nano
  const fraction = (size % nanoPerUsd).toString().padStart(fractionDigits, '0')
  const trimmed = fraction.replace(/0+$/, '').padEnd(2, '0')
  return `${nano < 0n ? '-' : ''}${size / nanoPerUsd}.${trimmed}`
}

/** Turns JavaScript's spelling of a number into a plain decimal; it writes exponents below 1e-6 and from 1e21 on. */
const spellOut = (value: number): string | undefined => {
  const [, whole, fraction = '', exponent = '0'] =
    /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? []
  if (whole === undefined) return undefined
  const shift = Number(exponent)
  if (shift < -fractionDigits - 1) return '0'
  if (shift < 0) return `0.${'0'.repeat(-shift - whole.length)}${whole}${fraction}`
  if (shift > 0) return whole + fraction.padEnd(shift, '0')
  return fraction === '' ? whole : `${whole}.${fraction}`
}

const notAnAmount = (text: string | number): GatewayError =>
  new GatewayError(
    'gateway_request_invalid',
    `${JSON.stringify(String(text).slice(0, longestText))} is not an amount of US dollars: write a decimal like "0.075"`,
  )
