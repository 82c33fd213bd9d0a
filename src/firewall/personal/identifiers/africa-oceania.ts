import { isLuhn, isRepeated, isShortDate, isVerhoeff, two, weightedSum } from '../checksums.ts'
import type { Identifier } from '../identifier.ts'
import { strongIf, weakIf } from './grade.ts'

const digit = (value: string, index: number): number => value.charCodeAt(index) - 0x30

/** Department of Home Affairs: birth date, sequence, citizenship (2: refugee), 8 or 9, Luhn. */
const isSouthAfrican = (value: string): boolean =>
  isShortDate(two(value, 0), two(value, 2), two(value, 4)) && digit(value, 10) <= 2 && isLuhn(value)

const egyptianGovernorates = /^.{7}(?:0[1-4]|1[1-9]|2[1-9]|3[1-5]|88)/

const isEgyptian = (value: string): boolean =>
  /^[23]/.test(value) &&
  isShortDate(two(value, 1), two(value, 3), two(value, 5)) &&
  egyptianGovernorates.test(value)

const isAbn = (value: string): boolean =>
  digit(value, 0) > 0 && (weightedSum(value, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10) % 89 === 0

const isAcn = (value: string): boolean =>
  !isRepeated(value) && (10 - (weightedSum(value, [8, 7, 6, 5, 4, 3, 2, 1]) % 10)) % 10 === digit(value, 8)

const isTfn = (value: string): boolean =>
  !isRepeated(value) && weightedSum(value, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0

const isMedicare = (value: string): boolean =>
  /^[2-6]/.test(value) && weightedSum(value, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === digit(value, 8)

/** Inland Revenue, "IRD number validation": a second set of weights where the first leaves 10. */
const isIrd = (value: string): boolean => {
  const padded = value.padStart(9, '0')
  const number = Number(value)
  if (number < 10_000_000 || number > 150_000_000) return false
  const first = -weightedSum(padded, [3, 2, 7, 6, 5, 4, 3, 2]) % 11
  const check = first === 0 ? 0 : first + 11
  if (check !== 10) return check === digit(padded, 8)
  const second = (11 - (weightedSum(padded, [7, 4, 3, 2, 5, 2, 7, 6]) % 11)) % 11
  return second !== 10 && second === digit(padded, 8)
}

const nhiAlphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ'

/** National Health Index: three letters without I and O, three digits, modulus 11 (old) or 24 with a letter (new). */
const isNhi = (value: string): boolean => {
  let sum = 0
  for (let index = 0; index < 6; index++) {
    const letter = nhiAlphabet.indexOf(value[index] ?? '') + 1
    if (index < 3 && letter === 0) return false
    sum += (letter > 0 ? letter : digit(value, index)) * (7 - index)
  }
  if (/^...\d{4}$/.test(value)) return sum % 11 !== 0 && (11 - (sum % 11)) % 10 === digit(value, 6)
  const letter = nhiAlphabet[23 - (sum % 24)]
  return letter === value[6]
}

export const africaOceania: readonly Identifier[] = [
  {
    type: 'ZA_ID_NUMBER',
    templates: ['#13', '#6~#4~#3', '#6 #4 #2 #1'],
    check: (value) => weakIf(isSouthAfrican(value)),
    kinds: ['nationalId'],
    words: ['rsa id', 'south african id', 'sa id', 'id number', 'resident number', 'identiteitsnommer'],
    languages: ['af', 'zu', 'xh', 'st', 'tn', 'en', 'nso', 'ts', 'ss', 've'],
  },
  {
    type: 'NG_NIN',
    templates: ['#11', '#4~#4~#3'],
    check: (value) => weakIf(isVerhoeff(value) && !isRepeated(value)),
    kinds: ['nationalId'],
    words: ['nin', 'national identification number', 'nimc'],
    languages: ['yo', 'ig', 'ha', 'en', 'ff', 'pcm'],
  },
  {
    type: 'EG_ID',
    templates: ['#14'],
    check: (value) => weakIf(isEgyptian(value)),
    kinds: ['nationalId'],
    words: ['الرقم القومي'],
    languages: ['ar'],
  },
  {
    type: 'AU_ABN',
    templates: ['#2~#3~#3~#3'],
    check: (value) => strongIf(isAbn(value)),
    kinds: ['taxId', 'company'],
    words: ['abn', 'australian business number'],
    languages: ['en'],
    bare: 'written',
  },
  {
    type: 'AU_ACN',
    templates: ['#3~#3~#3'],
    check: (value) => weakIf(isAcn(value)),
    kinds: ['company'],
    words: ['acn', 'australian company number'],
    languages: ['en'],
  },
  {
    type: 'AU_TFN',
    templates: ['#3~#3~#3'],
    check: (value) => weakIf(isTfn(value)),
    kinds: ['taxId'],
    words: ['tfn', 'tax file'],
    languages: ['en'],
  },
  {
    type: 'AU_MEDICARE',
    templates: ['#4~#5~#1', '#4~#5~#1~#1', '#4~#5~#1/#1'],
    check: (value) => weakIf(isMedicare(value)),
    kinds: ['health'],
    words: ['medicare', 'medicare number', 'medicare card'],
    languages: ['en'],
  },
  {
    type: 'NZ_IRD',
    templates: ['#2~#3~#3', '#3~#3~#3'],
    check: (value) => weakIf(isIrd(value)),
    kinds: ['taxId'],
    words: ['ird', 'ird number', 'inland revenue', 'nama ird'],
    languages: ['en', 'mi'],
  },
  {
    type: 'NZ_NHI',
    templates: ['A3#4', 'A3#2A2'],
    check: (value) => weakIf(isNhi(value)),
    kinds: ['health'],
    words: ['nhi', 'national health index'],
    languages: ['en', 'mi'],
  },
]
