import { isLuhn, isRepeated, two, weightedSum } from '../checksums.ts'
import type { Identifier } from '../identifier.ts'
import { strongIf, weakIf } from './grade.ts'

const digit = (value: string, index: number): number => value.charCodeAt(index) - 0x30

const mod11Digit = (sum: number): number => (sum % 11 < 2 ? 0 : 11 - (sum % 11))

const isCpf = (value: string): boolean =>
  !isRepeated(value) &&
  mod11Digit(weightedSum(value, [10, 9, 8, 7, 6, 5, 4, 3, 2])) === digit(value, 9) &&
  mod11Digit(weightedSum(value, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2])) === digit(value, 10)

/** Letters are allowed in the first twelve places since July 2026 and count as their ASCII code less 48. */
const isCnpj = (value: string): boolean =>
  !isRepeated(value) &&
  mod11Digit(weightedSum(value, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])) === digit(value, 12) &&
  mod11Digit(weightedSum(value, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])) === digit(value, 13)

const isPis = (value: string): boolean =>
  !isRepeated(value) && mod11Digit(weightedSum(value, [3, 2, 9, 8, 7, 6, 5, 4, 3, 2])) === digit(value, 10)

const isCuit = (value: string): boolean => {
  const check = (11 - (weightedSum(value, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11
  return (
    /^(?:20|23|24|25|26|27|30|33|34|50|51|55)/.test(value) && (check === 10 ? 9 : check) === digit(value, 10)
  )
}

const isRut = (value: string): boolean => {
  const number = value.slice(0, -1)
  let sum = 0
  for (
    let index = number.length - 1, weight = 2;
    index >= 0;
    index--, weight = weight === 7 ? 2 : weight + 1
  ) {
    sum += digit(number, index) * weight
  }
  return '0123456789K'[(11 - (sum % 11)) % 11] === value.at(-1) && !isRepeated(number)
}

const nitWeights = [71, 67, 59, 53, 47, 43, 41, 37, 29, 23, 19, 17, 13, 7, 3]

const isNit = (value: string): boolean => {
  const rest = weightedSum(value, nitWeights.slice(-(value.length - 1))) % 11
  return (rest > 1 ? 11 - rest : rest) === digit(value, value.length - 1)
}

const isRuc = (value: string): boolean =>
  /^(?:10|15|16|17|20)/.test(value) &&
  (11 - (weightedSum(value, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 10 === digit(value, 10)

const isEcuadorian = (value: string): boolean => {
  const province = two(value, 0)
  return ((province >= 1 && province <= 24) || province === 30) && digit(value, 2) < 6 && isLuhn(value)
}

const isUruguayan = (value: string): boolean =>
  (10 - (weightedSum(value, [2, 9, 8, 7, 6, 3, 4]) % 10)) % 10 === digit(value, 7) && !isRepeated(value)

export const latinAmerica: readonly Identifier[] = [
  {
    type: 'BR_CPF',
    templates: ['#11', '#3.#3.#3-#2'],
    check: (value) => strongIf(isCpf(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['cpf', 'cadastro de pessoas'],
    languages: ['pt'],
    bare: 'written',
  },
  {
    type: 'BR_CNPJ',
    templates: ['*12#2', '*2.*3.*3/*4-#2'],
    check: (value) => strongIf(isCnpj(value)),
    kinds: ['taxId', 'company'],
    words: ['cnpj', 'cadastro nacional'],
    languages: ['pt'],
    bare: 'written',
  },
  {
    type: 'BR_PIS',
    templates: ['#11', '#3.#5.#2-#1'],
    check: (value) => strongIf(isPis(value)),
    kinds: [],
    words: ['pis', 'pasep', 'nis', 'nit'],
    languages: ['pt'],
    bare: 'written',
  },
  {
    type: 'AR_CUIT',
    templates: ['#11', '#2-#8-#1'],
    check: (value) => strongIf(isCuit(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['cuit', 'cuil'],
    languages: ['es'],
    bare: 'written',
  },
  {
    type: 'AR_DNI',
    templates: ['#8', '#2.#3.#3'],
    check: (value) => weakIf(!isRepeated(value) && digit(value, 0) > 0),
    kinds: ['nationalId'],
    words: ['dni'],
    languages: ['es'],
  },
  {
    type: 'CL_RUT',
    templates: ['#1.#3.#3-*1', '#2.#3.#3-*1', '#7-*1', '#8-*1', '#8*1'],
    check: (value) => strongIf(/^[1-9]/.test(value) && isRut(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['rut', 'rol único', 'run'],
    languages: ['es'],
  },
  {
    type: 'CO_NIT',
    templates: ['#9-#1', '#3.#3.#3-#1', '#10', '#8-#1'],
    check: (value) => weakIf(isNit(value)),
    kinds: ['taxId', 'company'],
    words: ['nit', 'identificación tributaria'],
    languages: ['es'],
  },
  {
    type: 'PE_RUC',
    templates: ['#11'],
    check: (value) => weakIf(isRuc(value)),
    kinds: ['taxId', 'company'],
    words: ['ruc', 'registro único de contribuyentes'],
    languages: ['es', 'qu', 'ay'],
  },
  {
    type: 'EC_CEDULA',
    templates: ['#10', '#9-#1'],
    check: (value) => weakIf(isEcuadorian(value)),
    kinds: ['nationalId', 'taxId'],
    words: ['cédula', 'cedula de ciudadanía'],
    languages: ['es', 'qu'],
  },
  {
    type: 'UY_CEDULA',
    templates: ['#8', '#1.#3.#3-#1', '#7-#1'],
    check: (value) => weakIf(isUruguayan(value)),
    kinds: ['nationalId'],
    words: ['cédula', 'cédula de identidad'],
    languages: ['es'],
  },
  {
    type: 'DO_CEDULA',
    templates: ['#11', '#3-#7-#1'],
    check: (value) => strongIf(isLuhn(value) && !isRepeated(value)),
    kinds: ['nationalId'],
    words: ['cédula', 'cédula de identidad y electoral'],
    languages: ['es'],
    bare: 'written',
  },
]
