import type { Leaf } from '../ir/index.ts'
import type { AllowList } from './allow-list.ts'
import type { Detector, Finding } from './finding.ts'
import type { Direction, FirewallPolicy } from './policy.ts'
import type { ScanMemory } from './scan-memory.ts'
import { truncatedType } from './secrets/index.ts'

/** A text of a request or an answer. */
export interface ScreenedText extends Pick<Leaf, 'id' | 'role' | 'kind' | 'text'> {
  /** What the text is read from, where that is at hand. */
  readonly source?: string | undefined
  /** Its provider refuses it when a byte of it changes: what stands in it is told of and stays. */
  readonly isSigned?: boolean
}

/** A finding with its place and what is done about it. */
export interface Found extends Finding {
  /** The leaf's id: a JSON path of the client's request, or of the answer. */
  readonly at: string
  readonly direction: Direction
  readonly action: 'reported' | 'redacted' | 'refused'
}

export interface Screening<Text extends ScreenedText> {
  readonly found: readonly Found[]
  /** What is to be replaced, by text, in order of their start and without overlaps. */
  readonly redactions: ReadonlyMap<Text, readonly Finding[]>
  /** What was found itself, for telling whether an answer says something new. Never for showing. */
  readonly values: ReadonlySet<string>
  /** The first that refuses all of it. */
  readonly refusal: Found | undefined
}

/** A detector, and the texts that it looks at. */
export interface Screener {
  readonly detector: Detector
  readonly looksAt: (text: ScreenedText) => boolean
  /** Replacing what it finds would help nobody: `redact` only tells. */
  readonly isTellingOnly?: boolean
}

/** A finding of somebody outside. Whether it is sure enough, whoever tells of it has decided. */
export interface Told extends Finding {
  /** What a policy that redacts makes of it. */
  readonly whenRedacting: Found['action']
  /** It is about the text as a whole: it counts beside what else stands there, and no remark in the text allows it. */
  readonly isVerdict?: boolean
}

export interface Screen {
  /** @param told what sidecars say of the texts: it counts where no detector found something in the same place */
  run<Text extends ScreenedText>(
    texts: readonly Text[],
    policy: FirewallPolicy,
    direction: Direction,
    told?: ReadonlyMap<ScreenedText, readonly Told[]>,
  ): Screening<Text>
}

export interface ScreenParts {
  /** Where two find something in one place, the first of this list counts. */
  readonly screeners: readonly Screener[]
  readonly allowed: AllowList
  readonly memory: ScanMemory
}

/** Holds texts against all detectors that the policy has on. Pure but for what it remembers of texts. */
export const createScreen = ({ screeners, allowed, memory }: ScreenParts): Screen => ({
  run(texts, policy, direction, told) {
    const found: Found[] = []
    const redactions = new Map<(typeof texts)[number], readonly Finding[]>()
    const values = new Set<string>()
    let refusal: Found | undefined
    const active = screeners.filter(({ detector }) => policy.mode(detector.id, direction) !== 'off')
    for (const text of active.length === 0 && told === undefined ? [] : texts) {
      const taken: Finding[] = []
      const replaced: Finding[] = []
      const add = (finding: Finding, action: Found['action']): void => {
        const one: Found = { ...finding, at: text.id, direction, action }
        found.push(one)
        if (action === 'refused') refusal ??= one
      }
      const addPlace = (finding: Finding, action: Found['action']): void => {
        if (allowed.admits(text.text, finding) || taken.some((other) => overlap(other, finding))) return
        add(finding, action)
        values.add(text.text.slice(finding.start, finding.end))
        if (finding.isReportOnly !== true) taken.push(finding)
        if (action === 'redacted') replaced.push(finding)
      }
      for (const screener of active) {
        if (!screener.looksAt(text)) continue
        for (const finding of memory.scan(screener.detector, text)) {
          addPlace(finding, actionOf(policy, direction, screener, text, finding))
        }
      }
      for (const { whenRedacting, isVerdict, ...finding } of told?.get(text) ?? []) {
        const action = toldAction(policy, direction, finding, whenRedacting)
        if (isVerdict === true) add(finding, action)
        else addPlace(finding, action)
      }
      if (replaced.length > 0)
        redactions.set(
          text,
          replaced.sort((a, b) => a.start - b.start),
        )
    }
    return { found, redactions, values, refusal }
  },
})

const overlap = (a: Finding, b: Finding): boolean => a.start < b.end && b.start < a.end

/** Less sure findings are told of and never acted upon. */
const leastConfidence = 0.5

const actionOf = (
  policy: FirewallPolicy,
  direction: Direction,
  { detector, isTellingOnly }: Screener,
  { isSigned }: ScreenedText,
  { type, isReportOnly, confidence }: Finding,
): Found['action'] => {
  const mode = policy.mode(detector.id, direction)
  // What could not be looked at to its end is never let through as if it had been.
  if (type === truncatedType && (mode === 'redact' || mode === 'enforce')) return 'refused'
  if (isReportOnly === true || confidence < leastConfidence) return 'reported'
  if (mode === 'enforce') return 'refused'
  if (mode === 'redact' && isTellingOnly !== true && isSigned !== true) return 'redacted'
  return 'reported'
}

const toldAction = (
  policy: FirewallPolicy,
  direction: Direction,
  { detector, isReportOnly }: Finding,
  whenRedacting: Found['action'],
): Found['action'] => {
  if (isReportOnly === true) return 'reported'
  const mode = policy.mode(detector, direction)
  return mode === 'enforce' ? 'refused' : mode === 'redact' ? whenRedacting : 'reported'
}
