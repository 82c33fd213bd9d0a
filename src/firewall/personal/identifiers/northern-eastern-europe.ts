import {
  alphanumericValue,
  isLuhn,
  isMod11And10,
  isRepeated,
  isShortDate,
  two,
  weightedSum,
} from '../checksums.ts'
import { type Identifier, type Strength, strength } from '../identifier.ts'
import { strongIf, weakIf } from './grade.ts'

const digit = (value: string, index: number): number => value.charCodeAt(index) - 0x30
const last = (value: string): number => digit(value, value.length - 1)

/** Skatteverket: coordination numbers add 60 to the day. */
const isPersonnummer = (value: string): boolean => {
  const short = value.slice(-10)
  const day = two(short, 4)
  if (value.length === 12 && !/^(?:18|19|20)/.test(value)) return false
  return isShortDate(two(short, 0), two(short, 2), day > 60 ? day - 60 : day) && isLuhn(short)
}

const isFodselsnummer = (value: string): boolean => {
  const day = two(value, 0)
  const month = two(value, 2)
  const isBirth = isShortDate(two(value, 4), month > 40 ? month - 40 : month, day > 40 ? day - 40 : day)
  return (
    isBirth &&
    weightedSum(value, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 === 0 &&
    weightedSum(value, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0
  )
}

const isNorwegianCompany = (value: string): boolean =>
  /^[89]/.test(value) && weightedSum(value, [3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0

/** Since 2007 the control digit no longer has to fit. */
const gradeCpr = (value: string): Strength => {
  if (!isShortDate(two(value, 4), two(value, 2), two(value, 0))) return strength.no
  return weightedSum(value, [4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0 ? strength.strong : strength.weak
}

const hetuLetters = '0123456789ABCDEFHJKLMNPRSTUVWXY'

const isHetu = (value: string): boolean => {
  const hasSign = value.length === 11
  if (hasSign && !/^.{6}[A-FU-Y]/.test(value)) return false
  const serial = value.slice(hasSign ? 7 : 6, hasSign ? 10 : 9)
  const number = Number(value.slice(0, 6) + serial)
  return (
    Number(serial) >= 2 &&
    isShortDate(two(value, 4), two(value, 2), two(value, 0)) &&
    hetuLetters[number % 31] === value.at(-1)
  )
}

const isKennitala = (value: string): boolean => {
  const day = two(value, 0)
  return (
    isShortDate(two(value, 4), two(value, 2), day > 40 ? day - 40 : day) &&
    weightedSum(value, [3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0 &&
    /[089]$/.test(value)
  )
}

/** Estonia and Lithuania. */
const isBaltic = (value: string): boolean => {
  if (!/^[1-8]/.test(value) || !isShortDate(two(value, 1), two(value, 3), two(value, 5))) return false
  const first = weightedSum(value, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11
  const check = first < 10 ? first : weightedSum(value, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11
  return check % 10 === last(value)
}

/** Those given since 2017 begin with 32 and hold no birth date. */
const isLatvian = (value: string): boolean => {
  if (value.startsWith('32')) return true
  const check = (1 + weightedSum(value, [10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11
  return isShortDate(two(value, 4), two(value, 2), two(value, 0)) && check % 10 === last(value)
}

const isPesel = (value: string): boolean =>
  isShortDate(two(value, 0), two(value, 2) % 20, two(value, 4)) &&
  weightedSum(value, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0

const isNip = (value: string): boolean =>
  !isRepeated(value) && weightedSum(value, [6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 === last(value)

const isPolishCard = (value: string): boolean => {
  let sum = 0
  for (let index = 0; index < 9; index++) {
    sum += alphanumericValue(value, index) * ([7, 3, 1, -1, 7, 3, 1, 7, 3][index] ?? 0)
  }
  return sum % 10 === 0
}

const isRodneCislo = (value: string): boolean => {
  const month = two(value, 2) % 50
  return (
    isShortDate(two(value, 0), month > 20 ? month - 20 : month, two(value, 4)) &&
    (Number(value) % 11 === 0 || ((Number(value.slice(0, 9)) % 11) % 10 === last(value) && last(value) === 0))
  )
}

const isTaj = (value: string): boolean =>
  !isRepeated(value) && weightedSum(value, [3, 7, 3, 7, 3, 7, 3, 7]) % 10 === last(value)

const isHungarianTax = (value: string): boolean =>
  value.startsWith('8') && weightedSum(value, [1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 === last(value)

const isCnp = (value: string): boolean => {
  const rest = weightedSum(value, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11
  return (
    /^[1-9]/.test(value) &&
    isShortDate(two(value, 1), two(value, 3), two(value, 5)) &&
    (rest === 10 ? 1 : rest) === last(value)
  )
}

const isEgn = (value: string): boolean =>
  isShortDate(two(value, 0), two(value, 2) % 20, two(value, 4)) &&
  (weightedSum(value, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10 === last(value)

const isAfm = (value: string): boolean =>
  !isRepeated(value) && (weightedSum(value, [256, 128, 64, 32, 16, 8, 4, 2]) % 11) % 10 === last(value)

const isAmka = (value: string): boolean =>
  isShortDate(two(value, 4), two(value, 2), two(value, 0)) && isLuhn(value)

/** The unique master citizen number of the former Yugoslav countries. */
const isJmbg = (value: string): boolean => {
  const check = (11 - (weightedSum(value, [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11
  return (
    /^\d{4}[09]/.test(value) &&
    isShortDate(two(value, 5), two(value, 2), two(value, 0)) &&
    check % 10 === last(value)
  )
}

const isUkrainian = (value: string): boolean =>
  !isRepeated(value) &&
  (((weightedSum(value, [-1, 5, 7, 9, 4, 6, 10, 5, 7]) % 11) + 11) % 11) % 10 === last(value)

const isInn = (value: string): boolean => {
  if (isRepeated(value)) return false
  if (value.length === 10) return (weightedSum(value, [2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10 === last(value)
  return (
    (weightedSum(value, [7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10 === digit(value, 10) &&
    (weightedSum(value, [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10 === last(value)
  )
}

const isSnils = (value: string): boolean =>
  !isRepeated(value.slice(0, 9)) &&
  (weightedSum(value, [9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101) % 100 === two(value, 9)

const isTurkish = (value: string): boolean => {
  if (value.startsWith('0')) return false
  const tenth = (weightedSum(value, [7, -1, 7, -1, 7, -1, 7, -1, 7]) + 100) % 10
  return tenth === digit(value, 9) && weightedSum(value, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]) % 10 === last(value)
}

const ofPoland = ['pl', 'szl', 'csb']
const mostSpokenOfRussia = ['ru', 'tt', 'ba', 'cv', 'sah', 'ce', 'os']
const ofRussia = [...mostSpokenOfRussia, 'udm', 'myv', 'mdf', 'mhr', 'kv', 'bua', 'tyv', 'av']

export const northernEasternEurope: readonly Identifier[] = [
  {
    type: 'SE_PERSONNUMMER',
    templates: ['#6-#4', '#6+#4', '#8-#4', '#10', '#12'],
    check: (value) => strongIf(isPersonnummer(value)),
    kinds: ['nationalId', 'taxId', 'health'],
    words: ['personnummer', 'pnr', 'samordningsnummer', 'personal identity'],
    languages: ['sv', 'se', 'smj', 'sma'],
    bare: 'written',
  },
  {
    type: 'SE_ORGANISATIONSNUMMER',
    templates: ['#6-#4', '#10'],
    check: (value) => weakIf(digit(value, 2) >= 2 && isLuhn(value)),
    kinds: ['company'],
    words: ['organisationsnummer', 'orgnummer', 'orgnr', 'org.nr', 'company identity'],
    languages: ['sv'],
  },
  {
    type: 'NO_FODSELSNUMMER',
    templates: ['#11', '#6~#5'],
    check: (value) => strongIf(isFodselsnummer(value)),
    kinds: ['nationalId', 'health', 'taxId'],
    words: ['fødselsnummer', 'fnr', 'personnummer', 'd-nummer'],
    languages: ['nb', 'nn', 'no', 'se'],
    bare: 'written',
  },
  {
    type: 'NO_ORGANISASJONSNUMMER',
    templates: ['#3~#3~#3'],
    check: (value) => weakIf(isNorwegianCompany(value)),
    kinds: ['company'],
    words: ['organisasjonsnummer', 'orgnr', 'org.nr'],
    languages: ['nb', 'nn', 'no'],
  },
  {
    type: 'DK_CPR',
    templates: ['#10', '#6-#4'],
    check: gradeCpr,
    kinds: ['nationalId', 'health', 'taxId'],
    words: ['cpr', 'cpr-nummer', 'personnummer', 'p-tal'],
    languages: ['da', 'fo', 'kl'],
  },
  {
    type: 'FI_HETU',
    templates: ['#6A#3*', '#6-#3*', '#6+#3*'],
    check: (value) => strongIf(isHetu(value)),
    kinds: ['nationalId', 'health', 'taxId'],
    words: ['hetu', 'henkilötunnus', 'personbeteckning', 'sosiaaliturvatunnus'],
    languages: ['fi', 'sv', 'se'],
    bare: 'any',
  },
  {
    type: 'IS_KENNITALA',
    templates: ['#10', '#6-#4'],
    check: (value) => strongIf(isKennitala(value)),
    kinds: ['nationalId', 'taxId', 'health'],
    words: ['kennitala', 'kt'],
    languages: ['is'],
    bare: 'written',
  },
  {
    type: 'EE_ISIKUKOOD',
    templates: ['#11'],
    check: (value) => weakIf(isBaltic(value)),
    kinds: ['nationalId', 'health', 'taxId'],
    words: ['isikukood', 'ik'],
    languages: ['et'],
  },
  {
    type: 'LT_ASMENS_KODAS',
    templates: ['#11'],
    check: (value) => weakIf(isBaltic(value)),
    kinds: ['nationalId', 'health', 'taxId'],
    words: ['asmens kodas', 'a.k'],
    languages: ['lt'],
  },
  {
    type: 'LV_PERSONAS_KODS',
    templates: ['#11', '#6-#5'],
    check: (value) => weakIf(isLatvian(value)),
    kinds: ['nationalId', 'health', 'taxId'],
    words: ['personas kods', 'p.k'],
    languages: ['lv', 'ltg'],
  },
  {
    type: 'PL_PESEL',
    templates: ['#11'],
    check: (value) => weakIf(isPesel(value)),
    kinds: ['nationalId', 'health'],
    words: ['pesel', 'numer pesel'],
    languages: ofPoland,
  },
  {
    type: 'PL_NIP',
    templates: ['#10', '#3-#3-#2-#2', '#3-#2-#2-#3'],
    check: (value) => weakIf(isNip(value)),
    kinds: ['taxId', 'company'],
    words: ['nip', 'numer nip'],
    languages: ofPoland,
  },
  {
    type: 'PL_ID_CARD',
    templates: ['A3~#6'],
    check: (value) => weakIf(isPolishCard(value)),
    kinds: ['nationalId'],
    words: ['dowód osobisty', 'seria i numer dowodu', 'numer dowodu'],
    languages: ofPoland,
  },
  {
    type: 'CZ_RODNE_CISLO',
    templates: ['#10', '#6/#4'],
    check: (value) => strongIf(isRodneCislo(value)),
    kinds: ['nationalId', 'health', 'taxId'],
    words: ['rodné číslo', 'rč', 'r.č'],
    languages: ['cs', 'sk'],
    bare: 'written',
  },
  {
    type: 'HU_TAJ',
    templates: ['#3~#3~#3'],
    check: (value) => weakIf(isTaj(value)),
    kinds: ['health', 'nationalId'],
    words: ['taj', 'taj szám', 'társadalombiztosítási'],
    languages: ['hu'],
  },
  {
    type: 'HU_TAX_ID',
    templates: ['#10'],
    check: (value) => weakIf(isHungarianTax(value)),
    kinds: ['taxId'],
    words: ['adóazonosító', 'adóazonosító jel'],
    languages: ['hu'],
  },
  {
    type: 'RO_CNP',
    templates: ['#13'],
    check: (value) => weakIf(isCnp(value)),
    kinds: ['nationalId', 'health', 'taxId'],
    words: ['cnp', 'cod numeric personal'],
    languages: ['ro'],
  },
  {
    type: 'BG_EGN',
    templates: ['#10'],
    check: (value) => weakIf(isEgn(value)),
    kinds: ['nationalId', 'health', 'taxId'],
    words: ['егн', 'единен граждански номер', 'egn'],
    languages: ['bg'],
  },
  {
    type: 'GR_AFM',
    templates: ['#9'],
    check: (value) => weakIf(isAfm(value)),
    kinds: ['taxId'],
    words: ['αφμ', 'α.φ.μ', 'afm'],
    languages: ['el'],
  },
  {
    type: 'GR_AMKA',
    templates: ['#11'],
    check: (value) => weakIf(isAmka(value)),
    kinds: ['nationalId', 'health'],
    words: ['αμκα', 'α.μ.κ.α', 'amka'],
    languages: ['el'],
  },
  {
    type: 'HR_OIB',
    templates: ['#11'],
    check: (value) => weakIf(!isRepeated(value) && isMod11And10(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['oib', 'osobni identifikacijski broj'],
    languages: ['hr'],
  },
  {
    type: 'JMBG',
    templates: ['#13'],
    check: (value) => weakIf(isJmbg(value)),
    kinds: ['nationalId', 'health'],
    words: ['jmbg', 'јмбг', 'emšo', 'матичен број', 'матични број', 'embg', 'ембг'],
    languages: ['sr', 'bs', 'hr', 'sl', 'mk', 'cnr', 'sh'],
  },
  {
    type: 'UA_TAX_ID',
    templates: ['#10'],
    check: (value) => weakIf(isUkrainian(value)),
    kinds: ['taxId', 'nationalId'],
    words: ['рнокпп', 'іпн', 'ідентифікаційний код'],
    languages: ['uk', 'rue'],
  },
  {
    type: 'RU_INN',
    templates: ['#12', '#10'],
    check: (value) => weakIf(isInn(value)),
    kinds: ['taxId'],
    words: ['инн', 'inn'],
    languages: ofRussia,
  },
  {
    type: 'RU_SNILS',
    templates: ['#11', '#3-#3-#3~#2'],
    check: (value) => strongIf(isSnils(value)),
    kinds: ['nationalId', 'health'],
    words: ['снилс', 'snils'],
    languages: ofRussia,
    bare: 'written',
  },
  {
    type: 'RU_PASSPORT',
    templates: ['#10', '#4 #6', '#2 #2 #6'],
    check: (value) => weakIf(!isRepeated(value)),
    kinds: ['passport'],
    words: ['серия и номер', 'серия паспорта'],
    languages: mostSpokenOfRussia,
  },
  {
    type: 'TR_NATIONAL_ID',
    templates: ['#11'],
    check: (value) => weakIf(isTurkish(value)),
    kinds: ['nationalId', 'taxId', 'health'],
    words: ['tckn', 'tc kimlik', 't.c. kimlik', 'kimlik', 'kimlik no', 'turkish id', 'türk kimlik'],
    languages: ['tr', 'ku', 'zza'],
  },
]
