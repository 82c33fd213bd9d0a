import { type Interval, meanInterval, median, medianInterval, shareInterval } from './intervals.ts'
import type { ShadowCopy, ShadowDrops, ShadowEnd } from './shadow-copy.ts'

export interface ShadowQuery {
  /** Copies that were sent at this time or later, and before `to`. */
  readonly from?: number
  readonly to?: number
  readonly route?: string
}

/** What a switch from who answers now to the target of the copies would bring, and how sure that is. */
export interface ShadowReport {
  readonly pairs: readonly ShadowPair[]
  /** Exchanges that were to be copied and were not. */
  readonly dropped: readonly Omit<ShadowDrops, 'hour'>[]
  /** False: there are more copies than a report reads; these are the newest. */
  readonly isComplete: boolean
}

/** Intervals are those of 95 %. Differences are paired: of each exchange and its copy. */
export interface ShadowPair {
  readonly route: string
  readonly primary: ShadowTarget
  readonly shadow: ShadowTarget
  readonly copies: {
    readonly compared: number
    readonly failed: number
    readonly unreadable: number
    /** Under way, or ended with the gateway. */
    readonly unfinished: number
  }
  /** The copy was answered at all. */
  readonly answered: Share
  /** Same kind of end, same tool calls, and JSON where the primary's was: what a program would notice. */
  readonly equivalent: Share
  readonly sameStop: Share
  /** Of those where either calls tools. */
  readonly sameToolCalls: Share
  /** Of those that were asked for JSON. */
  readonly primaryJson: Share
  readonly shadowJson: Share
  /** Mean of the edit similarity of texts, 0 to 1. */
  readonly similarity: { readonly copies: number; readonly mean: Interval | null }
  /** Of the copy's text to the primary's, where both say some. */
  readonly lengthRatio: { readonly copies: number; readonly median: number | null }
  /** Milliseconds, to the end of the answer. A positive difference: the shadow is slower. */
  readonly latency: {
    readonly copies: number
    readonly primaryP50: number | null
    readonly shadowP50: number | null
    readonly differenceP50: Interval | null
  }
  readonly cost: ShadowCost
}

export interface ShadowTarget {
  readonly provider: string
  readonly model: string
}

export interface Share {
  readonly hits: number
  readonly of: number
  readonly share: Interval | null
}

/** Of compared copies where both costs are known. Nano-USD; what a switch saves is negative where it costs more. */
export interface ShadowCost {
  readonly copies: number
  readonly primaryNanoUsd: bigint
  readonly shadowNanoUsd: bigint
  readonly savedPerThousand: {
    readonly value: bigint
    /** Null for fewer than two copies. */
    readonly low: bigint | null
    readonly high: bigint | null
  } | null
}

/** A copy with its end; null while it is under way. */
export interface ShadowRecord extends ShadowCopy {
  readonly end: ShadowEnd | null
}

/** Sums copies up by rule, answering target and shadow target; the most copied first. */
export const shadowReport = (
  records: readonly ShadowRecord[],
  dropped: ShadowReport['dropped'],
  isComplete: boolean,
): ShadowReport => {
  const groups = Map.groupBy(records, ({ route, primary, provider, model }) =>
    JSON.stringify([route, primary.provider, primary.model, provider, model]),
  )
  const pairs = [...groups.values()].toSorted((one, other) => other.length - one.length).flatMap(pairOf)
  return { pairs, dropped, isComplete }
}

