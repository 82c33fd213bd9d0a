import { type GenerateResponse, type Part, replay } from '../../ir/index.ts'
import { writeJson } from '../../wire/index.ts'
import type { EncodedResponse, ReplyContext } from '../protocol.ts'
import { encodeOutput } from './answer-items.ts'
import { AnswerWriter } from './answer-writer.ts'
import { completeResponse, ownPatch } from './complete-response.ts'
import { createLosses, type Losses } from './losses.ts'
import type { Written } from './patch.ts'
import type { ResponseHead } from './response-object.ts'
import { type Frame, protocolId } from './wire.ts'

/** A whole answer as a response object. */
export const encodeResponse = (response: GenerateResponse, reply: ReplyContext): EncodedResponse => {
  const losses = createLosses()
  if (response.choices.length > 1) {
    losses.add('dropped', 'candidates', 'sampling.candidates', 'a response holds one answer')
  }
  const isOwn = ownPatch(response) !== undefined
  const body = isOwn ? ownBody(response, reply, losses) : foreignBody(response, reply, losses)
  return {
    body: writeJson(body),
    headers: { 'content-type': 'application/json' },
    warnings: losses.warnings,
  }
}

const ownBody = (response: GenerateResponse, reply: ReplyContext, losses: Losses): Written => {
  const [choice] = response.choices
  const parts = choice?.parts ?? []
  const output = encodeOutput(parts, reply.id, choice?.finish?.reason === 'length', losses)
  return completeResponse(response, headOf(response, hasRefusal(parts)), output, reply)
}

/** What the stream would say at its end: one writer for both, so that they never differ. */
const foreignBody = (response: GenerateResponse, reply: ReplyContext, losses: Losses): Written => {
  const [choice] = response.choices
  // Of our own protocol: it has been queued, and has not begun.
  if (choice === undefined && response.protocol === protocolId) {
    return completeResponse(response, headOf(response, false), [], reply)
  }
  const writer = new AnswerWriter(reply, losses)
  let last: Frame | undefined
  for (const event of replay(response)) last = writer.write(event, false).at(-1) ?? last
  return last !== undefined && 'response' in last ? last.response : {}
}

export const hasRefusal = (parts: readonly Part[]): boolean => parts.some((part) => part.type === 'refusal')

const headOf = (response: GenerateResponse, refused: boolean): ResponseHead => {
  const { id, model, created, serviceTier, usage } = response
  const finish = response.choices[0]?.finish
  return {
    ...(id === undefined ? {} : { id }),
    ...(model === undefined ? {} : { model }),
    ...(created === undefined ? {} : { created }),
    ...(serviceTier === undefined ? {} : { serviceTier }),
    ...(usage === undefined ? {} : { usage }),
    ...(finish === undefined ? {} : { finish }),
    hasRefusal: refused,
  }
}
