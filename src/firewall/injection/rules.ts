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

const mayHold = (bits: Int32Array, hash: number): boolean => {
  const slot = (hash ^ (hash >>> 15)) & filterMask
  return ((bits[slot >> 5] ?? 0) & (1 << (slot & 31))) !== 0
}

const pairOf = (first: number, second: number): number => (Math.imul(first, 31) + second) | 0

/** Compiles the word classes and rules; done once. */
export const createRuleMatcher = (): RuleMatcher => {
  const names = Object.keys(wordClasses)
  const words = new Map<number, number[]>()
  const stems = new Map<number, number[]>()
  const phrases = new Map<number, Phrase[]>()
  const wordFilter = createFilter()
  const stemFilter = createFilter()
  const pairFilter = createFilter()
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
    const lastSeen = new Int32Array(names.length).fill(-1000)
    const lastHit = new Int32Array(rules.length).fill(-1000)
    const { hashes, starts, ends, kinds, count } = tokens
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
    for (let index = 0; index < count; index += 1) {
      const hash = hashes[index] ?? 0
      if (mayHold(wordFilter.bits, hash)) {
        for (const classIndex of words.get(hash) ?? []) see(classIndex, index, index + 1)
      }
      const start = starts[index] ?? 0
      const end = ends[index] ?? 0
      if (end - start >= stemLength && (kinds[index] ?? 0) !== single) {
        let prefix = prefixHash(view, start, start + stemLength)
        if (mayHold(stemFilter.bits, prefix)) {
          for (let place = start + stemLength; ; place += 1) {
            for (const classIndex of stems.get(prefix) ?? []) see(classIndex, index, index + 1)
            if (place >= end || place - start > 24) break
            prefix = hashStep(prefix, view.codes[place] ?? 0)
          }
        }
      }
      if (index + 1 === count) break
      const key = pairOf(hash, hashes[index + 1] ?? 0)
      if (!mayHold(pairFilter.bits, key)) continue
      for (const { rest, classes } of phrases.get(key) ?? []) {
        if (rest.every((wanted, step) => hashes[index + 2 + step] === wanted && index + 2 + step < count)) {
          for (const classIndex of classes) see(classIndex, index, index + 2 + rest.length)
        }
      }
    }
    return hits
  }
  return { rules, match }
}

const prefixHash = (view: View, start: number, end: number): number => {
  let hash = hashStart
  for (let index = start; index < end; index += 1) hash = hashStep(hash, view.codes[index] ?? 0)
  return hash
}
