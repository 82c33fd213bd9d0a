import type { Detector, Finding } from '../finding.ts'
import modelFile from './data/model.json'
import { type Folded, fold } from './fold.ts'
import type { InvisibleEvidence } from './invisible.ts'
import { createLexicon, type Lexicon } from './lexicon.ts'
import { type ModelFile, readModel } from './model.ts'
import { rejoinedViews } from './rejoined-views.ts'
import { createRuleMatcher } from './rules.ts'
import { letter } from './tokens.ts'
import { originalOffset, type View, type ViewKind } from './view.ts'
import { hiddenViews } from './views.ts'
import {
  createViewScorer,
  type InjectionRole,
  ruleWeight,
  type ScoredView,
  type WindowScore,
} from './window-scores.ts'

/** How sure a verdict is: `high` is meant for refusing, `suspicious` for telling. */
export type InjectionTier = 'none' | 'suspicious' | 'high'

/** What a text was judged to be. */
export interface InjectionVerdict {
  readonly tier: InjectionTier
  /** 0 to 1; one half is the least that is suspicious. */
  readonly score: number
  /** The model's margin that tier and score were read from. */
  readonly margin: number
  /** Where and why, in order, without overlaps; empty when the tier is `none`. */
  readonly findings: readonly Finding[]
}

/** Judges texts that were not written by the operator: never give it system prompts or tool definitions. */
export interface InjectionDetector {
  readonly id: string
  /** A pure function of text and role: a verdict may be remembered by a hash of both. */
  scan(text: string, options: { readonly role: InjectionRole }): InjectionVerdict
  /** The same for one role as a plain detector. */
  forRole(role: InjectionRole): Detector
}

/** Margins from which a text is suspicious and from which it is an attack. */
export interface Thresholds {
  readonly suspicious: number
  readonly high: number
}

/** A trained model with what belongs to it: thresholds by role and the lexicon, commonest words first. */
export interface InjectionModelFile extends ModelFile {
  readonly thresholds: Readonly<Record<InjectionRole, Thresholds>>
  readonly words: string
}

/** Options of a detector. */
export interface InjectionOptions {
  /** Another model than the one that is shipped. */
  readonly model?: InjectionModelFile
  /** Added to the thresholds: below 0 finds more, above 0 less. */
  readonly leniency?: number
}

const detectorId = 'injection'
const mostFindings = 32
/** A text of fewer visible characters can hold no instruction. */
const shortest = 8
/** Margin of a text that carries hidden text by the code point: no document does that by accident. */
const certain = 30

/** What it adds to a window's margin that it stood in such a view. */
const viewBonus: Readonly<Record<ViewKind, number>> = {
  plain: 0,
  tags: 3,
  'variation-selectors': 3,
  'zero-width-bits': 3,
  'right-to-left': 1.5,
  base64: 1.5,
  hex: 1.5,
  percent: 0.5,
  entities: 0.5,
  escapes: 0.5,
  binary: 1.5,
  rot13: 1.5,
  reversed: 1.5,
  spaced: 1.5,
  leet: 1.5,
  joined: 0.7,
  unspaced: 1.5,
  hidden: 0.5,
}

/**
 * Creates the detector of prompt injection and jailbreaks. The model is read at the first scan. Time is linear in
 * the text; a scan keeps nothing of it.
 */
export const createInjectionDetector = (options: InjectionOptions = {}): InjectionDetector => {
  const file = options.model ?? (modelFile as InjectionModelFile)
  let parts: ReturnType<typeof prepare> | undefined
  const scan = (text: string, role: InjectionRole): InjectionVerdict => {
    if (text.length < shortest) return nothing
    parts ??= prepare(file)
    return judge(text, role, parts, options.leniency ?? 0)
  }
  return {
    id: detectorId,
    scan: (text, { role }) => scan(text, role),
    forRole: (role) => ({ id: detectorId, scan: (text) => scan(text, role).findings }),
  }
}

const nothing: InjectionVerdict = { tier: 'none', score: 0, margin: Number.NEGATIVE_INFINITY, findings: [] }

const prepare = (file: InjectionModelFile) => ({
  scorer: createViewScorer(readModel(file), createRuleMatcher()),
  lexicon: createLexicon(file.words.split(' ')),
  thresholds: file.thresholds,
})

/** Views that only hold when words come out of them. */
const isGuessed: ReadonlySet<ViewKind> = new Set([
  'spaced',
  'leet',
  'joined',
  'unspaced',
  'rot13',
  'reversed',
])

const isMostlyKnown = ({ tokens }: ScoredView, lexicon: Lexicon): boolean => {
  let words = 0
  let known = 0
  for (let index = 0; index < tokens.count; index += 1) {
    if (tokens.kinds[index] !== letter || (tokens.ends[index] ?? 0) - (tokens.starts[index] ?? 0) < 2)
      continue
    words += 1
    if (lexicon.has(tokens.hashes[index] ?? 0)) known += 1
  }
  return words >= 3 && known >= words * 0.5
}

/** The best of many windows is high by chance: what is taken off for it, in a text of so many tokens. */
const lengthPenalty = (tokens: number): number =>
  tokens <= penaltyFrom ? 0 : penaltyRate * Math.log2(tokens / penaltyFrom)

const penaltyFrom = 64
const penaltyRate = 0.7

