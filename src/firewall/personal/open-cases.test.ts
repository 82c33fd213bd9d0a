import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Detector } from '../finding.ts'
import { createPersonalDetector } from './index.ts'

/**
 * Cases of other projects that are not part of this one: they lie beside the repository (`TGW_SHARED`, or
 * `../shared`), and the tests say so where they do not.
 */
const folder = join(process.env['TGW_SHARED'] ?? resolve(import.meta.dir, '../../../../shared'), 'data')
const casesFile = join(folder, 'dlp/open.jsonl.gz')
const codeFile = join(folder, 'waf/benign-code_files.jsonl.gz')
const isAbsent = !existsSync(casesFile) || !existsSync(codeFile)
if (isAbsent) console.warn(`SKIPPED: cases of personal data and real code files (no ${folder})`)

interface Case {
  readonly kind: string
  readonly entity: string
  readonly text: string
  readonly expected_len: number | null
  readonly expected_positions: readonly (readonly [number, number])[] | null
}

/** What each of their entities is called here; `regions` where it is the phone numbers of one country. */
const known: Readonly<
  Record<string, { readonly types: readonly string[]; readonly regions?: readonly string[] }>
> = {
  aba_routing: { types: ['US_ROUTING_NUMBER'] },
  au_abn: { types: ['AU_ABN'] },
  au_acn: { types: ['AU_ACN'] },
  au_medicare: { types: ['AU_MEDICARE'] },
  au_tfn: { types: ['AU_TFN'] },
  ca_sin: { types: ['CA_SIN'] },
  certificate_number: { types: ['US_DEA'] },
  credit_card: { types: ['PAYMENT_CARD'] },
  crypto: { types: ['CRYPTO_ADDRESS'] },
  de_bsnr: { types: ['DE_BSNR'] },
  de_fuehrerschein: { types: ['DE_DRIVING_LICENCE'] },
  de_health_insurance: { types: ['DE_HEALTH_INSURANCE'] },
  de_id_card: { types: ['DE_ID_CARD'] },
  de_lanr: { types: ['DE_LANR'] },
  de_passport: { types: ['DE_PASSPORT'] },
  de_social_security: { types: ['DE_SOCIAL_SECURITY'] },
  de_tax_id: { types: ['DE_TAX_ID'] },
  de_tax_number: { types: ['DE_TAX_NUMBER'] },
  de_vat_id: { types: ['DE_VAT_ID'] },
  email: { types: ['EMAIL'] },
  es_nie: { types: ['ES_NIE'] },
  es_nif: { types: ['ES_NIF'] },
  es_passport: { types: ['ES_PASSPORT'] },
  fi_personal_identity_code: { types: ['FI_HETU'] },
  in_aadhaar: { types: ['IN_AADHAAR'] },
  in_gstin: { types: ['IN_GSTIN'] },
  in_pan: { types: ['IN_PAN'] },
  in_passport: { types: ['IN_PASSPORT'] },
  in_voter: { types: ['IN_VOTER'] },
  ip: { types: ['IP_ADDRESS'] },
  it_driver_license: { types: ['IT_DRIVING_LICENCE'] },
  it_fiscal_code: { types: ['IT_FISCAL_CODE'] },
  it_identity_card: { types: ['IT_ID_CARD'] },
  it_passport: { types: ['IT_PASSPORT'] },
  it_vat_code: { types: ['IT_VAT_CODE'] },
  kr_brn: { types: ['KR_BRN'] },
  kr_driver_license: { types: ['KR_DRIVER_LICENSE'] },
  kr_frn: { types: ['KR_FRN'] },
  kr_passport: { types: ['KR_PASSPORT'] },
  kr_rrn: { types: ['KR_RRN'] },
  mac: { types: ['MAC_ADDRESS'] },
  ng_nin: { types: ['NG_NIN'] },
  ph_mobile_number: { types: ['PHONE'], regions: ['PH'] },
  ph_tin: { types: ['PH_TIN'] },
  phone: { types: ['PHONE'], regions: ['US', 'GB', 'DE', 'FR', 'IL', 'IN', 'BR', 'CN', 'JP'] },
  pl_pesel: { types: ['PL_PESEL'] },
  se_organisationsnummer: { types: ['SE_ORGANISATIONSNUMMER'] },
  se_personnummer: { types: ['SE_PERSONNUMMER'] },
  sg_fin: { types: ['SG_NRIC_FIN'] },
  sg_uen: { types: ['SG_UEN'] },
  th_tnin: { types: ['TH_NATIONAL_ID'] },
  tr_national_id: { types: ['TR_NATIONAL_ID'] },
  tr_phone_number: { types: ['PHONE'], regions: ['TR'] },
  uk_driving_licence: { types: ['UK_DRIVING_LICENCE'] },
  uk_nhs: { types: ['UK_NHS'] },
  uk_nino: { types: ['UK_NINO'] },
  uk_passport: { types: ['UK_PASSPORT'] },
  us_bank: { types: ['BANK_ACCOUNT'] },
  us_driver_license: { types: ['US_DRIVER_LICENSE'] },
  us_itin: { types: ['US_ITIN'] },
  us_mbi: { types: ['US_MBI'] },
  us_npi: { types: ['US_NPI'] },
  us_passport: { types: ['US_PASSPORT'] },
  us_ssn: { types: ['US_SSN'] },
  za_id_number: { types: ['ZA_ID_NUMBER'] },
}

