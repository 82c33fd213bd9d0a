import { type Automaton, createAutomaton } from '../aho-corasick.ts'
import type { Detector, Finding } from '../finding.ts'
import { assignmentAround, isSecretName } from './assignment.ts'
import { isInsideBase64 } from './character-classes.ts'
import { entropy } from './entropy.ts'
import { isPlaceholder, isWordyPlaceholder } from './placeholders.ts'
import type { AssignedRule, Report, ScannedRule, SecretRule, TokenRule } from './rule.ts'
import { secretRules } from './rules/index.ts'
import {
  type Match,
  matchAround,
  matchRight,
  type Piece,
  parsePieces,
  parseShape,
  type Shape,
} from './shape.ts'

/** The type of the report-only finding that says from where on a text was not searched. */
export const truncatedType = 'SCAN_TRUNCATED'

export interface SecretDetectorOptions {
  /** Rules to look by; by default all that come with the product. */
  readonly rules?: readonly SecretRule[]
  /** Findings of one rule in one text after which the search stops. Default 10,000. */
  readonly mostPerRule?: number
  /** Characters that matchers may read for each character of the text before the search stops. Default 256. */
  readonly mostWork?: number
  /** Told how many characters the matchers read, for measurements. */
  readonly onWork?: (characters: number) => void
}

/**
 * Finds keys, tokens, passwords and private keys. One pass over the text looks for the rules' anchors; each hit is read
 * by a matcher that never goes back, then judged (checksums, entropy, examples and placeholders). Linear in the text.
 *
 * A finding spans the secret alone, not its name or quotes. What is only likely (a generic `password = …`, a token whose
 * checksum does not hold) is report-only. When a budget is used up, the rest of the text is not searched, and a last,
 * report-only finding of type `SCAN_TRUNCATED` and confidence 1 spans that rest.
 */
export const createSecretDetector = (options: SecretDetectorOptions = {}): Detector => {
  const { rules = secretRules, mostPerRule = 10_000, mostWork = 256, onWork } = options
  const { automaton, readers, lengths, slots } = compile(rules)
  return {
    id: 'secrets',
    scan: (text) => {
      const search: Search = { text, work: 0, found: [] }
      const counts = new Uint32Array(rules.length)
      const readUpTo = new Int32Array(slots)
      const allowed = mostWork * text.length + 65_536
      let stoppedAt = -1
      automaton.scan(text, (word, end) => {
        const start = end - (lengths[word] ?? 0)
        for (const reader of readers[word] ?? []) {
          if (start < (readUpTo[reader.slot] ?? 0)) continue
          const before = search.found.length
          readUpTo[reader.slot] = reader.read(search, start, end)
          const count = (counts[reader.rule] ?? 0) + search.found.length - before
          counts[reader.rule] = count
          if (count > mostPerRule || search.work > allowed) {
            stoppedAt = end
            return false
          }
        }
        return true
      })
      onWork?.(search.work)
      if (stoppedAt < 0) return settle(search.found)
      const found = settle(search.found)
      const rest = Math.max(stoppedAt, found.at(-1)?.end ?? 0)
      return rest < text.length ? [...found, truncated(rest, text.length)] : found
    },
  }
}

const truncated = (start: number, end: number): Finding => ({
  detector: 'secrets',
  type: truncatedType,
  rule: 'budget',
  start,
  end,
  confidence: 1,
  isReportOnly: true,
})

interface Search {
  readonly text: string
  readonly found: Finding[]
  /** Characters that matchers have read. */
  work: number
}

/** Reads at an anchor; returns up to where it need not be asked again. */
type Read = (search: Search, start: number, end: number) => number

/** A matcher: a shape of a token, an assigned value, or a scanner. */
interface Reader {
  /** Index of its rule. */
  readonly rule: number
  /** Its own index among all readers. */
  readonly slot: number
  readonly read: Read
}

interface Compiled {
  readonly automaton: Automaton
  /** Of each anchor. */
  readonly lengths: readonly number[]
  /** What reads at each anchor. */
  readonly readers: readonly (readonly Reader[])[]
  /** How many readers there are. */
  readonly slots: number
}

const compile = (rules: readonly SecretRule[]): Compiled => {
  const byAnchor = new Map<string, Reader[]>()
  let slots = 0
  rules.forEach((rule, index) => {
    for (const { anchors, read } of matchersOf(rule)) {
      const reader: Reader = { rule: index, slot: slots++, read }
      for (const anchor of new Set(anchors)) {
        const list = byAnchor.get(anchor)
        if (list === undefined) byAnchor.set(anchor, [reader])
        else list.push(reader)
      }
    }
  })
  const anchors = [...byAnchor.keys()]
  return {
    automaton: createAutomaton(anchors),
    lengths: anchors.map((anchor) => anchor.length),
    readers: [...byAnchor.values()],
    slots,
  }
}

