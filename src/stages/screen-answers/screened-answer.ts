import { type CanonicalError, collect, type GenerateResponse, replay } from '../../ir/index.ts'
import type { AnswerLook } from './answer-look.ts'

/** A whole answer that was looked at. */
export interface ScreenedAnswer {
  readonly isChanged: boolean
  /** Parts that were changed have no source text any more. */
  readonly response: GenerateResponse
  /** It must not be said at all. */
  readonly error?: CanonicalError
}

export const screenedAnswer = async (look: AnswerLook, answer: GenerateResponse): Promise<ScreenedAnswer> => {
  const events = replay(answer)
  const said = [...(await look.pass(events)), ...(await look.end())]
  if (said.length === events.length && said.every((event, at) => event === events[at]))
    return { isChanged: false, response: answer }
  const { response, error } = collect(answer.protocol, said)
  return {
    isChanged: true,
    response: unsourced(response, answer),
    ...(error === undefined ? {} : { error }),
  }
}

/** Source text says what was said before: only parts that nobody changed keep theirs. */
const unsourced = (
  { raw: _raw, ...response }: GenerateResponse,
  before: GenerateResponse,
): GenerateResponse => ({
  ...response,
  choices: response.choices.map(({ raw: _own, ...choice }, at) => ({
    ...choice,
    parts: choice.parts.map((part, place) => {
      if (Bun.deepEquals(part, before.choices[at]?.parts[place])) return part
      const { raw: _text, ...rest } = part
      return rest
    }),
  })),
})
