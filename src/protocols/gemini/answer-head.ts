import type { Finish, JsonObject } from '../../ir/index.ts'
import { decodeBlock, finishWord } from './finish.ts'
import { type ObjectReader, readObject } from './read-object.ts'

/** Id, model, time and tier, as the answer and every chunk of a stream have them. */
export const readHead = (root: JsonObject, reader: ObjectReader) => {
  const id = reader.string('responseId')
  const model = reader.string('modelVersion')
  const created = typeof root['createTime'] === 'string' ? Date.parse(root['createTime']) : Number.NaN
  const usage = readObject(root).object('usageMetadata')
  const tier = usage === undefined ? undefined : readObject(usage).string('serviceTier')
  return {
    members: {
      ...(id === undefined ? {} : { id }),
      ...(model === undefined ? {} : { model }),
      ...(Number.isFinite(created) ? { created: Math.floor(created / 1000) } : {}),
      ...(tier === undefined ? {} : { serviceTier: tier }),
    },
  }
}

/** The finish of an answer whose prompt was refused. */
export const blockOf = (root: JsonObject): Finish | undefined => {
  const feedback = readObject(root).object('promptFeedback')
  const blocked = feedback !== undefined && finishWord(readObject(feedback).take('blockReason')) !== undefined
  return blocked ? decodeBlock(feedback) : undefined
}