const matchersOf = (rule: SecretRule): readonly { anchors: readonly string[]; read: Read }[] => {
  if ('shapes' in rule) {
    return rule.shapes.map((source) => {
      const shape = parseShape(source)
      return { anchors: shape.anchors, read: readToken(rule, shape) }
    })
  }
  if ('names' in rule) return [{ anchors: rule.names, read: readAssigned(rule) }]
  return [{ anchors: rule.anchors.map((anchor) => anchor.toLowerCase()), read: readScanned(rule) }]
}

const readToken = (rule: TokenRule, shape: Shape): Read => {
  const match: Match = { start: 0, end: 0, read: 0 }
  const known = new Set(rule.known)
  // Where only a part is the secret, what stands before it says what it is.
  const isWhole = !shape.after.some((piece) => piece.type === 'open')
  const head = shape.before.length === 0 && isWhole ? literalHead(shape.after) : 0
  return (search, start) => {
    const isMatch = matchAround(shape, search.text, start, match)
    search.work += match.read
    if (!isMatch) return Math.max(start, match.end)
    if (rule.standsAlone === true && search.text.charCodeAt(match.start - 1) === dash) return start
    if (isWhole && isInsideBase64(search.text, match.start)) return start
    judge(search, rule, known, match.start, match.end, head)
    return start
  }
}

const dash = 45

/** How many characters at the start are fixed: they say nothing about whether the rest is random. */
const literalHead = (pieces: readonly Piece[]): number => {
  const first = pieces[0]
  if (first?.type === 'choice') return Math.min(...first.texts.map((word) => word.length))
  return first?.type === 'literal' ? first.text.length : 0
}

const readAssigned = (rule: AssignedRule): Read => {
  const shapes = rule.values.map(parsePieces)
  const known = new Set(rule.known)
  const match: Match = { start: 0, end: 0, read: 0 }
  return (search, start, end) => {
    const assignment = assignmentAround(search.text, start, end)
    search.work += 16
    if (typeof assignment === 'number') return assignment
    if (rule.isNamedSecret !== false && !isSecretName(assignment.name)) return start
    match.read = 0
    const pieces = shapes.find((shape) => matchRight(shape, search.text, assignment.valueStart, match))
    search.work += match.read
    if (pieces === undefined || !endsValue(search.text, match.end)) return start
    judge(search, rule, known, assignment.valueStart, match.end, 0)
    return match.end
  }
}

/** After a value comes its quote, blank space or punctuation, not more of an expression (`key = config.get(`). */
const endsValue = (text: string, at: number): boolean =>
  at >= text.length || ' \t\r\n"\'`,;<>\\)]}&'.includes(text.charAt(at))

const judge = (
  search: Search,
  rule: TokenRule | AssignedRule,
  known: ReadonlySet<string>,
  start: number,
  end: number,
  head: number,
): void => {
  const value = search.text.slice(start, end)
  search.work += value.length
  if (known.has(value)) return
  const body = value.slice(head)
  if (rule.mayRepeat === true ? isWordyPlaceholder(body) : isPlaceholder(body)) return
  if (rule.entropy !== undefined && entropy(value) < rule.entropy) return
  const verdict = rule.check?.(value) ?? true
  if (verdict === false) return
  const isReportOnly = verdict === 'doubtful' || rule.isReportOnly === true
  const confidence = verdict === 'doubtful' ? 0.3 : (rule.confidence ?? ('shapes' in rule ? 0.95 : 0.8))
  search.found.push(finding(rule, start, end, confidence, isReportOnly))
}

const readScanned =
  (rule: ScannedRule): Read =>
  (search, start, end) => {
    const report: Report = (from, to, differs) => {
      const confidence = differs?.confidence ?? rule.confidence ?? 0.9
      const isReportOnly = differs?.isReportOnly ?? rule.isReportOnly ?? false
      search.found.push(finding(rule, from, to, confidence, isReportOnly))
    }
    const stopped = rule.scan(search.text, start, end, report)
    search.work += Math.max(1, stopped - start)
    return stopped
  }

const finding = (
  rule: SecretRule,
  start: number,
  end: number,
  confidence: number,
  isReportOnly: boolean,
): Finding => ({
  detector: 'secrets',
  type: rule.type,
  rule: rule.id,
  start,
  end,
  confidence,
  ...(isReportOnly ? { isReportOnly } : {}),
})

/** In order and without overlaps: of two that share characters, the better one stays. */
const settle = (found: readonly Finding[]): readonly Finding[] => {
  const ordered = [...found].sort((one, other) => one.start - other.start || other.end - one.end)
  const kept: Finding[] = []
  for (const candidate of ordered) {
    const last = kept.at(-1)
    if (last === undefined || last.end <= candidate.start) kept.push(candidate)
    else if (isBetter(candidate, last)) kept[kept.length - 1] = candidate
  }
  return kept
}

const isBetter = (one: Finding, other: Finding): boolean => {
  if ((one.isReportOnly === true) !== (other.isReportOnly === true)) return other.isReportOnly === true
  if (one.confidence !== other.confidence) return one.confidence > other.confidence
  return one.end - one.start > other.end - other.start
}
