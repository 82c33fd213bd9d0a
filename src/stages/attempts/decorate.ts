import type { Reply } from '../../pipeline/index.ts'
import { warningsHeader } from '../../translation/index.ts'
import { headerText } from '../../wire/index.ts'
import type { Target } from '../match/index.ts'
import type { AnsweredExchange } from './attempt.ts'

/** Our own headers. @param calls how many upstream calls there were, and what became of those that failed */
export const decorate = (reply: Reply, exchange: AnsweredExchange, target: Target, calls: string): Reply => {
  reply.headers.set('x-tollgate-request-id', exchange.id)
  reply.headers.set('x-tollgate-provider', target.provider.id)
  if (target.model !== '') reply.headers.set('x-tollgate-model', headerText(target.model))
  reply.headers.set('x-tollgate-attempts', calls)
  const warnings = warningsHeader(exchange.entry.warnings)
  if (warnings !== undefined) reply.headers.set('x-tollgate-warnings', warnings)
  return reply
}
