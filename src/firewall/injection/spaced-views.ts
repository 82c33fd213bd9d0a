import { addText } from './add-view.ts'
import { unleet } from './leet-view.ts'
import type { Lexicon } from './lexicon.ts'
import { digit, hashOf, hashStart, hashStep, letter, punctuation, type Tokens } from './tokens.ts'
import type { View } from './view.ts'

/** Runs of lone letters. Where the gaps differ, the wider ones part the words; else the lexicon does. */
export const spacedViews = (view: View, tokens: Tokens, lexicon: Lexicon, views: View[]): void => {
  const { starts, ends, kinds, count } = tokens
  const isLone = (index: number): boolean =>
    (ends[index] ?? 0) - (starts[index] ?? 0) === 1 && ((kinds[index] ?? 0) & (letter | digit)) !== 0
  let index = 0
  while (index < count) {
    if (!isLone(index)) {
      index += 1
      continue
    }
    const places: number[] = []
    const first = index
    for (; index < count && places.length < 4096; index += 1) {
      if (isLone(index)) {
        const place = starts[index] ?? 0
        if (places.length > 0 && place - (places.at(-1) ?? 0) > 8) break
        places.push(place)
      } else if ((kinds[index] ?? 0) !== punctuation) break
    }
    if (index === first) index += 1
    const letters = places.filter((place) => (view.codes[place] ?? 0) >= 0x61).length
    if (letters < 6 || letters < places.length * 0.6) continue
    let text = ''
    const gaps = places.slice(1).map((place, step) => gapOf(view, places[step] ?? 0, place))
    const commonest = mostCommon(gaps)
    places.forEach((place, step) => {
      if (step > 0 && gaps[step - 1] !== commonest) text += ' '
      text += unleet(view.codes[place] ?? 0)
    })
    const joined = text
      .split(' ')
      .map((piece) => (lexicon.has(hashOf(piece)) ? piece : (lexicon.segment(piece)?.join(' ') ?? piece)))
      .join(' ')
    addText(views, view, 'spaced', joined, places[0] ?? 0, (places.at(-1) ?? 0) + 1)
  }
}

/** Hash of what stands between two places. */
const gapOf = (view: View, from: number, to: number): number => {
  let gap = hashStart
  for (let index = from + 1; index < to; index += 1) gap = hashStep(gap, view.codes[index] ?? 0)
  return gap
}

const mostCommon = (gaps: readonly number[]): number => {
  const counts = new Map<number, number>()
  for (const gap of gaps) counts.set(gap, (counts.get(gap) ?? 0) + 1)
  let best = 0
  for (const [gap, count] of counts) if (count > (counts.get(best) ?? 0)) best = gap
  return best
}
