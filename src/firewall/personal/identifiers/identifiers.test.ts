import { describe, expect, test } from 'bun:test'
import { stdnum } from 'stdnum'
import { strength } from '../identifier.ts'
import { identifiers } from './index.ts'

const find = (type: string) => identifiers.find((identifier) => identifier.type === type)

/** Where stdnum (MIT) has the same rule: country and name there. Rules that are narrower or wider on purpose are not here. */
const twins: Readonly<Record<string, readonly [country: string, name: string]>> = {
  BR_CPF: ['BR', 'cpf'],
  BR_CNPJ: ['BR', 'cnpj'],
  CO_NIT: ['CO', 'nit'],
  PE_RUC: ['PE', 'ruc'],
  UY_CEDULA: ['UY', 'cedula'],
  DO_CEDULA: ['DO', 'cedula'],
  UK_NINO: ['GB', 'nino'],
  FR_TAX_ID: ['FR', 'nif'],
  CH_AHV: ['CH', 'ssn'],
  ES_NIE: ['ES', 'nie'],
  NL_BSN: ['NL', 'bsn'],
  PL_NIP: ['PL', 'nip'],
  GR_AFM: ['GR', 'vat'],
  HR_OIB: ['HR', 'oib'],
  UA_TAX_ID: ['UA', 'rntrc'],
  RU_INN: ['RU', 'inn'],
  TR_NATIONAL_ID: ['TR', 'tckimlik'],
  IN_AADHAAR: ['IN', 'aadhaar'],
  IL_ID: ['IL', 'idnr'],
  AU_ACN: ['AU', 'acn'],
  AU_TFN: ['AU', 'tfn'],
  US_SSN: ['US', 'ssn'],
}

const makeRandom = (seed: number): ((below: number) => number) => {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** A value of a template's shape, without its separators. */
const fill = (template: string, random: (below: number) => number): string =>
  template.replace(/([#A*~\-./:+() ])(\d*)/g, (_, sign: string, times: string) => {
    const alphabet = sign === '#' ? '0123456789' : sign === 'A' ? 'ABCDEFGHIJKLMNOPQRSTUVWXYZ' : ''
    const from = sign === '*' ? '0123456789' : alphabet
    return Array.from({ length: Number(times || 1) }, () => from[random(from.length)] ?? '').join('')
  })

describe('checks agree with stdnum on random numbers', () => {
  for (const [type, [country, name]] of Object.entries(twins)) {
    test(type, () => {
      const identifier = find(type)
      const twin = stdnum[country]?.[name]
      if (identifier === undefined || twin === undefined)
        throw new Error(`no ${type} or no ${country}.${name}`)
      const random = makeRandom(29)
      let valid = 0
      for (let round = 0; round < 20_000 && valid < 40; round++) {
        const value = fill(identifier.templates[random(identifier.templates.length)] ?? '', random)
        const isValid = twin.validate(value).isValid
        expect([value, identifier.check(value) !== strength.no]).toEqual([value, isValid])
        if (isValid) valid++
      }
      expect(valid).toBeGreaterThan(0)
    })
  }
})

test('published examples are valid', () => {
  const examples: readonly (readonly [type: string, value: string])[] = [
    ['MX_CURP', 'BOXW310820HNERXN09'],
    ['MX_RFC', 'GODE561231GR8'],
    ['JP_MY_NUMBER', '123456789018'],
    ['TW_ID', 'A123456789'],
    ['HK_ID', 'A1234563'],
    ['FR_NIR', '295109912611193'],
    ['DE_TAX_ID', '36574261809'],
    ['BE_NRN', '85073003328'],
    ['LU_ID', '1893120105732'],
    ['AT_SOCIAL_SECURITY', '1237010180'],
    ['SE_PERSONNUMMER', '8112189876'],
    ['NO_FODSELSNUMMER', '15108695088'],
    ['FI_HETU', '131052U308T'],
    ['CZ_RODNE_CISLO', '7103192745'],
    ['RO_CNP', '1630615123457'],
    ['BG_EGN', '7523169263'],
    ['JMBG', '0101006500006'],
    ['HU_TAJ', '111111110'],
    ['EE_ISIKUKOOD', '36805280109'],
    ['LT_ASMENS_KODAS', '33309240064'],
    ['LV_PERSONAS_KODS', '16117519997'],
    ['IS_KENNITALA', '1201743399'],
    ['CN_RESIDENT_ID', '11010519491231002X'],
    ['CN_SOCIAL_CREDIT_CODE', '91110000600037341L'],
    ['KR_RRN', '9710131019902'],
    ['ID_NIK', '3171011708450001'],
    ['PK_CNIC', '3420103910197'],
    ['ZA_ID_NUMBER', '7503305044089'],
    ['AU_MEDICARE', '2123456701'],
    ['NZ_IRD', '49091850'],
    ['UK_NHS', '9434765870'],
    ['IE_PPS', '6433435F'],
    ['PT_NIF', '501964843'],
    ['ES_SOCIAL_SECURITY', '281234567840'],
    ['IT_FISCAL_CODE', 'RCCMNL83S18D969H'],
    ['US_DEA', 'F91234563'],
  ]
  const wrong = examples.filter(([type, value]) => (find(type)?.check(value) ?? 0) === strength.no)
  expect(wrong).toEqual([])
})

test('every identifier has templates, and words or kinds that vouch for it', () => {
  for (const { type, templates, kinds, words = [] } of identifiers) {
    expect([type, templates.length > 0]).toEqual([type, true])
    expect([type, kinds.length + words.length > 0]).toEqual([type, true])
  }
  expect(new Set(identifiers.map(({ type }) => /^[A-Z]{2}(?=_)/.exec(type)?.[0])).size).toBeGreaterThan(45)
})