const readLines = (file: string): readonly string[] =>
  Buffer.from(Bun.gunzipSync(readFileSync(file)))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')

const codePoints = (text: string, units: number): number => [...text.slice(0, units)].length

describe.skipIf(isAbsent)('cases of others', () => {
  test('at least 95 % of the cases of every entity that is known here', () => {
    const cases = readLines(casesFile)
      .map((line) => JSON.parse(line) as Case)
      .filter(({ kind }) => kind === 'pii')
    const tally = new Map<string, { good: number; all: number; misses: string[] }>()
    const left = new Map<string, number>()
    const detectors = new Map<string, Detector>()
    for (const { entity, text, expected_len, expected_positions } of cases) {
      const rules = known[entity]
      if (rules === undefined) {
        left.set(entity, (left.get(entity) ?? 0) + 1)
        continue
      }
      // Each of their cases asks one recogniser alone, and most without a word of context.
      const detector =
        detectors.get(entity) ??
        createPersonalDetector({
          types: rules.types,
          bareTypes: rules.types,
          isExampleReported: true,
          ...(rules.regions === undefined ? {} : { regions: rules.regions }),
        })
      detectors.set(entity, detector)
      const found = detector
        .scan(text)
        .map(({ start, end }) => [codePoints(text, start), codePoints(text, end)] as const)
      const isCounted = expected_len === null || found.length === expected_len
      // Some cases name fewer places than findings.
      const isPlaced =
        expected_len === 0 ||
        expected_positions === null ||
        expected_positions.every(([from, to]) => found.some(([start, end]) => start === from && end === to))
      const row = tally.get(entity) ?? { good: 0, all: 0, misses: [] }
      tally.set(entity, row)
      row.all++
      if (isCounted && isPlaced) row.good++
      else row.misses.push(`${JSON.stringify(text)}: ${JSON.stringify(found)}, not ${expected_len}`)
    }
    let good = 0
    let all = 0
    for (const [entity, row] of tally) {
      good += row.good
      all += row.all
      console.log(`${entity}: ${row.good}/${row.all}${row.misses.map((miss) => `\n    ${miss}`).join('')}`)
    }
    const listed = [...left].map(([entity, count]) => `${entity} (${count})`).join(', ')
    console.log(`not implemented: ${listed}`)
    console.log(`${good} of ${all} cases of ${tally.size} entities: ${((good / all) * 100).toFixed(1)} %`)
    expect(good / all).toBeGreaterThanOrEqual(0.95)
  }, 60_000)

  test('at most two findings in a megabyte of real code, with the defaults', () => {
    const detector = createPersonalDetector()
    const texts = readLines(codeFile).map((line) => (JSON.parse(line) as { readonly text: string }).text)
    const megabytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6
    const types = new Map<string, number>()
    let count = 0
    for (const text of texts) {
      for (const { type, start, end } of detector.scan(text)) {
        count++
        types.set(type, (types.get(type) ?? 0) + 1)
        if (process.env['TGW_SHOW'] !== undefined) {
          console.log(
            type,
            JSON.stringify(text.slice(Math.max(0, start - 60), end + 20)),
            text.slice(start, end),
          )
        }
      }
    }
    console.log(`${count} findings in ${megabytes.toFixed(1)} MB:`, Object.fromEntries(types))
    expect(count / megabytes).toBeLessThanOrEqual(2)
  }, 60_000)
})
