import { GatewayError } from '../../errors.ts'
import type { JsonText } from '../../ir/index.ts'
import type { HandleReference, SessionCodec, SessionRequest } from '../../protocols/index.ts'
import {
  isOwnId,
  isSealedState,
  type KeptResponse,
  type Owner,
  type ResponseRecord,
  responseOfItem,
  type Sessions,
} from '../../sessions/index.ts'

/** What a request refers to, looked up. What is not found may still be a provider's: it is left as it is. */
export interface Resolved {
  /** What was said before, oldest first. */
  readonly history: readonly JsonText[]
  /** The request's own items; references among them replaced by what they refer to. */
  readonly own: readonly JsonText[]
  /** How to find the history again. */
  readonly base: Pick<ResponseRecord, 'history' | 'conversation'>
  /** The member that named the history. */
  readonly source: 'previous_response_id' | 'conversation' | undefined
}

export interface ResolveParts {
  readonly sessions: Sessions
  readonly codec: SessionCodec
  readonly owner: Owner
  /** Was this id issued to the organisation by a provider? Another Tollgate has ids that look like ours. */
  readonly isIssued: (id: string) => Promise<boolean>
}

/**
 * Looks up everything of ours that a request refers to.
 * @throws GatewayError `gateway_handle_unknown` for a history of which a part is gone, `gateway_request_invalid` for what
 *   cannot be continued
 */
export const resolve = async (
  asked: SessionRequest,
  items: readonly JsonText[],
  references: readonly HandleReference[],
  parts: ResolveParts,
): Promise<Resolved> => {
  const told = await continued(asked, parts)
  const history = parts.codec.sinceCompaction(told.history, isSealedState)
  return { ...told, history, own: await withReferences(items, references, parts) }
}

const continued = async (
  { previousResponseId, conversation }: SessionRequest,
  { sessions, owner }: ResolveParts,
): Promise<Omit<Resolved, 'own'>> => {
  if (conversation !== undefined && isOwnId(conversation)) {
    if ((await sessions.conversation(owner, conversation)) === undefined) return nothing
    if (previousResponseId !== undefined) throw bothNamed()
    const items = await sessions.allItems(owner, conversation)
    const before = (items.at(-1)?.position ?? 0) + 1
    return {
      history: items.map(({ json }) => json),
      base: { history: [], conversation: { id: conversation, before } },
      source: 'conversation',
    }
  }
  if (previousResponseId === undefined || !isOwnId(previousResponseId)) return nothing
  const kept = await sessions.response(owner, previousResponseId)
  if (kept === undefined) return nothing
  if (conversation !== undefined) throw bothNamed()
  assertContinuable(kept)
  const { history, conversation: place } = kept.record
  const base = {
    history: [...history, kept.id],
    ...(place === undefined ? {} : { conversation: place }),
  }
  const items = await sessions.historyOf(owner, { ...kept.record, ...base })
  return { history: items, base, source: 'previous_response_id' }
}

const nothing: Omit<Resolved, 'own'> = { history: [], base: { history: [] }, source: undefined }

/** What an answer in the works, or one that failed, would be continued from is not known. */
const assertContinuable = ({ id, state, record }: KeptResponse): void => {
  const { status }: { readonly status?: unknown } = JSON.parse(record.response)
  if (state === 'done' && (status === 'completed' || status === 'incomplete')) return
  const word = state === 'running' ? 'is still in progress' : 'did not complete'
  throw new GatewayError(
    'gateway_request_invalid',
    `the response \`${id}\` ${word}, it cannot be continued`,
    {
      param: 'previous_response_id',
    },
  )
}

const withReferences = async (
  items: readonly JsonText[],
  references: readonly HandleReference[],
  { sessions, codec, owner, isIssued }: ResolveParts,
): Promise<readonly JsonText[]> => {
  const found = new Map<number, JsonText>()
  const answers = new Map<string, Promise<KeptResponse | undefined>>()
  for (const { kind, id, path } of references) {
    const index = kind === 'item' ? indexOf(path) : undefined
    if (index === undefined || !isOwnId(id)) continue
    const answer = responseOfItem(id)
    const asking = answers.get(answer) ?? sessions.response(owner, answer)
    answers.set(answer, asking)
    const kept = (await asking)?.record
    const around = kept === undefined ? [] : [...kept.input, ...codec.outputOf(kept.response)]
    const item = around.find((one) => codec.idOf(one) === id) ?? (await sessions.anyItem(owner, id))?.json
    const said = items[index]
    if (item !== undefined) found.set(index, item)
    // Without what was kept it only says less; nobody need look for it.
    else if (said !== undefined && !codec.isReference(said) && !(await isIssued(id)))
      found.set(index, codec.withoutId(said))
  }
  return found.size === 0 ? items : items.map((item, index) => found.get(index) ?? item)
}

const indexOf = (path: string): number | undefined => {
  const [, index] = /^(?:input|items)\[(\d+)\]/.exec(path) ?? []
  return index === undefined ? undefined : Number(index)
}

export const unknown = (kind: string, id: string, param?: string): GatewayError =>
  new GatewayError(
    'gateway_handle_unknown',
    `no ${kind} \`${id.slice(0, 100)}\` is kept for this key: it was not stored, was deleted, or has expired`,
    param === undefined ? {} : { param },
  )

const bothNamed = (): GatewayError =>
  new GatewayError(
    'gateway_request_invalid',
    'a request continues either `previous_response_id` or `conversation`, not both',
    { param: 'previous_response_id' },
  )
