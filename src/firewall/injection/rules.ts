import { fold } from './fold.ts'
import { type RuleData, rules as ruleData, wordClasses } from './rules-data.ts'
import { createTokens, hashStart, hashStep, single, type Tokens, tokenize } from './tokens.ts'
import type { View } from './view.ts'

/** Where a rule held: tokens, the end not included. */
export interface RuleHit {
  readonly rule: CompiledRule
  readonly start: number
  readonly end: number
}

/** A rule with its classes as numbers. */
export interface CompiledRule extends RuleData {
  readonly index: number
  readonly classIndexes: readonly number[]
}

/** Finds rules in a view's tokens. */
export interface RuleMatcher {
  readonly rules: readonly CompiledRule[]
  /** Hits in order of their end; a rule that holds again within its own width is one hit. */
  match(view: View, tokens: Tokens): readonly RuleHit[]
}

interface Phrase {
  readonly rest: readonly number[]
  readonly classes: readonly number[]
}

const stemLength = 4
/** A stem is looked for in so many characters behind its beginning. */
const longestStem = 24
const filterBits = 16
const filterMask = (1 << filterBits) - 1
const mostHits = 256

/** A set of hashes that answers "certainly not" for nearly every token: one load. */
const createFilter = (): { add(hash: number): void; bits: Int32Array } => {
  const bits = new Int32Array(1 << (filterBits - 5))
  return {
    bits,
    add: (hash) => {
      const slot = (hash ^ (hash >>> 15)) & filterMask
      bits[slot >> 5] = (bits[slot >> 5] ?? 0) | (1 << (slot & 31))
    },
  }
}

/** Bits of the filters of words, of stems' first letters and of phrases' first two words. */
interface Filters {
  readonly words: Int32Array
  readonly stems: Int32Array
  readonly pairs: Int32Array
}

const mayHold = (bits: Int32Array, hash: number): boolean => {
  const slot = (hash ^ (hash >>> 15)) & filterMask
  // The mask keeps it inside.
  return ((bits[slot >> 5] as number) & (1 << (slot & 31))) !== 0
}

const pairOf = (first: number, second: number): number => (Math.imul(first, 31) + second) | 0