const pairOf = (records: readonly ShadowRecord[]): readonly ShadowPair[] => {
  const [first] = records
  if (first === undefined) return []
  const ended = (result: ShadowEnd['result']) => records.filter(({ end }) => end?.result === result).length
  const compared = records.flatMap(comparedOf)
  const copies = {
    compared: compared.length,
    failed: ended('failed'),
    unreadable: ended('unreadable'),
    unfinished: records.filter(({ end }) => end === null).length,
  }
  const answered = copies.compared + copies.unreadable
  const similarities = known(compared.map(({ measures }) => measures.similarity))
  const ratios = compared
    .filter(({ measures }) => measures.primaryLength > 0 && measures.copyLength > 0)
    .map(({ measures }) => measures.copyLength / measures.primaryLength)
  const { provider, model } = first.primary
  return [
    {
      route: first.route,
      primary: { provider, model },
      shadow: { provider: first.provider, model: first.model },
      copies,
      answered: {
        hits: answered,
        of: answered + copies.failed,
        share: shareInterval(answered, answered + copies.failed),
      },
      equivalent: shareOf(compared.map(isEquivalent)),
      sameStop: shareOf(compared.map(({ measures }) => measures.sameStop)),
      sameToolCalls: shareOf(known(compared.map(({ measures }) => measures.sameToolCalls))),
      primaryJson: shareOf(known(compared.map(({ measures }) => measures.primaryJson))),
      shadowJson: shareOf(known(compared.map(({ measures }) => measures.copyJson))),
      similarity: { copies: similarities.length, mean: similarityOf(similarities) },
      lengthRatio: { copies: ratios.length, median: median(ratios) },
      latency: {
        copies: compared.length,
        primaryP50: median(compared.map(({ primary }) => primary.latencyMs)),
        shadowP50: median(compared.map(({ latencyMs }) => latencyMs)),
        differenceP50: medianInterval(
          compared.map(({ primary, latencyMs }) => latencyMs - primary.latencyMs),
        ),
      },
      cost: costOf(compared),
    },
  ]
}

interface Compared extends Pick<ShadowCopy, 'primary'>, Pick<ShadowEnd, 'latencyMs' | 'costNanoUsd'> {
  readonly measures: NonNullable<ShadowEnd['measures']>
}

const comparedOf = ({ primary, end }: ShadowRecord): readonly Compared[] =>
  end?.result === 'compared' && end.measures !== null
    ? [{ primary, measures: end.measures, latencyMs: end.latencyMs, costNanoUsd: end.costNanoUsd }]
    : []

const isEquivalent = ({ measures }: Compared): boolean =>
  measures.sameStop &&
  measures.sameToolCalls !== false &&
  (measures.primaryJson !== true || measures.copyJson === true)

const known = <T>(values: readonly (T | null)[]): readonly T[] => values.filter((value) => value !== null)

const shareOf = (cases: readonly boolean[]): Share => {
  const hits = cases.filter(Boolean).length
  return { hits, of: cases.length, share: shareInterval(hits, cases.length) }
}

/** A similarity is none beyond 0 and 1, wherever the interval ends. */
const similarityOf = (values: readonly number[]): Interval | null => {
  const interval = meanInterval(values)
  return interval && { ...interval, low: Math.max(0, interval.low), high: Math.min(1, interval.high) }
}

/** The estimate is exact to the nano-dollar; only its margin is statistics, and a floating-point number. */
const costOf = (compared: readonly Compared[]): ShadowCost => {
  const pairs = compared.flatMap(({ primary, costNanoUsd }) =>
    primary.costNanoUsd === null || costNanoUsd === null ? [] : [[primary.costNanoUsd, costNanoUsd] as const],
  )
  const primaryNanoUsd = pairs.reduce((total, [cost]) => total + cost, 0n)
  const shadowNanoUsd = pairs.reduce((total, [, cost]) => total + cost, 0n)
  const sums = { copies: pairs.length, primaryNanoUsd, shadowNanoUsd }
  if (pairs.length === 0) return { ...sums, savedPerThousand: null }
  const value = roundedShare((primaryNanoUsd - shadowNanoUsd) * 1000n, BigInt(pairs.length))
  const interval = meanInterval(pairs.map(([ours, theirs]) => Number(ours - theirs)))
  const margin = interval && BigInt(Math.ceil((interval.high - interval.value) * 1000))
  return {
    ...sums,
    savedPerThousand: {
      value,
      low: margin === null ? null : value - margin,
      high: margin === null ? null : value + margin,
    },
  }
}

/** Rounded half up, also below zero. */
const roundedShare = (total: bigint, count: bigint): bigint => {
  const doubled = 2n * total + count
  const quotient = doubled / (2n * count)
  return doubled < 0n && doubled % (2n * count) !== 0n ? quotient - 1n : quotient
}
