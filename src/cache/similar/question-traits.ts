import {
  alternatives,
  directions,
  fillers,
  negations,
  numberWords,
  questionWords,
  timeWords,
} from './deciding-words.ts'

/** What decides the answer of a question, as far as it can be read off its words. */
export interface QuestionTraits {
  /** All words, in lower case. */
  readonly words: ReadonlySet<string>
  /** Those that say something, in their order. */
  readonly content: readonly string[]
  /** In their order, as digits. */
  readonly numbers: string
  readonly negations: number
  /** Proper names and abbreviations, in lower case. */
  readonly names: readonly string[]
  /** Identifiers, paths, flags, versions, addresses and placeholders, in their order. */
  readonly code: string
  readonly quotes: string
  /** What is asked for: who, when, where, why, a number. */
  readonly asks: string
  /** Words of groups that exclude each other, by group. */
  readonly choices: ReadonlyMap<number, ReadonlySet<string>>
  readonly hasDirection: boolean
  /** Is another answer right tomorrow? */
  readonly isOfToday: boolean
}

/** What two questions differ in, so that one answer cannot be right for both. */
export type Difference =
  | 'numbers'
  | 'negation'
  | 'names'
  | 'code'
  | 'quotes'
  | 'question-word'
  | 'alternatives'
  | 'order'
  | 'one-word'

