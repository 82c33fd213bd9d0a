import { expect, test } from 'bun:test'
import { type CountryCode, getExampleNumber, type MetadataJson } from 'libphonenumber-js/core'
import metadata from 'libphonenumber-js/metadata.min.json'
import examples from 'libphonenumber-js/mobile/examples'
import { contextWordRows } from './context-words.ts'
import type { ContextKind } from './identifier.ts'
import { identifiers } from './identifiers/index.ts'
import { createPersonalDetector } from './index.ts'
import { isExamplePhone } from './known-examples.ts'

/** Zero of the digits that a language is also written with; the rest are written with ASCII ones alone. */
const zeros: Readonly<Record<string, number>> = {
  ...spread('ar arz', 0x660),
  ...spread('fa ps ckb ur sd ug', 0x6f0),
  ...spread('hi mr ne sa mai', 0x966),
  ...spread('bn as', 0x9e6),
  ...spread('pa', 0xa66),
  ...spread('gu', 0xae6),
  ...spread('or', 0xb66),
  ...spread('ta', 0xbe6),
  ...spread('te', 0xc66),
  ...spread('kn', 0xce6),
  ...spread('ml', 0xd66),
  ...spread('si', 0xde6),
  ...spread('th', 0xe50),
  ...spread('lo', 0xed0),
  ...spread('bo dz', 0xf20),
  ...spread('my', 0x1040),
  ...spread('km', 0x17e0),
  ...spread('mn', 0x1810),
  ...spread('jv', 0xa9d0),
  ...spread('su', 0x1bb0),
  ...spread('bm', 0x7c0),
  ...spread('ff', 0x1e950),
  ...spread('zh yue ja ko', 0xff10),
}

function spread(languages: string, zero: number): Record<string, number> {
  return Object.fromEntries(languages.split(' ').map((language) => [language, zero]))
}

/** Languages written without spaces between words: values stand right beside letters there. */
const joined: Readonly<Record<string, string>> = {
  zh: '请核对',
  yue: '唔該',
  ja: 'です',
  ko: '입니다',
  th: 'ครับ',
  lo: 'ເດີ',
  km: 'បាទ',
  my: 'ပါ',
  bo: 'ཡིན།',
}

type Column = readonly [type: string, column: number, kind: ContextKind | undefined]
/** Twelve types, and which column of the words speaks of each. */
const types: readonly Column[] = [
  ['EMAIL', 0, undefined],
  ['PHONE', 0, 'phone'],
  ['PAYMENT_CARD', 6, 'card'],
  ['IBAN', 5, undefined],
  ['CRYPTO_ADDRESS', 5, undefined],
  ['BIRTH_DATE', 4, 'birthDate'],
  ['PASSPORT', 1, 'passport'],
  ['NATIONAL_ID', 2, 'nationalId'],
  ['TAX_ID', 3, 'taxId'],
  ['BANK_ACCOUNT', 5, 'bankAccount'],
  ['HEALTH_ID', 7, 'health'],
  ['DRIVER_LICENCE', 8, 'driverLicence'],
]

let seed = 20_261_121
const random = (below: number): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}
const digits = (count: number): string => {
  const text = Array.from({ length: count }, (_, index) => (index === 0 ? 1 + random(9) : random(10))).join(
    '',
  )
  return /^(\d)\1*$/.test(text) ? digits(count) : text
}
const letters = (count: number): string =>
  Array.from({ length: count }, () => 'ABCEGHJKLMNPRSTVWXYZ'[random(20)]).join('')
const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item

const luhn = (head: string): string => {
  let sum = 0
  for (let index = 0; index < head.length; index++) {
    const digit = Number(head[head.length - 1 - index])
    sum += index % 2 === 1 ? digit : digit < 5 ? digit * 2 : digit * 2 - 9
  }
  return head + String((10 - (sum % 10)) % 10)
}

const card = (): string => {
  const number = luhn(pick(['4', '51', '6011', '3528']).concat(digits(15)).slice(0, 15))
  return pick([number, number.replace(/(.{4})(?=.)/g, '$1 '), number.replace(/(.{4})(?=.)/g, '$1-')])
}

const iban = (): string => {
  const [country, size] = pick([
    ['DE', 18],
    ['NL', 0],
    ['FI', 14],
  ] as const)
  const body = country === 'NL' ? `ABNA${digits(10)}` : digits(size)
  const numeric = [...`${body}${country}00`].map((sign) => Number.parseInt(sign, 36)).join('')
  const text = country + String(98 - Number(BigInt(numeric) % 97n)).padStart(2, '0') + body
  return pick([text, text.replace(/(.{4})(?=.)/g, '$1 ')])
}

