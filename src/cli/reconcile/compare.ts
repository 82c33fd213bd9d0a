/** A provider's figures against the ledger's, by day and model. */
import { type FigureName, type Figures, figureNames, type ProviderUsage } from './provider-usage.ts'

export interface LedgerRow {
  readonly day: string
  readonly model: string
  readonly figures: Figures
}

export interface Difference {
  readonly figure: FigureName
  readonly provider: bigint
  readonly ledger: bigint
}

export interface ComparedRow {
  readonly day: string
  /** As the provider names it; null where its file does not tell models apart. */
  readonly model: string | null
  readonly state: 'equal' | 'differs' | 'only-provider' | 'only-ledger'
  /** Every figure that the file tells. */
  readonly figures: readonly Difference[]
  /** Those that differ by more than is tolerated. */
  readonly differences: readonly Difference[]
}

export interface Tolerance {
  /** Of the provider's figure, in millionths. */
  readonly share: bigint
  readonly tokens: bigint
  readonly nanoUsd: bigint
}

/** Compares every day and model of either side, ordered by day and model. */
export const compareUsage = (
  files: readonly ProviderUsage[],
  ledger: readonly LedgerRow[],
  tolerance: Tolerance,
): readonly ComparedRow[] => {
  const theirRows = files.flatMap(({ rows }) => rows)
  const told = figureNames.filter((name) => theirRows.some(({ figures }) => figures[name] !== undefined))
  const hasModels = theirRows.some(({ model }) => model !== null)
  const nameOf = modelNames(
    theirRows.flatMap(({ model }) => model ?? []),
    ledger.map(({ model }) => model),
  )
  const theirs = addUp(theirRows.map((row) => ({ ...row, model: hasModels ? row.model : null })))
  const ours = addUp(ledger.map((row) => ({ ...row, model: hasModels ? nameOf(row.model) : null })))
  return [...new Set([...theirs.keys(), ...ours.keys()])].sort().flatMap((place): ComparedRow[] => {
    const [provider, own] = [theirs.get(place), ours.get(place)]
    const { day, model } = provider ?? own ?? { day: '', model: null }
    const figures = told.map((figure) => ({
      ...{ figure, provider: provider?.figures[figure] ?? 0n, ledger: own?.figures[figure] ?? 0n },
    }))
    const differences = figures.filter((one) => !isTolerable(one, tolerance))
    if (figures.every((one) => one.provider === 0n && one.ledger === 0n)) return []
    const state =
      differences.length === 0
        ? 'equal'
        : provider === undefined
          ? 'only-ledger'
          : own === undefined
            ? 'only-provider'
            : 'differs'
    return [{ day, model, state, figures, differences }]
  })
}

const isTolerable = ({ figure, provider, ledger }: Difference, tolerance: Tolerance): boolean => {
  const distance = provider > ledger ? provider - ledger : ledger - provider
  const size = provider < 0n ? -provider : provider
  const absolute = figure === 'cost' ? tolerance.nanoUsd : tolerance.tokens
  return distance <= absolute || distance * 1_000_000n <= size * tolerance.share
}

interface Sum {
  readonly day: string
  readonly model: string | null
  readonly figures: Figures
}

const addUp = (rows: readonly Sum[]): ReadonlyMap<string, Sum> => {
  const sums = new Map<string, Sum>()
  for (const row of rows) {
    const place = `${row.day} ${row.model ?? ''}`
    const before = sums.get(place)
    sums.set(place, before === undefined ? row : { ...row, figures: plus(before.figures, row.figures) })
  }
  return sums
}

const plus = (one: Figures, other: Figures): Figures =>
  Object.fromEntries(
    figureNames
      .filter((name) => one[name] !== undefined || other[name] !== undefined)
      .map((name) => [name, (one[name] ?? 0n) + (other[name] ?? 0n)]),
  )

/**
 * The name that the provider's file has for a model of the ledger: the same where there is one, else the only one
 * that means the same (`Claude Sonnet 4.5` for `claude-sonnet-4-5-20250929`), else its own.
 */
const modelNames = (theirs: readonly string[], ours: readonly string[]): ((model: string) => string) => {
  const known = new Set(theirs)
  const own = new Set(ours)
  const free = [...known].filter((name) => !own.has(name))
  return (model) => {
    if (known.has(model)) return model
    const [first, ...others] = free.filter((name) => family(name) === family(model))
    return first !== undefined && others.length === 0 ? first : model
  }
}

/** Without date, case and punctuation. */
const family = (model: string): string =>
  model
    .toLowerCase()
    .replace(/[\s.@_]+/g, '-')
    .replace(/-(?:20\d{6}|20\d\d-\d\d-\d\d|latest)$/, '')
