import { isRepeated } from '../checksums.ts'
import { type ContextKind, type Identifier, strength } from '../identifier.ts'

/** Forms of numbers whose country has no rule of its own here. */
const plain = ['#6', '#7', '#8', '#9', '#10', '#11', '#12', '#13', '#14', '#15', '#16', '#17', '#18', '#20']
const grouped = [
  '#3~#3~#3',
  '#4~#4~#4',
  '#4~#4~#4~#4',
  '#2~#7',
  '#3~#7',
  '#6~#4',
  '#4~#6',
  '#3~#6',
  '#2~#3~#3',
  '#3~#3~#4',
]
const lettered = [
  'A#5',
  'A#6',
  'A#7',
  'A#8',
  'A#9',
  'A#10',
  'A#12',
  'A2#5',
  'A2#6',
  'A2#7',
  'A2#8',
  'A2#9',
  'A2#10',
]
const trailing = [
  '#8A',
  '#9A',
  '#7A',
  '#10A',
  'A#7A',
  'A3#6',
  'A3#7',
  'A3#8',
  'A3#9',
  'A2#6A',
  'A4#6',
  '#2A2#5',
  '#2A2#6',
]

const labelled = (type: string, kind: ContextKind, templates: readonly string[]): Identifier => ({
  type,
  templates,
  check: (value) => (isRepeated(value) ? strength.no : strength.weak),
  kinds: [kind],
  isGeneric: true,
})

/**
 * Values that nothing but the word before them tells: a passport, an account, a licence of any country. Where a rule
 * with a checksum fits as well, that one is taken.
 */
export const labelledIdentifiers: readonly Identifier[] = [
  labelled('PASSPORT', 'passport', [
    ...plain.slice(0, 5),
    '#2 #7',
    'A2 #7',
    'A #8',
    'A2 #6',
    ...lettered,
    ...trailing,
  ]),
  labelled('NATIONAL_ID', 'nationalId', [...plain, ...grouped, ...lettered, ...trailing]),
  labelled('TAX_ID', 'taxId', [
    ...plain,
    ...grouped,
    ...lettered,
    ...trailing,
    '#3.#3.#3-#1',
    '#2-#7',
    '#3/#4/#4',
  ]),
  labelled('BANK_ACCOUNT', 'bankAccount', [
    ...plain,
    '#8-#2',
    '#3~#4~#4',
    '#4~#4~#2',
    '#4~#4~#4~#2',
    '#2~#4~#4',
    ...grouped,
  ]),
  labelled('HEALTH_ID', 'health', [...plain, ...grouped, ...lettered, ...trailing]),
  labelled('DRIVER_LICENCE', 'driverLicence', [
    ...plain.slice(0, 10),
    ...grouped,
    ...lettered,
    ...trailing,
    'A#2~#3~#3',
  ]),
]