const birthDate = (): string => {
  const [day, month, year] = [1 + random(28), 1 + random(12), 1940 + random(70)]
  const padded = (value: number): string => String(value).padStart(2, '0')
  return pick([
    `${padded(day)}.${padded(month)}.${year}`,
    `${day}/${month}/${year}`,
    `${year}-${padded(month)}-${padded(day)}`,
    `${year}/${month}/${day}`,
  ])
}

const phone = (country: string | undefined): string => {
  const known = country as CountryCode | undefined
  const example = known && getExampleNumber(known, examples, metadata as unknown as MetadataJson)
  // Some of the library's examples are numbers that are kept for examples: those are left out on purpose.
  if (example === undefined || isExamplePhone(example.number.slice(1))) return '+49 30 901820'
  return pick([example.formatNational(), example.formatInternational(), example.number])
}

/** Letters stay what they are; digits become those of the language, where the value is not one of ASCII by its rules. */
const inDigits = (value: string, zero: number | undefined): string =>
  zero === undefined ? value : value.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))

const makeValue = (type: string, countries: readonly string[]): string => {
  switch (type) {
    case 'EMAIL':
      return `${letters(4).toLowerCase()}.${letters(6).toLowerCase()}${digits(2)}@${letters(7).toLowerCase()}.org`
    case 'PHONE':
      return phone(countries.length === 0 ? undefined : pick(countries))
    case 'PAYMENT_CARD':
      return card()
    case 'IBAN':
      return iban()
    case 'CRYPTO_ADDRESS':
      return pick(['bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq', '16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ'])
    case 'BIRTH_DATE':
      return birthDate()
    case 'PASSPORT':
      return pick([letters(1) + digits(8), letters(2) + digits(7), digits(9)])
    case 'DRIVER_LICENCE':
      return pick([letters(2) + digits(8), digits(10), letters(1) + digits(7)])
    case 'BANK_ACCOUNT':
      return pick([digits(10), digits(12), digits(8), digits(14)])
    default:
      return pick([digits(9), digits(10), digits(12), `${digits(3)}-${digits(3)}-${digits(3)}`])
  }
}

const isRight = (found: string, type: string, kind: ContextKind | undefined): boolean =>
  found === type ||
  (kind !== undefined && identifiers.some((known) => known.type === found && known.kinds.includes(kind)))

test('twelve types are found in more than a hundred languages, in the digits of each', () => {
  const detector = createPersonalDetector()
  const misses: string[] = []
  const tally = new Map<string, { good: number; all: number }>()
  let scripts = 0
  for (const row of contextWordRows) {
    const [language = '', places = '', ...columns] = row.split(';')
    const zero = zeros[language]
    if (zero !== undefined) scripts++
    for (const [type, column, kind] of types) {
      for (const word of columns[column]?.split(',') ?? []) {
        for (const chosen of zero === undefined ? [undefined] : [undefined, zero]) {
          const isAscii = type === 'EMAIL' || type === 'CRYPTO_ADDRESS'
          const value = inDigits(
            makeValue(type, places === '' ? [] : places.split(' ')),
            isAscii ? undefined : chosen,
          )
          const tail = joined[language]
          const text = pick([
            `${word}: ${value}`,
            `${word} ${value}.`,
            `(${word}) ${value}, …`,
            ...(tail === undefined || type === 'EMAIL'
              ? []
              : [`${word}${value}${tail}`, `${word}：${value}。`]),
          ])
          const start = text.indexOf(value)
          const found = detector.scan(text)
          const isFound = found.some(
            (finding) =>
              finding.start === start &&
              finding.end === start + value.length &&
              isRight(finding.type, type, kind),
          )
          const entry = tally.get(type) ?? { good: 0, all: 0 }
          tally.set(type, entry)
          entry.all++
          if (isFound) entry.good++
          else {
            const said = found
              .map((finding) => `${finding.type} ${text.slice(finding.start, finding.end)}`)
              .join(', ')
            misses.push(`${language} ${type}: ${text} -> ${said}`)
          }
        }
      }
    }
  }
  let good = 0
  let all = 0
  for (const entry of tally.values()) {
    good += entry.good
    all += entry.all
  }
  for (const miss of misses) console.log(`missed: ${miss}`)
  const share = ((good / all) * 100).toFixed(2)
  console.log(
    `${contextWordRows.length} languages, ${tally.size} types, ${scripts} with digits of their own: ${good} of ${all}, ${share} %`,
  )
  console.log([...tally].map(([type, entry]) => `${type} ${entry.good}/${entry.all}`).join(', '))
  expect(contextWordRows.length).toBeGreaterThanOrEqual(100)
  expect(good / all).toBeGreaterThanOrEqual(0.99)
}, 60_000)
