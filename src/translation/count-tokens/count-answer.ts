import type { Part } from '../../ir/index.ts'
import type { TokenProfile } from './token-profile.ts'
import type { CountText } from './tokenizer.ts'

/** What a model wrote, as far as its words can be seen. */
export interface ReadAnswer {
  readonly texts: readonly string[]
  readonly calls: number
}

export const readAnswer = (parts: readonly Part[]): ReadAnswer => ({
  texts: parts.flatMap(textsOf),
  calls: parts.filter(({ type }) => type === 'tool-call').length,
})

/** @param countText tokens of a text in OpenAI's alphabet, counted or estimated */
export const countAnswer = (
  { texts, calls }: ReadAnswer,
  { textScale, perAnswer, firstCall, furtherCall }: TokenProfile,
  countText: CountText,
): number =>
  Math.ceil(
    perAnswer +
      texts.reduce((sum, text) => sum + countText(text), 0) * textScale +
      (calls === 0 ? 0 : firstCall + (calls - 1) * furtherCall),
  )

/** Only the parts that are a model's own words. */
const textsOf = (part: Part): readonly string[] => {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return [part.text]
    case 'json':
      return [part.json]
    case 'tool-call':
      return [part.name, part.input]
    case 'reasoning':
      return part.pieces.map(({ text }) => text)
    default:
      return []
  }
}
