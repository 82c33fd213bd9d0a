import type { GenerateResponse } from '../../ir/index.ts'
import { applySplices, memberSplice, ownDepth, scanJson, writeJson } from '../../wire/index.ts'
import type { EncodedRequest } from '../protocol.ts'
import { type BlockContext, saysNothing } from './block-context.ts'
import { encodeParts } from './encode-parts.ts'
import { objectMember, ownMember } from './members.ts'
import { ownRest } from './own.ts'

/**
 * `stop_reason: pause_turn`: the provider wants the request once more, with its own words as the last message and the
 * container that its tools have used (translation.md §11.2). What stood in the request before keeps its bytes, and so
 * what is cached of it.
 */
export const continueRequest = (
  sent: EncodedRequest,
  { choices, ...answer }: GenerateResponse,
): EncodedRequest | undefined => {
  const parts = (choices[0]?.parts ?? []).filter((part) => part.type !== 'text' || !saysNothing(part.text))
  const content = encodeParts(parts, 'messages', unchanged)
  const body = new TextEncoder().encode(sent.body)
  const scan = scanJson(body, noKeys, ownDepth)
  const messages = scan.top.get('messages')
  if (content.length === 0 || messages === undefined) return undefined
  const end = messages.end - 1
  const next = { start: end, end, text: `,${writeJson({ role: 'assistant', content })}` }
  const container = ownMember(objectMember(ownRest(answer) ?? {}, 'container'), 'id')
  const isNew = typeof container === 'string' && !scan.top.has('container')
  const splices = isNew ? [memberSplice(scan, 'container', JSON.stringify(container)), next] : [next]
  return { ...sent, body: new TextDecoder().decode(applySplices(body, splices)) }
}

/** As the provider itself has said it. */
const unchanged: BlockContext = { side: 'request', isForeign: false, shape: 'sparse', warn() {} }

const noKeys: ReadonlySet<string> = new Set()
