/** Values that nobody has, each of its own and with checksums that hold, to be planted where a firewall has to look. */
import { githubToken } from './test-secrets.ts'

export interface Planted {
  readonly token: string
  readonly email: string
  readonly card: string
}

export const plantedValues = (seed: number): Planted => ({
  token: githubToken(`canary ${seed}`),
  email: `canary.${letters(seed)}@fjordmail.se`,
  card: cardNumber(seed),
})

/** All of them as a sentence. */
export const plantedText = ({ token, email, card }: Planted): string =>
  ` see ${token} or ask ${email}, card ${card} `

const letters = (seed: number): string =>
  [...seed.toString(26).padStart(6, '0')].map((digit) => alphabet[Number.parseInt(digit, 26)]).join('')

const alphabet = 'bdfghjklmnprstvwzaeiouycqx'

/** A number in a range of Visa's with Luhn's check digit. */
const cardNumber = (seed: number): string => {
  const scattered = (BigInt(seed) * 7_368_787n + 13_579n) % 10_000_000_000n
  const body = `45392${scattered.toString().padStart(10, '0')}`
  let sum = 0
  for (const [place, digit] of [...body].reverse().entries()) {
    const value = Number(digit) * (place % 2 === 0 ? 2 : 1)
    sum += value > 9 ? value - 9 : value
  }
  return `${body}${(10 - (sum % 10)) % 10}`
}
