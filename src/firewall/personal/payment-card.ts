import { isLuhn } from './checksums.ts'
import { type Identifier, type Strength, strength } from './identifier.ts'

/** ISO/IEC 7812 issuer ranges of the networks, with the lengths that each gives out. */
const isCommon = (value: string): boolean => {
  const four = Number(value.slice(0, 4))
  if (value.length === 15) return /^3[47]/.test(value)
  if (value.length !== 16) return false
  return (
    value.startsWith('4') || // Visa
    (four >= 5100 && four <= 5599) || // Mastercard
    (four >= 2221 && four <= 2720) ||
    /^(?:6011|64[4-9]|65)/.test(value) || // Discover
    (four >= 3528 && four <= 3589) || // JCB
    /^(?:62|81)/.test(value) || // UnionPay
    /^220[0-4]/.test(value) || // Mir
    /^9792/.test(value) || // Troy
    /^(?:508[5-9]|60698[5-9]|607|608|353|356)/.test(value) || // RuPay
    /^(?:4011|438935|45763|5041|5066|5067|509|6277|636297|636368|65003)/.test(value) // Elo
  )
}

/** Lengths and ranges that other numbers share: only beside a word. */
const isPossible = (value: string): boolean =>
  (value.length === 13 && value.startsWith('4')) ||
  (value.length === 14 && /^3(?:0[0-5]|09|[689])/.test(value)) || // Diners Club
  (value.length === 15 && value.startsWith('1')) || // UATP
  /^(?:5018|5019|5020|5038|56|57|58|6304|67)/.test(value) || // Maestro, Dankort
  (value.length >= 17 && /^(?:4|62|65|35|60)/.test(value)) ||
  (value.length === 16 && /^3(?:0|[689])/.test(value))

/** Powers of two and limits of number formats that happen to pass the check. */
const constants = new Set(['4503599627370496', '4611686018427387904', '4294967296000000'])

const grade = (value: string): Strength => {
  if (!isLuhn(value) || constants.has(value) || /^(\d)\1*$/.test(value)) return strength.no
  if (isCommon(value)) return strength.strong
  return isPossible(value) ? strength.weak : strength.no
}

/**
 * Card numbers. Those that payment providers publish for tests (`4111 1111 1111 1111`) count too: nothing tells them
 * from others but lists, and whoever tests a firewall tries them first.
 */
export const paymentCard: Identifier = {
  type: 'PAYMENT_CARD',
  templates: [
    '#13',
    '#14',
    '#15',
    '#16',
    '#17',
    '#18',
    '#19',
    '#4~#4~#4~#4',
    '#4~#6~#5',
    '#4~#6~#4',
    '#4~#4~#4~#4~#3',
  ],
  check: grade,
  kinds: ['card'],
  bare: 'any',
}
