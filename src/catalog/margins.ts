import { createHash } from 'node:crypto'
import { type NanoUsd, parseUsd } from '../ir/index.ts'
import { wholeMargin } from './cost-of.ts'
import { compileGlob } from './model-matcher.ts'
import type { Margin, PriceCard } from './price-card.ts'

/** What the operator adds to a provider's prices. The first whose every condition fits counts. */
export interface MarginRule {
  /** Provider instance; absent: every one. */
  readonly provider?: string
  /** Model id; `*` stands for any text, letter case does not count. Absent: every one. */
  readonly model?: string
  readonly organisation?: string
  /** Percent as an exact decimal with up to six places, `-100` at least: `12.5`, `-3`. */
  readonly percent?: string | number
  /** US dollars for every attempt that is billed. */
  readonly perRequestUsd?: string | number
}

export interface Margins {
  /** The card with the margin that holds for an organisation; the card itself where none does. */
  apply(card: PriceCard, provider: string, model: string, organisation: string): PriceCard
}

export const createMargins = (rules: readonly MarginRule[]): Margins => {
  if (rules.length === 0) return { apply: (card) => card }
  const compiled = rules.map(compile)
  // Cards live as long as their catalogue, and so do the ones made of them.
  const made = new WeakMap<PriceCard, Map<Margin, PriceCard>>()
  return {
    apply(card, provider, model, organisation) {
      const margin = compiled.find(({ fits }) => fits(provider, model, organisation))?.margin
      if (margin === undefined) return card
      const known = made.get(card) ?? new Map<Margin, PriceCard>()
      made.set(card, known)
      const dearer = known.get(margin) ?? {
        ...card,
        margin,
        version: `${card.version}+margin=${margin.version}`,
      }
      known.set(margin, dearer)
      return dearer
    },
  }
}

const compile = ({ provider, model, organisation, percent = 0, perRequestUsd = 0 }: MarginRule) => {
  const fitsModel = model === undefined ? undefined : compileGlob(model)
  return {
    margin: toMargin(percentFactor(percent), parseUsd(perRequestUsd)),
    fits: (atProvider: string, ofModel: string, by: string): boolean =>
      (provider === undefined || provider === atProvider) &&
      (organisation === undefined || organisation === by) &&
      (fitsModel === undefined || fitsModel(ofModel.trim().toLowerCase())),
  }
}

/** Equal margins have one version, whatever rules they come from. */
const toMargin = (factor: bigint, perRequest: NanoUsd): Margin => ({
  factor,
  perRequest,
  version: createHash('sha256').update(`${factor} ${perRequest}`).digest('hex').slice(0, 8),
})

/** Hundred-millionths of the whole: `12.5` percent more is 112,500,000. Undefined for what is no such percentage. */
export const readPercent = (percent: string | number): bigint | undefined => {
  const [, sign = '', whole, fraction = ''] = /^(-?)(\d{1,6})(?:\.(\d{1,6}))?$/.exec(String(percent)) ?? []
  if (whole === undefined) return undefined
  const amount = BigInt(whole + fraction.padEnd(6, '0'))
  const factor = wholeMargin + (sign === '-' ? -amount : amount)
  return factor < 0n ? undefined : factor
}

const percentFactor = (percent: string | number): bigint => {
  const factor = readPercent(percent)
  if (factor === undefined) throw new RangeError(`${percent} is no percentage`)
  return factor
}