/** Something found, before overlaps are resolved. */
interface Spot {
  readonly rule: string
  readonly start: number
  readonly end: number
  readonly margin: number
}

const judge = (
  text: string,
  role: InjectionRole,
  { scorer, lexicon, thresholds }: ReturnType<typeof prepare>,
  leniency: number,
): InjectionVerdict => {
  const folded = fold(text)
  const evidence = evidenceOf(folded)
  const threshold = thresholds[role].suspicious + leniency
  const spots: Spot[] = []
  let margin = Number.NEGATIVE_INFINITY
  const read = (view: View, others: number): ScoredView => {
    const scored = scorer.score(view, role)
    const bonus = viewBonus[view.kind] + evidence.bonus - lengthPenalty(others + scored.tokens.count)
    if (isGuessed.has(view.kind) && !isMostlyKnown(scored, lexicon)) return scored
    const found = scored.best.margin + bonus
    if (found > margin) margin = found
    if (found >= threshold) spots.push(...spotsIn(view, scored, threshold - bonus, bonus, role))
    return scored
  }
  const { tokens } = read(folded.view, 0)
  // A part of the text has been chosen from all of it; what was decoded stands for itself.
  const size = tokens.count
  for (const view of rejoinedViews(folded.view, tokens, lexicon)) {
    read(view, size * (1 - (view.end - view.base) / text.length))
  }
  for (const view of hiddenViews(text, folded)) {
    read(view, view.kind === 'hidden' ? size : 0)
    if (view.kind === 'hidden') continue
    for (const inner of rejoinedViews(view, tokens, lexicon)) read(inner, 0)
  }
  if (evidence.spot !== undefined) {
    margin = Math.max(margin, evidence.spot.margin)
    spots.push(evidence.spot)
  }
  const score = 1 / (1 + Math.exp(threshold - margin))
  if (margin < threshold) return { tier: 'none', score, margin, findings: [] }
  const tier = margin >= thresholds[role].high + leniency ? 'high' : 'suspicious'
  return { tier, score, margin, findings: findingsOf(spots, threshold) }
}

/** Windows of a view that stand out, joined where they touch, each named by its strongest rule. */
const spotsIn = (
  view: View,
  scored: ScoredView,
  least: number,
  bonus: number,
  role: InjectionRole,
): readonly Spot[] => {
  const windows = [...scored.windowsFrom(least)].sort((left, right) => left.start - right.start)
  const joined: WindowScore[] = []
  for (const window of windows) {
    const last = joined.at(-1)
    if (last === undefined || window.start > last.end) joined.push(window)
    else {
      const margin = Math.max(last.margin, window.margin)
      joined[joined.length - 1] = { margin, start: last.start, end: Math.max(last.end, window.end) }
    }
  }
  const { starts, ends } = scored.tokens
  return joined.map((window): Spot => {
    const from = originalOffset(view, starts[window.start] ?? 0)
    const to = originalOffset(view, ends[window.end - 1] ?? view.length)
    const strongest = scored.hits
      .filter((hit) => hit.end > window.start && hit.start < window.end)
      .sort((left, right) => ruleWeight(right, role) - ruleWeight(left, role))[0]
    const rule = strongest === undefined ? 'learned' : strongest.rule.id
    return {
      rule: view.kind === 'plain' ? rule : `${rule}/${view.kind}`,
      start: Math.min(from, to),
      end: Math.max(from + 1, to, view.offsets === undefined ? 0 : Math.min(view.end, from + 1)),
      margin: window.margin + bonus,
    }
  })
}

/** What presence alone says: text in tags or selectors is certain, the rest adds to every window's margin. */
const evidenceOf = (folded: Folded): { readonly bonus: number; readonly spot: Spot | undefined } => {
  const { invisible, mixedWords, stackedMarks } = folded
  let bonus = 0
  if (mixedWords >= 3) bonus += 1.5
  if (stackedMarks >= 12) bonus += 1
  if (invisible === undefined) return { bonus, spot: undefined }
  if (invisible.zeroWidth >= 6) bonus += 1
  if (invisible.bidi >= 2) bonus += 1
  return { bonus, spot: smuggled(invisible) }
}

const smuggled = (invisible: InvisibleEvidence): Spot | undefined => {
  const rule =
    invisible.tags >= 6
      ? 'unicode-tags'
      : invisible.selectors >= 8
        ? 'variation-selectors'
        : invisible.bitText.length >= 4
          ? 'zero-width-bits'
          : undefined
  return rule === undefined
    ? undefined
    : { rule, start: invisible.start, end: Math.max(invisible.end, invisible.start + 1), margin: certain }
}

/** Spots as findings: the surest first to take its place, none over another, in order of their start. */
const findingsOf = (spots: readonly Spot[], threshold: number): readonly Finding[] => {
  const taken: Spot[] = []
  for (const spot of spots.toSorted((left, right) => right.margin - left.margin)) {
    if (taken.length >= mostFindings) break
    if (taken.every((other) => spot.end <= other.start || spot.start >= other.end)) taken.push(spot)
  }
  return taken
    .sort((left, right) => left.start - right.start)
    .map((spot) => ({
      detector: detectorId,
      type: 'PROMPT_INJECTION',
      rule: spot.rule,
      start: spot.start,
      end: spot.end,
      confidence: 1 / (1 + Math.exp(threshold - spot.margin)),
    }))
}