export const questionTraits = (question: string): QuestionTraits => {
  const text = question.normalize('NFKC')
  const code = codeIn(text)
  const spoken = wordsOf(text)
  const lower = spoken.map((word) => word.toLowerCase())
  const words = new Set(lower)
  return {
    words,
    content: lower.filter((word) => !fillers.has(word)).map(stem),
    numbers: numbersIn(text).join(' '),
    negations: lower.filter((word) => negations.has(word) || /n['’]t$/.test(word)).length,
    names: namesIn(code.reduce((rest, word) => rest.replace(word, ' '), text)),
    code: code.join('\n'),
    quotes: quotesIn(text).join('\n'),
    asks: asksOf(lower),
    choices: choicesOf(words),
    hasDirection: lower.some((word) => directions.has(word)),
    isOfToday: lower.some(
      (word, at) => timeWords.has(word) || timeWords.has(`${word} ${lower[at + 1] ?? ''}`),
    ),
  }
}

/** Undefined where nothing that can be read off the words keeps them apart. */
export const difference = (one: QuestionTraits, other: QuestionTraits): Difference | undefined => {
  if (one.code !== other.code) return 'code'
  if (one.numbers !== other.numbers) return 'numbers'
  if (one.negations !== other.negations) return 'negation'
  if (one.quotes !== other.quotes) return 'quotes'
  if (one.asks !== other.asks) return 'question-word'
  if (!allIn(one.names, other.words) || !allIn(other.names, one.words)) return 'names'
  if (hasOtherChoice(one, other)) return 'alternatives'
  if (isReordered(one, other)) return 'order'
  return isSubstituted(one.content, other.content) ? 'one-word' : undefined
}

const allIn = (names: readonly string[], words: ReadonlySet<string>): boolean =>
  names.every((name) => words.has(name))

/** Both name something of a group, and not the same. */
const hasOtherChoice = (one: QuestionTraits, other: QuestionTraits): boolean => {
  for (const [group, mine] of one.choices) {
    const theirs = other.choices.get(group)
    if (theirs !== undefined && mine.symmetricDifference(theirs).size > 0) return true
  }
  return false
}

let groupsOfWords: ReadonlyMap<string, readonly number[]> | undefined

const choicesOf = (words: ReadonlySet<string>): ReadonlyMap<number, ReadonlySet<string>> => {
  groupsOfWords ??= groupsByWord()
  const choices = new Map<number, Set<string>>()
  for (const word of words)
    for (const group of groupsOfWords.get(word) ?? [])
      choices.set(group, (choices.get(group) ?? new Set()).add(word))
  return choices
}

const groupsByWord = (): ReadonlyMap<string, readonly number[]> => {
  const groups = new Map<string, number[]>()
  for (const [at, group] of alternatives.entries())
    for (const word of group) groups.set(word, [...(groups.get(word) ?? []), at])
  return groups
}

/** The same words in another order, where order matters: dollars to euros, euros to dollars. */
const isReordered = (one: QuestionTraits, other: QuestionTraits): boolean =>
  (one.hasDirection || other.hasDirection) &&
  one.content.join(' ') !== other.content.join(' ') &&
  one.content.toSorted().join(' ') === other.content.toSorted().join(' ')

/** Only one word is another: the most alike of all pairs of questions, and mostly not the same. */
const isSubstituted = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length &&
  one.reduce((count, word, at) => count + (word === other[at] ? 0 : 1), 0) === 1

/** Plural and singular are one word. */
const stem = (word: string): string => (word.length > 4 ? word.replace(/(?:ies|es|s|y|e)$/u, '') : word)

const segmenter = new Intl.Segmenter('en', { granularity: 'word' })

const wordsOf = (text: string): readonly string[] =>
  Array.from(segmenter.segment(text)).flatMap(({ segment, isWordLike }) =>
    isWordLike === true ? [segment] : [],
  )

const numbersIn = (text: string): readonly string[] =>
  Array.from(text.matchAll(/\p{Nd}+(?:[.,:/]\p{Nd}+)*|\p{L}+/gu), ([found]) =>
    /^\p{Nd}/u.test(found) ? digits(found) : numberWords.get(found.toLowerCase()),
  ).filter((value) => value !== undefined)

/** `1,000` is 1000, and Arabic or Thai digits are digits. */
const digits = (text: string): string =>
  text
    .replace(/\p{Nd}/gu, (digit) => String(digitValue(digit)))
    .replace(/,(?=\d{3}(?!\d))/g, '')
    .replace(/^0+(?=\d)/, '')

/** Digits of a script follow one another from its zero, each ten in a row of their own. */
const digitValue = (digit: string): number => {
  const code = digit.codePointAt(0) ?? 0
  for (let zero = code; zero > code - 10; zero--) {
    if (!/^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) return code - zero
  }
  return code % 10
}

/** Words with a capital within a sentence, and abbreviations; none where everything is written in capitals. */
const namesIn = (text: string): readonly string[] => {
  const letters = text.match(/\p{L}/gu)?.length ?? 0
  const capitals = text.match(/\p{Lu}/gu)?.length ?? 0
  if (capitals > letters * 0.6) return []
  const found = Array.from(text.matchAll(/(^|[.!?:;\n]\s*|\s|[("'“«])(\p{Lu}[\p{L}\p{M}\p{N}]*)/gu))
  return found.flatMap(([, before = '', word = '']) => {
    const isFirst = before !== ' ' && !/^[("'“«]$/.test(before)
    if (word === 'I' || (isFirst && !/^\p{Lu}{2,}/u.test(word))) return []
    return [word.toLowerCase()]
  })
}

const codeShape =
  /[_\\{}<>=#$@`|~^*+]|::|->|\p{L}\(|\.[\p{L}\p{N}]|[\p{L}\p{N}]\/|^--?\p{L}|\p{Ll}\p{Lu}|\p{L}\p{Nd}|\p{Nd}\p{L}|^\[.+\]$/u

const codeIn = (text: string): readonly string[] =>
  text.split(/\s+/).flatMap((word) => {
    const bare = word.replace(/^["'`“”‘’«»(,;:!?]+|["'`“”‘’«»),;:!?.]+$/gu, '')
    return codeShape.test(bare) ? [bare] : []
  })

const quotesIn = (text: string): readonly string[] =>
  Array.from(
    text.matchAll(/"([^"]+)"|“([^”]+)”|«([^»]+)»|「([^」]+)」|(?<=^|\s)'([^']+)'(?=$|[\s.,;:!?])/gu),
    (found) => (found.slice(1).find((quoted) => quoted !== undefined) ?? '').trim().toLowerCase(),
  )

const asksOf = (words: readonly string[]): string => {
  const asked = new Set<string>()
  for (const [at, word] of words.entries()) {
    const name = questionWords.get(word)
    if (name !== undefined) asked.add(name)
    if (word === 'how' && /^(?:many|much|long|often|far|old|big|tall)$/.test(words[at + 1] ?? ''))
      asked.add(`how ${words[at + 1]}`)
  }
  return [...asked].sort().join(' ')
}