/** Compiles the word classes and rules; done once. */
export const createRuleMatcher = (): RuleMatcher => {
  const names = Object.keys(wordClasses)
  const words = new Map<number, number[]>()
  const stems = new Map<number, number[]>()
  const phrases = new Map<number, Phrase[]>()
  const [wordFilter, stemFilter, pairFilter] = [createFilter(), createFilter(), createFilter()]
  const filters: Filters = { words: wordFilter.bits, stems: stemFilter.bits, pairs: pairFilter.bits }
  const scratch = createTokens()
  const add = (table: Map<number, number[]>, key: number, value: number): void => {
    const held = table.get(key)
    if (held === undefined) table.set(key, [value])
    else if (!held.includes(value)) held.push(value)
  }
  names.forEach((name, classIndex) => {
    for (const entry of wordClasses[name] ?? []) {
      const isStem = entry.endsWith('*')
      tokenize(fold(isStem ? entry.slice(0, -1) : entry).view, scratch)
      const [first, second] = [scratch.hashes[0] ?? 0, scratch.hashes[1] ?? 0]
      if (scratch.count === 1 && isStem) {
        const { view } = fold(entry.slice(0, -1))
        stemFilter.add(prefixHash(view, 0, Math.min(stemLength, view.length)))
        add(stems, first, classIndex)
      } else if (scratch.count === 1) {
        wordFilter.add(first)
        add(words, first, classIndex)
      } else {
        const key = pairOf(first, second)
        pairFilter.add(key)
        const rest = [...scratch.hashes.subarray(2, scratch.count)]
        phrases.set(key, [...(phrases.get(key) ?? []), { rest, classes: [classIndex] }])
      }
    }
  })
  const rules = ruleData.map(
    (rule, index): CompiledRule => ({
      ...rule,
      index,
      classIndexes: rule.classes.map((name) => names.indexOf(name)),
    }),
  )
  const rulesOf = names.map((_, classIndex) => rules.filter((rule) => rule.classIndexes.includes(classIndex)))

  const match = (view: View, tokens: Tokens): readonly RuleHit[] => {
    const hits: RuleHit[] = []
    const { hashes, starts, ends, kinds, count } = tokens
    let index = nextCandidate(view, tokens, 0, filters)
    if (index < 0) return hits
    const lastSeen = new Int32Array(names.length).fill(-1000)
    const lastHit = new Int32Array(rules.length).fill(-1000)
    const see = (classIndex: number, at: number, end: number): void => {
      lastSeen[classIndex] = at
      for (const rule of rulesOf[classIndex] ?? []) {
        if (at - (lastHit[rule.index] ?? 0) <= rule.within * 2) continue
        let start = at
        let before = -1
        let holds = true
        for (const other of rule.classIndexes) {
          const place = lastSeen[other] ?? -1000
          if (at - place > rule.within || (rule.ordered && place <= before)) {
            holds = false
            break
          }
          before = place
          if (place < start) start = place
        }
        if (!holds || hits.length >= mostHits) continue
        lastHit[rule.index] = at
        hits.push({ rule, start, end })
      }
    }
    const seeWord = (at: number): void => {
      const hash = hashes[at] ?? 0
      if (!mayHold(filters.words, hash)) return
      for (const classIndex of words.get(hash) ?? []) see(classIndex, at, at + 1)
    }
    const seeStems = (at: number): void => {
      const start = starts[at] ?? 0
      const end = ends[at] ?? 0
      if (end - start < stemLength || kinds[at] === single) return
      let prefix = prefixHash(view, start, start + stemLength)
      if (!mayHold(filters.stems, prefix)) return
      for (let place = start + stemLength; ; place += 1) {
        for (const classIndex of stems.get(prefix) ?? []) see(classIndex, at, at + 1)
        if (place >= end || place - start > longestStem) return
        prefix = hashStep(prefix, view.codes[place] ?? 0)
      }
    }
    const seePhrases = (at: number): void => {
      if (at + 1 === count) return
      const key = pairOf(hashes[at] ?? 0, hashes[at + 1] ?? 0)
      if (!mayHold(filters.pairs, key)) return
      for (const { rest, classes } of phrases.get(key) ?? []) {
        if (rest.every((wanted, step) => hashes[at + 2 + step] === wanted && at + 2 + step < count)) {
          for (const classIndex of classes) see(classIndex, at, at + 2 + rest.length)
        }
      }
    }
    for (; index >= 0; index = nextCandidate(view, tokens, index + 1, filters)) {
      seeWord(index)
      seeStems(index)
      seePhrases(index)
    }
    return hits
  }
  return { rules, match }
}

/**
 * The next token that may be a word of a class, begin like a stem or begin a phrase, or -1. The loop that reads every
 * token stands alone, without closures and look-ups: so compilers make ten times more of it.
 */
const nextCandidate = (
  { codes }: View,
  { hashes, starts, count }: Tokens,
  from: number,
  filters: Filters,
): number => {
  const { words, stems, pairs } = filters
  // A beginning is read without asking whether the token is as long; that is left to who looks closer. The last tokens
  // have no room for it: they are always looked at.
  const lastBeginning = codes.length - stemLength
  for (let index = from; index < count; index += 1) {
    const start = starts[index] as number
    if (index + 1 === count || start > lastBeginning) return index
    const hash = hashes[index] as number
    let beginning = hashStep(hashStart, codes[start] as number)
    beginning = hashStep(beginning, codes[start + 1] as number)
    beginning = hashStep(beginning, codes[start + 2] as number)
    beginning = hashStep(beginning, codes[start + 3] as number)
    if (
      mayHold(words, hash) ||
      mayHold(stems, beginning) ||
      mayHold(pairs, pairOf(hash, hashes[index + 1] as number))
    )
      return index
  }
  return -1
}

const prefixHash = (view: View, start: number, end: number): number => {
  let hash = hashStart
  for (let index = start; index < end; index += 1) hash = hashStep(hash, view.codes[index] ?? 0)
  return hash
}
