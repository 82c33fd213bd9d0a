import {
  type CanonicalError,
  collect,
  type GenerateResponse,
  replay,
  type StreamEvent,
} from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'

/** A whole answer behind the machines that look at it. */
export interface ScreenedAnswer {
  readonly isChanged: boolean
  /** Parts that were changed have no source text any more. */
  readonly response: GenerateResponse
  /** It must not be said at all. */
  readonly error?: CanonicalError
}

export const screenedAnswer = (
  chain: Machine<StreamEvent, StreamEvent>,
  answer: GenerateResponse,
): ScreenedAnswer => {
  let isChanged = false
  const events = replay(answer).flatMap((event) => {
    const said = chain.push(event)
    isChanged ||= said.length !== 1 || said[0] !== event
    return said
  })
  const left = chain.end()
  if (!isChanged && left.length === 0) return { isChanged: false, response: answer }
  const { response, error } = collect(answer.protocol, [...events, ...left])
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
