import type { Detector, Finding } from '../finding.ts'
import { type Candidate, isAlphanumeric, isDigit, isLetter } from './candidate.ts'
import { type ContextReader, createContextWords, type Surroundings } from './context.ts'
import { createFolder, type FoldedText } from './fold-text.ts'
import type { Identifier } from './identifier.ts'
import { identifiers as countryIdentifiers } from './identifiers/index.ts'
import { paymentCard } from './payment-card.ts'
import { createPhonePlans } from './phone-plans.ts'
import { scanDate } from './scan-birth-date.ts'
import { createCryptoScanner } from './scan-crypto.ts'
import { createEmailScanner } from './scan-email.ts'
import { scanIban } from './scan-iban.ts'
import { createIdentifierScanner } from './scan-identifiers.ts'
import { createIpScanner, createMacScanner, type ScanNetwork } from './scan-network.ts'
import { createPhoneScanner } from './scan-phone.ts'

export interface PersonalOptions {
  /** Only these types are looked for. Default: all but `IP_ADDRESS` and `MAC_ADDRESS`. */
  readonly types?: readonly string[]
  /** These too, beside the default ones: `IP_ADDRESS`, `MAC_ADDRESS`. */
  readonly alsoTypes?: readonly string[]
  /**
   * Types whose values are believed without a context word beside them: for texts that are known to hold them, such as
   * a column of tax numbers. In code this finds numbers that are none.
   */
  readonly bareTypes?: readonly string[]
  /** Countries (ISO 3166) whose national phone numbers are tried whatever the language of the words near them. */
  readonly regions?: readonly string[]
  /** Finds values that only documents and tests hold as well: `user@example.com`, 555-01xx, 192.0.2.1, 123-45-6789. */
  readonly isExampleReported?: boolean
}

const standaloneTypes = [
  'EMAIL',
  'PHONE',
  'IBAN',
  'CRYPTO_ADDRESS',
  'BIRTH_DATE',
  'IP_ADDRESS',
  'MAC_ADDRESS',
] as const
const optionalTypes: readonly string[] = ['IP_ADDRESS', 'MAC_ADDRESS']

const allIdentifiers: readonly Identifier[] = [paymentCard, ...countryIdentifiers]

/** Every type of personal data that this detector knows. */
export const personalTypes: readonly string[] = [
  ...standaloneTypes,
  ...allIdentifiers.map(({ type }) => type),
]

/** Tokens longer than this hold no value but their ends: bodies of base64, hashes, long runs of digits. */
const longestToken = 90

/** What a byte may begin: nothing, a token with a digit in it, an address. */
const digitByte = 1
const atByte = 2
/** Ends the search after the text; inside a text it is passed over. */
const endByte = 3

/**
 * Finds structured personal data: numbers and addresses that follow rules, in any script and language. Names and
 * places do not, and are left to external recognisers.
 *
 * One pass over the text stops at digits and at signs only; what is read from there is bounded, and words around a
 * value are looked for in pieces of the text that are read once, so that time is linear in any text.
 */
