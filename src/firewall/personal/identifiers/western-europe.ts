import {
  alphanumericValue,
  isLuhn,
  isMod11And10,
  isRepeated,
  isShortDate,
  isVerhoeff,
  remainder,
  two,
  weightedSum,
} from '../checksums.ts'
import { type Identifier, type Strength, strength } from '../identifier.ts'
import { strongIf, weakIf } from './grade.ts'

const digit = (value: string, index: number): number => value.charCodeAt(index) - 0x30

/** HMRC manual NIM39110: letters that never stand in front, pairs that are not given. */
const isNino = (value: string): boolean =>
  /^[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z]\d{6}[A-D]$/.test(value) && !/^(?:BG|GB|KN|NK|NT|TN|ZZ)/.test(value)

const isNhs = (value: string): boolean => {
  const check = 11 - (weightedSum(value, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)
  return !isRepeated(value) && check !== 10 && check % 11 === digit(value, 9)
}

/** Surname padded with 9, decade, month (plus 50 for women), day, year, initials padded with 9, check. */
const isBritishDriver = (value: string): boolean =>
  /^[A-Z]{1,5}9{0,4}\d(?:0[1-9]|1[0-2]|5[1-9]|6[0-2])(?:0[1-9]|[12]\d|3[01])\d(?:[A-Z][A-Z9]|99)[A-Z\d][A-Z]{2}$/.test(
    value,
  )

const irishLetters = 'WABCDEFGHIJKLMNOPQRSTUV'

const isPps = (value: string): boolean => {
  const second = value[8] ?? 'W'
  // W, T and X were given to relatives and count nothing.
  const extra = 'WTX'.includes(second) ? 0 : second.charCodeAt(0) - 0x40
  const sum = weightedSum(value, [8, 7, 6, 5, 4, 3, 2]) + extra * 9
  return irishLetters[sum % 23] === value[7] && /^\d{7}[A-W][A-IWTX]?$/.test(value)
}

/** INSEE: sex, year, month (20 and more: unknown), department (2A, 2B: Corsica), commune, order, key of modulus 97. */
const isNir = (value: string): boolean => {
  if (!/^[1-478]\d\d(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d\d|2[AB])\d{8}$/.test(value)) return false
  const number = value.slice(0, 13).replace('2A', '19').replace('2B', '18')
  return 97 - remainder(number, 97) === two(value, 13)
}

/** Bundeszentralamt für Steuern: of the first ten digits exactly one stands twice or three times. */
const gradeGermanTax = (value: string): Strength => {
  if (value.startsWith('0') || isRepeated(value) || !isMod11And10(value)) return strength.no
  const counts = new Array<number>(10).fill(0)
  for (let index = 0; index < 10; index++)
    counts[digit(value, index)] = (counts[digit(value, index)] ?? 0) + 1
  const more = counts.filter((count) => count > 1)
  return more.length === 1 && (more[0] ?? 0) <= 3 ? strength.strong : strength.weak
}

/** Letters become two digits (A is 01), every other one is doubled, digits of the products are added up. */
const crossSum = (digits: string, weights: readonly number[]): number => {
  let sum = 0
  for (let index = 0; index < weights.length; index++) {
    const product = digit(digits, index) * (weights[index] ?? 0)
    sum += Math.floor(product / 10) + (product % 10)
  }
  return sum
}

const letterDigits = (value: string, index: number): string =>
  String(value.charCodeAt(index) - 0x40).padStart(2, '0')

const isGermanPension = (value: string): boolean => {
  const digits = value.slice(0, 8) + letterDigits(value, 8) + value.slice(9)
  const day = two(value, 2)
  const month = two(value, 4)
  const isBirth = (day > 50 ? day - 50 : day) <= 31 && month <= 12
  return isBirth && crossSum(digits, [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1]) % 10 === digit(value, 11)
}

const isGermanHealth = (value: string): boolean => {
  const digits = letterDigits(value, 0) + value.slice(1)
  return crossSum(digits, [1, 2, 1, 2, 1, 2, 1, 2, 1, 2]) % 10 === digit(value, 9)
}

/** ICAO 9303: weights 7, 3, 1. */
const isTravelCheck = (value: string): boolean => {
  let sum = 0
  for (let index = 0; index < value.length - 1; index++) {
    sum += alphanumericValue(value, index) * ([7, 3, 1][index % 3] ?? 0)
  }
  return sum % 10 === digit(value, value.length - 1)
}

const isGermanDocument = (value: string): boolean =>
  /^[CFGHJ-NPRTV-Z][CFGHJ-NPRTV-Z\d]{7}\d$/.test(value) && isTravelCheck(value)

const isLanr = (value: string): boolean =>
  (10 - (weightedSum(value, [4, 9, 4, 9, 4, 9]) % 10)) % 10 === digit(value, 6)

const spanishLetters = 'TRWAGMYFPDXBNJZSQVHLCKE'

const isNif = (value: string): boolean => spanishLetters[Number(value.slice(0, -1)) % 23] === value.at(-1)

const isNie = (value: string): boolean =>
  /^[XYZ]/.test(value) && isNif('XYZ'.indexOf(value[0] ?? '') + value.slice(1))

const isNuss = (value: string): boolean => {
  const isOf = (number: string): boolean => remainder(number, 97) === two(value, 10)
  // A zero after the province is left out by some offices and not by others.
  return isOf(value.slice(0, 10)) || (value[2] === '0' && isOf(value.slice(0, 2) + value.slice(3, 10)))
}

/** Looks like a day of this or the last century: timestamps end in letters as well. */
const isDayStamp = (value: string): boolean =>
  /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])/.test(value)

