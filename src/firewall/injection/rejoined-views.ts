import { addPart, addView } from './add-view.ts'
import { joinedView, unchainedView } from './joined-views.ts'
import { leetView } from './leet-view.ts'
import type { Lexicon } from './lexicon.ts'
import { spacedViews } from './spaced-views.ts'
import { namesDisguise, type Region, surveyTokens } from './token-survey.ts'
import type { Tokens } from './tokens.ts'
import type { View } from './view.ts'

const longestRegion = 16_384
const margin = 160

/**
 * Views of words that were pulled apart or disguised: letters with spaces or dots between them, digits for letters,
 * words cut in two or run together, rot13 and reversed text. Only parts of the text where several known words come
 * out are read again. Linear.
 */
export const rejoinedViews = (view: View, tokens: Tokens, lexicon: Lexicon): readonly View[] => {
  const views: View[] = []
  const survey = surveyTokens(view, tokens, lexicon)
  if (survey.lone) spacedViews(view, tokens, lexicon, views)
  if (survey.mixed) leetView(view, tokens, lexicon, views)
  if (survey.chained) unchainedView(view, tokens, views)
  if (survey.joins >= 2) joinedView(view, tokens, lexicon, survey, views)
  if (isDisguised(survey.rotated, tokens, 'rot13')) rotatedView(view, survey.rotated, views)
  if (isDisguised(survey.reversed, tokens, 'reversed')) reversedViews(view, survey.reversed, views)
  return views
}

/** A disguised text shows a known word every few words; chance does not. One is enough where the text says what it is. */
const isDisguised = ({ count, start, end }: Region, tokens: Tokens, kind: 'rot13' | 'reversed'): boolean =>
  count >= 1 && ((count >= 2 && end - start <= count * 36) || namesDisguise(tokens, kind))

/** Where the region is read, with what stands around it. */
const around = (view: View, region: Region): readonly [from: number, to: number] => {
  const from = Math.max(0, region.start - margin)
  return [from, Math.min(view.length, region.end + margin, from + longestRegion)]
}

/** The region in which known words show through rot13, read in clear. */
const rotatedView = (view: View, region: Region, views: View[]): void => {
  const [from, to] = around(view, region)
  addPart(views, view, 'rot13', view.codes.slice(from, to).map(rotate), from)
}

const rotate = (code: number): number =>
  code >= 0x61 && code <= 0x7a ? ((code - 0x61 + 13) % 26) + 0x61 : code

/** The region in which known words show through backwards writing, read from its end, and word by word. */
const reversedViews = (view: View, region: Region, views: View[]): void => {
  const [from, to] = around(view, region)
  const codes = view.codes.slice(from, to)
  addView(
    views,
    view,
    'reversed',
    codes.toReversed(),
    Int32Array.from(codes, (_, step) => to - 1 - step),
  )
  addPart(views, view, 'reversed', reverseWords(codes), from)
}

/** Each word backwards, the order of the words kept. */
const reverseWords = (codes: Uint16Array): Uint16Array => {
  const turned = codes.slice()
  let start = 0
  for (let index = 0; index <= turned.length; index += 1) {
    const code = turned[index] ?? 0x20
    if (code > 0x20) continue
    for (let left = start, right = index - 1; left < right; left += 1, right -= 1) {
      const held = turned[left] ?? 0
      turned[left] = turned[right] ?? 0
      turned[right] = held
    }
    start = index + 1
  }
  return turned
}