export const createPersonalDetector = (options: PersonalOptions = {}): Detector => {
  const {
    isExampleReported = false,
    bareTypes = [],
    regions = ['US', 'GB', 'DE', 'FR', 'IN', 'CN', 'JP', 'BR'],
  } = options
  const wanted = new Set(
    options.types ?? [
      ...personalTypes.filter((type) => !optionalTypes.includes(type)),
      ...(options.alsoTypes ?? []),
    ],
  )
  const bare = new Set(bareTypes)
  const identifiers = allIdentifiers.filter(({ type }) => wanted.has(type))
  // What takes long to build is built by the first text that needs it.
  const words = once(() => createContextWords(allIdentifiers))
  const fold = createFolder()
  const scanEmail = createEmailScanner({ isExampleReported })
  const scanIdentifiers = once(() =>
    createIdentifierScanner({ identifiers, isExampleReported, isBare: (type) => bare.has(type) }),
  )
  const scanPhone = createPhoneScanner({
    plans: createPhonePlans(),
    countriesOf: (language) => words().countries.get(language) ?? [],
    regions,
    isExampleReported,
    isBare: bare.has('PHONE'),
  })
  const scanCrypto = createCryptoScanner()
  const network: readonly ScanNetwork[] = [
    ...(wanted.has('IP_ADDRESS') ? [createIpScanner({ isExampleReported })] : []),
    ...(wanted.has('MAC_ADDRESS') ? [createMacScanner({ isExampleReported })] : []),
  ]
  const hasEmail = wanted.has('EMAIL')
  const hasPhone = wanted.has('PHONE')
  const hasIban = wanted.has('IBAN')
  const hasCrypto = wanted.has('CRYPTO_ADDRESS')
  const hasBirthDate = wanted.has('BIRTH_DATE')
  const kindOf = new Uint8Array(256)
  kindOf.fill(digitByte, 0x30, 0x3a)
  kindOf[0x40] = atByte
  kindOf[0] = endByte

  const scanFolded = (text: string, folded: FoldedText): Candidate[] => {
    const { bytes, length, startOf, endOf } = folded
    const found: Candidate[] = []
    let reader: ContextReader | undefined
    const around = (start: number, end: number): Surroundings | undefined => {
      reader ??= words().open(text)
      return reader.around(startOf(start), endOf(end))
    }
    let floor = 0
    const take = (candidate: Candidate): number => {
      found.push(candidate)
      floor = candidate.end
      return candidate.end
    }

    const readBirthDate = (start: number, size: number): Candidate | undefined => {
      const date = scanDate(bytes, length, start, size, floor)
      if (date === undefined) return undefined
      const score = around(date.start, date.end)?.near('birthDate') ?? 0
      if (score === 0) return undefined
      const from = followsEra(text, startOf(date.start)) ? date.start - 2 : date.start
      return {
        type: 'BIRTH_DATE',
        rule: 'birth-date',
        start: from,
        end: date.end,
        confidence: 0.85,
        score: score + 15,
      }
    }

    /** @returns where to go on */
    const readToken = (place: number): number => {
      let start = place
      while (start > floor && isLetter(bytes[start - 1])) start--
      let end = place + 1
      while (end < length && isAlphanumeric(bytes[end])) end++
      const size = end - start
      if (size > longestToken) return end
      const isJoinedAhead = mayContinue(bytes, end)
      if (size < 5 && !isJoinedAhead) return end
      let best: Candidate | undefined
      const consider = (candidate: Candidate | undefined): void => {
        if (candidate === undefined) return
        if (best === undefined || candidate.score > best.score) best = candidate
      }
      if (hasIban && place - start === 2 && size <= 34) consider(scanIban(bytes, length, start))
      if (hasCrypto && size >= 26) {
        consider(scanCrypto(bytes, start, end, () => (around(start, end)?.near('crypto') ?? 0) > 0))
      }
      if (size <= 30) {
        consider(scanIdentifiers()({ bytes, length, start, around }))
        const earlier = start === place ? groupBefore(bytes, start, floor) : start
        if (earlier !== start) consider(scanIdentifiers()({ bytes, length, start: earlier, around }))
        if (start === place) {
          if (hasPhone && size <= 15 && (size >= 6 || isJoinedAhead)) {
            consider(scanPhone({ bytes, length, place, floor, around }))
          }
          if (hasBirthDate) {
            let digits = 1
            while (digits <= 8 && isDigit(bytes[place + digits])) digits++
            consider(readBirthDate(place, digits))
          }
        }
      }
      return best === undefined ? end : take(best)
    }

    for (let place = nextOf(kindOf, bytes, 0); place < length; place = nextOf(kindOf, bytes, place)) {
      if (kindOf[bytes[place] ?? 0] === digitByte) {
        place = readToken(place)
        continue
      }
      const candidate = hasEmail && bytes[place] === 0x40 ? scanEmail(bytes, length, place, floor) : undefined
      place = candidate === undefined ? place + 1 : take(candidate)
    }
    return found
  }

  return {
    id: 'personal',
    scan: (text) => {
      const folded = fold(text)
      const candidates = scanFolded(text, folded)
      if (network.length > 0) {
        const added = network.flatMap((scan) => scan(folded.bytes, folded.length))
        return apart([...candidates, ...added]).map((candidate) => findingOf(candidate, folded))
      }
      return candidates.map((candidate) => findingOf(candidate, folded))
    },
  }
}

/** The next place where something may begin; the zeros after the text end the search. A loop of its own: it is the hot one. */
const nextOf = (kindOf: Uint8Array, bytes: Uint8Array, from: number): number => {
  let place = from
  while (kindOf[bytes[place] as number] === 0) place++
  return place
}

const once = <Value>(make: () => Value): (() => Value) => {
  let made: { readonly value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** Signs inside values (`- . / : , ( ) +`, spaces), and all that is not ASCII: names of months, signs of dates. */
const continuing = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 || ' -./:,()+'.includes(String.fromCharCode(byte)) ? 1 : 0,
)

/** After a token: a sign, and then something that may belong to the same value. */
const mayContinue = (bytes: Uint8Array, end: number): boolean => {
  if (continuing[bytes[end] ?? 0] !== 1) return false
  const next = bytes[end + 1] ?? 0
  return isAlphanumeric(next) || continuing[next] === 1
}

/** The name of a Japanese era stands before this place. */
const followsEra = (text: string, place: number): boolean =>
  ['明治', '大正', '昭和', '平成', '令和'].includes(text.slice(Math.max(0, place - 2), place))

/** `AA 12 34 56 B`, `DE 136 695 976`: a few letters before the digits, one separator between. */
const groupBefore = (bytes: Uint8Array, start: number, floor: number): number => {
  const sign = bytes[start - 1]
  if (sign !== 0x20 && sign !== 0x2d && sign !== 0x2e) return start
  let place = start - 1
  while (place > floor && start - place <= 5 && isLetter(bytes[place - 1])) place--
  const size = start - 1 - place
  return size >= 1 && size <= 4 ? place : start
}

/** Findings in order of their start; of two that overlap, the higher score, then the earlier. */
const apart = (candidates: readonly Candidate[]): readonly Candidate[] => {
  const sorted = [...candidates].sort((a, b) => a.start - b.start || b.score - a.score)
  const kept: Candidate[] = []
  for (const candidate of sorted) {
    const last = kept.at(-1)
    if (last === undefined || candidate.start >= last.end) kept.push(candidate)
    else if (candidate.score > last.score) kept[kept.length - 1] = candidate
  }
  return kept
}

const findingOf = (
  { type, rule, start, end, confidence }: Candidate,
  { startOf, endOf }: FoldedText,
): Finding => ({
  detector: 'personal',
  type,
  rule,
  start: startOf(start),
  end: endOf(end),
  confidence,
})
