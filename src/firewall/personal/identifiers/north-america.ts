import { isLuhn, isRepeated, isShortDate, two, weightedSum } from '../checksums.ts'
import { type Identifier, strength } from '../identifier.ts'
import { strongIf, weakIf } from './grade.ts'

/** Social Security Administration, "Social Security Number Randomization": what is never issued. */
const isSocialSecurity = (value: string): boolean =>
  !value.startsWith('000') &&
  !value.startsWith('666') &&
  !value.startsWith('9') &&
  value.slice(3, 5) !== '00' &&
  value.slice(5) !== '0000' &&
  !isRepeated(value)

/** IRS Publication 4757: group numbers of taxpayer identification numbers. */
const isTaxpayer = (value: string): boolean => {
  const group = two(value, 3)
  const isGroup =
    (group >= 50 && group <= 65) ||
    (group >= 70 && group <= 88) ||
    (group >= 90 && group <= 92) ||
    group >= 94
  return value.startsWith('9') && isGroup
}

/** CMS, "Understanding the new Medicare Beneficiary Identifier format": no S, L, O, I, B, Z. */
const medicareBeneficiary =
  /^[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d[AC-HJKMNP-RT-Y]{2}\d\d$/

const isDrugEnforcement = (value: string): boolean =>
  /^[A-HJKLMPRSTUX]/.test(value) &&
  weightedSum(value, [1, 2, 1, 2, 1, 2], 2) % 10 === value.charCodeAt(8) - 0x30

/** American Bankers Association: Federal Reserve district and check digit. */
const isRouting = (value: string): boolean => {
  const district = two(value, 0)
  const isDistrict =
    district <= 12 ||
    (district >= 21 && district <= 32) ||
    (district >= 61 && district <= 72) ||
    district === 80
  return isDistrict && !isRepeated(value) && weightedSum(value, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0
}

const curpAlphabet = '0123456789ABCDEFGHIJKLMN\u00d1OPQRSTUVWXYZ'
const curpShape =
  /^[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX](?:AS|BC|BS|CC|CL|CM|CS|CH|DF|DG|GT|GR|HG|JC|MC|MN|MS|NT|NL|OC|PL|QT|QR|SP|SL|SR|TC|TS|TL|VZ|YN|ZS|NE)[B-DF-HJ-NP-TV-Z]{3}[A-Z\d]\d$/

const isCurp = (value: string): boolean => {
  if (!curpShape.test(value)) return false
  if (!isShortDate(two(value, 4), two(value, 6), two(value, 8))) return false
  let sum = 0
  for (let index = 0; index < 17; index++) sum += curpAlphabet.indexOf(value[index] ?? '') * (18 - index)
  return (10 - (sum % 10)) % 10 === value.charCodeAt(17) - 0x30
}

const rfcAlphabet = '0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ \u00d1'

const isRfcShape = (value: string): boolean => {
  const from = value.length - 9
  return isShortDate(two(value, from), two(value, from + 2), two(value, from + 4))
}

const isRfc = (value: string): boolean => {
  const padded = value.padStart(13, ' ')
  let sum = 0
  for (let index = 0; index < 12; index++) sum += rfcAlphabet.indexOf(padded[index] ?? '') * (13 - index)
  return '0123456789A'[(11 - (sum % 11)) % 11] === padded[12]
}

export const northAmerica: readonly Identifier[] = [
  {
    type: 'US_SSN',
    templates: ['#3~#2~#4'],
    check: (value) => strongIf(isSocialSecurity(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['ssn', 'social security', 'social security number', 'ssns', 'social sec'],
    languages: ['en', 'es'],
    bare: 'written',
  },
  {
    type: 'US_ITIN',
    templates: ['#3~#2~#4'],
    check: (value) => strongIf(isTaxpayer(value)),
    kinds: ['taxId'],
    words: ['itin', 'individual taxpayer', 'taxpayer id'],
    languages: ['en', 'es'],
    bare: 'written',
  },
  {
    type: 'US_EIN',
    templates: ['#2-#7'],
    check: (value) => weakIf(!/^(?:0[07-9]|1[789]|2[89]|49|69|7[089]|89|9[67])/.test(value)),
    kinds: ['taxId', 'company'],
    words: ['ein', 'employer identification', 'fein'],
    languages: ['en'],
  },
  {
    type: 'US_PASSPORT',
    templates: ['#9', 'A#8'],
    check: () => strength.weak,
    kinds: ['passport'],
    words: ['us passport', 'travel document'],
    languages: ['en'],
  },
  {
    type: 'US_MBI',
    templates: ['#A*#~A*#~A2#2'],
    check: (value) => strongIf(medicareBeneficiary.test(value)),
    kinds: ['health'],
    words: ['mbi', 'medicare', 'beneficiary identifier'],
    languages: ['en'],
    bare: 'written',
  },
  {
    type: 'US_NPI',
    templates: ['#10', '#4~#3~#3'],
    check: (value) => weakIf(/^[12]/.test(value) && !isRepeated(value) && isLuhn(`80840${value}`)),
    kinds: [],
    words: ['npi', 'national provider', 'provider identifier', 'provider number'],
    languages: ['en'],
  },
  {
    type: 'US_DEA',
    templates: ['A2#7', 'A#8'],
    check: (value) => weakIf(/^[A-Z][A-Z9]/.test(value) && isDrugEnforcement(value)),
    kinds: [],
    words: [
      'dea',
      'dea number',
      'medical license',
      'medical certificate',
      'certificate number',
      'prescriber',
    ],
    languages: ['en'],
  },
  {
    type: 'US_ROUTING_NUMBER',
    templates: ['#4~#4~#1'],
    check: (value) => weakIf(isRouting(value)),
    kinds: ['bankAccount'],
    words: ['aba', 'routing', 'routing number', 'rtn', 'bank routing', 'transit number'],
    languages: ['en'],
  },
  {
    type: 'CA_SIN',
    templates: ['#3~#3~#3'],
    check: (value) => strongIf(/^[1-79]/.test(value) && !isRepeated(value) && isLuhn(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['sin', 'social insurance', 'numéro d’assurance sociale', 'assurance sociale', 'nas'],
    languages: ['en', 'fr'],
  },
  {
    type: 'MX_CURP',
    templates: ['A4#6A6*#'],
    check: (value) => strongIf(isCurp(value)),
    kinds: ['nationalId'],
    words: ['curp', 'clave única'],
    languages: ['es'],
    bare: 'any',
  },
  {
    type: 'MX_RFC',
    templates: ['A4~#6~*3', 'A3~#6~*3'],
    check: (value) =>
      !isRfcShape(value)
        ? strength.no
        : isRfc(value) && !/^\D+\d{9}$/.test(value)
          ? strength.strong
          : strength.weak,
    kinds: ['taxId'],
    words: ['rfc', 'registro federal'],
    languages: ['es'],
  },
  {
    type: 'US_DRIVER_LICENSE',
    templates: ['A#7', 'A#12', 'A#14', 'A#3~#3~#3~#3'],
    check: () => strength.weak,
    kinds: ['driverLicence'],
    words: ['dl number', 'driver license', 'drivers license', 'dmv'],
    languages: ['en'],
  },
]