const fiscalOdd = [
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
]

const isFiscalCode = (value: string): boolean => {
  if (!/^[A-Z]{6}[\dLMNP-V]{2}[A-EHLMPRST][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]$/.test(value)) return false
  let sum = 0
  for (let index = 0; index < 15; index++) {
    const code = value.charCodeAt(index)
    const place = code < 0x40 ? code - 0x30 : code - 0x41
    sum += index % 2 === 0 ? (fiscalOdd[place] ?? 0) : place
  }
  return sum % 26 === value.charCodeAt(15) - 0x41
}

const isPortuguese = (value: string): boolean =>
  /^(?:[1235689]|45|7[0124579])/.test(value) &&
  !isRepeated(value) &&
  ((11 - (weightedSum(value, [9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11) % 10 === digit(value, 8)

const isBsn = (value: string): boolean =>
  !isRepeated(value) && weightedSum(value, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0

const isBelgian = (value: string): boolean => {
  const check = two(value, 9)
  const number = value.slice(0, 9)
  const month = two(value, 2) % 20
  return (
    month <= 12 &&
    two(value, 4) <= 31 &&
    !isRepeated(value) &&
    (97 - remainder(number, 97) === check || 97 - remainder(`2${number}`, 97) === check)
  )
}

const isLuxembourgish = (value: string): boolean =>
  /^(?:18|19|20)\d\d/.test(value) &&
  isShortDate(two(value, 2), two(value, 4), two(value, 6)) &&
  isLuhn(value.slice(0, 12)) &&
  isVerhoeff(value.slice(0, 11) + value[12])

const isAustrian = (value: string): boolean =>
  !value.startsWith('0') &&
  isShortDate(two(value, 8), two(value, 6), two(value, 4)) &&
  weightedSum(value, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 === digit(value, 3)

const isAhv = (value: string): boolean =>
  value.startsWith('756') &&
  (10 - (weightedSum(value, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10)) % 10 === digit(value, 12)

export const westernEurope: readonly Identifier[] = [
  {
    type: 'UK_NINO',
    templates: ['A2#6A', 'A2~#2~#2~#2~A'],
    check: (value) => strongIf(isNino(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['nino', 'national insurance', 'ni number', 'yswiriant gwladol'],
    languages: ['en', 'cy', 'gd'],
    bare: 'written',
  },
  {
    type: 'UK_NHS',
    templates: ['#3~#3~#4'],
    check: (value) => weakIf(isNhs(value)),
    kinds: ['health'],
    words: ['nhs', 'nhs number', 'national health service', 'health services authority', 'chi number'],
    languages: ['en', 'cy', 'gd'],
  },
  {
    type: 'UK_PASSPORT',
    templates: ['A2#7', '#9'],
    check: (value) => weakIf(!isRepeated(value)),
    kinds: ['passport'],
    words: ['uk passport', 'british passport', 'hmpo'],
    languages: ['en', 'cy', 'gd'],
  },
  {
    type: 'UK_DRIVING_LICENCE',
    templates: ['*5#6*2*1A2'],
    check: (value) => strongIf(isBritishDriver(value)),
    kinds: ['driverLicence'],
    words: ['driving licence', 'dvla', 'licence number'],
    languages: ['en', 'cy', 'gd'],
  },
  {
    type: 'IE_PPS',
    templates: ['#7A', '#7A2'],
    check: (value) => weakIf(isPps(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['pps', 'ppsn', 'personal public service', 'uimhir psp'],
    languages: ['en', 'ga'],
  },
  {
    type: 'FR_NIR',
    templates: ['#6*1#8', '#1~#2~#2~#1*1~#3~#3~#2'],
    check: (value) => strongIf(isNir(value)),
    kinds: ['nationalId', 'health'],
    words: ['nir', 'sécurité sociale', 'numéro de sécu', 'insee', 'carte vitale'],
    languages: ['fr', 'br', 'oc', 'co'],
    bare: 'any',
  },
  {
    type: 'FR_TAX_ID',
    templates: ['#13', '#2~#2~#3~#3~#3'],
    check: (value) =>
      weakIf(/^[0-3]/.test(value) && remainder(value.slice(0, 10), 511) === Number(value.slice(10))),
    kinds: ['taxId'],
    words: ['numéro fiscal', 'spi', 'référence fiscale'],
    languages: ['fr', 'br', 'oc', 'co'],
  },
  {
    type: 'FR_SIRET',
    templates: ['#3~#3~#3~#5', '#3~#3~#3'],
    check: (value) => weakIf(!isRepeated(value) && isLuhn(value)),
    kinds: ['company'],
    words: ['siret', 'siren'],
    languages: ['fr'],
  },
  {
    type: 'DE_TAX_ID',
    templates: ['#11', '#2 #3 #3 #3'],
    check: gradeGermanTax,
    kinds: ['taxId'],
    words: ['steuer-id', 'idnr', 'steueridentifikationsnummer', 'steuerliche identifikationsnummer', 'tin'],
    languages: ['de', 'dsb', 'hsb'],
  },
  {
    type: 'DE_TAX_NUMBER',
    templates: ['#13', '#2/#3/#5', '#3/#3/#5', '#3/#4/#4', '#3 #3 #5', '#2 #3 #5', '#5/#5'],
    check: (value) =>
      weakIf(value.length < 13 || /^(?:0[1-9]|1[0-6]|2[1-8]|3[0-2]|4[01]|5\d|9\d)/.test(value)),
    kinds: ['taxId'],
    words: ['steuernummer', 'st.-nr', 'steuer-nr', 'stnr'],
    languages: ['de', 'dsb', 'hsb'],
  },
  {
    type: 'DE_SOCIAL_SECURITY',
    templates: ['#8A#3', '#2 #6 A #3'],
    check: (value) => strongIf(isGermanPension(value)),
    kinds: ['nationalId', 'health'],
    words: [
      'rvnr',
      'rentenversicherungsnummer',
      'sozialversicherungsnummer',
      'sozialversicherungsausweis',
      'svnr',
    ],
    languages: ['de', 'dsb', 'hsb'],
  },
  {
    type: 'DE_HEALTH_INSURANCE',
    templates: ['A#9'],
    check: (value) => weakIf(isGermanHealth(value)),
    kinds: ['health'],
    words: ['kvnr', 'krankenversichertennummer', 'krankenkasse', 'egk', 'versichertennummer', 'egk-nummer'],
    languages: ['de', 'dsb', 'hsb'],
  },
  {
    type: 'DE_ID_CARD',
    templates: ['A*7#', 'A*7#2A'],
    check: (value) => weakIf(/^T\d{8}$/.test(value) || isGermanDocument(value.slice(0, 9))),
    kinds: ['nationalId'],
    words: ['personalausweis', 'ausweis', 'ausweisnummer', 'ausweis nr'],
    languages: ['de', 'dsb', 'hsb'],
  },
  {
    type: 'DE_PASSPORT',
    templates: ['A*7#'],
    check: (value) => weakIf(isGermanDocument(value)),
    kinds: ['passport'],
    words: ['reisepass', 'passnummer'],
    languages: ['de', 'dsb', 'hsb'],
  },
  {
    type: 'DE_DRIVING_LICENCE',
    templates: ['A2#8*', 'A#2*6#*'],
    check: (value) => weakIf(/\d/.test(value.slice(2))),
    kinds: ['driverLicence'],
    words: ['führerschein', 'fahrerlaubnis', 'führerscheinnummer'],
    languages: ['de'],
  },
  {
    type: 'DE_VAT_ID',
    templates: ['A2~#9', 'A2~#3~#3~#3', 'A2 #3-#3.#3', 'A2.#3.#3.#3'],
    check: (value) => strongIf(/^DE[1-9]/.test(value) && isMod11And10(value.slice(2))),
    kinds: ['taxId', 'company'],
    words: ['ust-idnr', 'ust-id', 'umsatzsteuer-identifikationsnummer', 'vat', 'vat id'],
    languages: ['de'],
    bare: 'any',
  },
  {
    type: 'DE_LANR',
    templates: ['#9'],
    check: (value) => weakIf(isLanr(value)),
    kinds: [],
    words: ['lanr', 'arztnummer', 'lebenslange arztnummer'],
    languages: ['de'],
  },
  {
    type: 'DE_BSNR',
    templates: ['#9'],
    check: (value) => weakIf(/^(?!00)\d/.test(value)),
    kinds: [],
    words: ['bsnr', 'betriebsstättennummer'],
    languages: ['de'],
  },
  {
    type: 'AT_SOCIAL_SECURITY',
    templates: ['#10', '#4~#6', '#4~#2~#2~#2'],
    check: (value) => weakIf(isAustrian(value)),
    kinds: ['nationalId', 'health'],
    words: ['sozialversicherungsnummer', 'svnr', 'sv-nummer', 'versicherungsnummer'],
    languages: ['de'],
  },
  {
    type: 'CH_AHV',
    templates: ['#13', '#3~#4~#4~#2'],
    check: (value) => strongIf(isAhv(value)),
    kinds: ['nationalId', 'health'],
    words: ['ahv', 'avs', 'ahv-nummer', 'numéro avs', 'numero avs'],
    languages: ['de', 'fr', 'it', 'rm', 'gsw'],
    bare: 'any',
  },
  {
    type: 'IT_FISCAL_CODE',
    templates: ['A6*2A*2A*3A'],
    check: (value) => strongIf(isFiscalCode(value)),
    kinds: ['nationalId', 'taxId', 'health'],
    words: ['codice fiscale', 'cf', 'cod. fiscale'],
    languages: ['it', 'sc', 'fur'],
    bare: 'any',
  },
  {
    type: 'IT_VAT_CODE',
    templates: ['#11', 'A2#11'],
    check: (value) =>
      weakIf(/^(?:IT)?\d{11}$/.test(value) && Number(value.slice(-11)) > 0 && isLuhn(value.slice(-11))),
    kinds: ['taxId', 'company'],
    words: ['partita iva', 'p.iva', 'piva'],
    languages: ['it'],
  },
  {
    type: 'IT_PASSPORT',
    templates: ['A2#7'],
    check: () => strength.weak,
    kinds: ['passport'],
    words: ['passaporto', 'passaporto italiano'],
    languages: ['it', 'sc'],
  },
  {
    type: 'IT_ID_CARD',
    templates: ['A2#5A2', 'A2~#7', '#7A2'],
    check: () => strength.weak,
    kinds: ['nationalId'],
    words: ['carta d’identità', 'carta identità', 'cie', 'documento di identità'],
    languages: ['it', 'sc'],
  },
  {
    type: 'IT_DRIVING_LICENCE',
    templates: ['A2#7A', 'A#*7A'],
    check: (value) => weakIf(/^(?:[A-Z]{2}\d{7}[A-Z]|U1[B-DF-HJ-NPR-UW-Z\d]{7}[A-Z])$/.test(value)),
    kinds: ['driverLicence'],
    words: ['patente', 'patente di guida'],
    languages: ['it', 'sc'],
  },
  {
    type: 'ES_NIF',
    templates: ['#8A', '#8-A', '#7-A', '#2.#3.#3-A'],
    check: (value) => strongIf(!isDayStamp(value) && isNif(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['nif', 'dni', 'documento nacional', 'número de identificación fiscal'],
    languages: ['es', 'ca', 'gl', 'eu', 'ast', 'an'],
    bare: 'any',
  },
  {
    type: 'ES_NIE',
    templates: ['A#7A', 'A-#7-A', 'A#7-A'],
    check: (value) => strongIf(isNie(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['nie', 'número de identidad de extranjero'],
    languages: ['es', 'ca', 'gl', 'eu', 'ast', 'an'],
    bare: 'any',
  },
  {
    type: 'ES_PASSPORT',
    templates: ['A3#6'],
    check: () => strength.weak,
    kinds: ['passport'],
    words: ['pasaporte'],
    languages: ['es', 'ca', 'gl', 'eu', 'ast', 'an'],
  },
  {
    type: 'ES_SOCIAL_SECURITY',
    templates: ['#12', '#2~#8~#2', '#2/#8/#2'],
    check: (value) => weakIf(isNuss(value)),
    kinds: ['nationalId', 'health'],
    words: ['nuss', 'seguridad social', 'número de afiliación', 'naf'],
    languages: ['es', 'ca', 'gl', 'eu', 'ast', 'an'],
  },
  {
    type: 'PT_NIF',
    templates: ['#3~#3~#3'],
    check: (value) => weakIf(isPortuguese(value)),
    kinds: ['taxId', 'nationalId'],
    words: ['nif', 'contribuinte', 'número de contribuinte'],
    languages: ['pt'],
  },
  {
    type: 'NL_BSN',
    templates: ['#9', '#4.#2.#3', '#3.#3.#3'],
    check: (value) => weakIf(isBsn(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['bsn', 'burgerservicenummer', 'sofinummer', 'sofi', 'boargerservicenûmer'],
    languages: ['nl', 'fy', 'pap'],
  },
  {
    type: 'BE_NRN',
    templates: ['#11', '#2.#2.#2-#3.#2', '#6~#3~#2'],
    check: (value) => strongIf(isBelgian(value)),
    kinds: ['nationalId', 'health'],
    words: ['rijksregisternummer', 'insz', 'niss', 'registre national', 'nationalregisternummer', 'rrn'],
    languages: ['nl', 'fr', 'de'],
    bare: 'written',
  },
  {
    type: 'LU_ID',
    templates: ['#13', '#4~#4~#5'],
    check: (value) => strongIf(isLuxembourgish(value)),
    kinds: ['nationalId', 'health'],
    words: ['matricule', 'matrikel', 'matricule nationale'],
    languages: ['lb', 'fr', 'de'],
    bare: 'any',
  },
]
