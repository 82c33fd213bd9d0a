import { GatewayError } from '../../errors.ts'
import {
  createPlaceholderMap,
  type Firewall,
  type FirewallPolicy,
  type PlaceholderMap,
} from '../../firewall/index.ts'
import type { Operation } from '../../ir/index.ts'
import { type Exchange, type Reply, whenSettled, within } from '../../pipeline/index.ts'
import type { HandleReference } from '../../protocols/index.ts'
import type { PlaceholderRegistry, PlaceholderState } from '../../sessions/index.ts'
import type { Authenticated } from '../authenticate/index.ts'
import type { Recorded } from '../ledger/index.ts'
import type { Received } from '../receive/index.ts'

/**
 * Where the provider keeps the conversation, later requests do not say its values again: what their placeholders stand
 * for is kept here, under the provider's ids, for the organisation that they were issued to.
 */
export interface EarlierPlaceholdersParts {
  readonly placeholders: Pick<PlaceholderRegistry, 'load' | 'keep' | 'forget'>
  /** `sessions.store`: nothing is kept where the operator wants nothing kept. */
  readonly keepsAnswers: boolean
  /** Told when placeholders cannot be read, so that they stay in the answer. */
  readonly onUnreadable: (error: unknown) => void
}

type Asked = Exchange & Authenticated & Recorded & Received

/**
 * Of the responses and conversations that a request refers to.
 * @throws GatewayError `gateway_storage_unavailable` where they cannot be read and the policy refuses things: it asks
 *   for certainty
 */
export const earlierPlaceholders = async (
  { placeholders, onUnreadable }: EarlierPlaceholdersParts,
  { facts, identity }: Asked,
  enforces: () => boolean,
): Promise<PlaceholderMap> => {
  const states = facts.handles.flatMap(stateOf)
  if (states.length === 0) return noPlaceholders
  try {
    const entries = await placeholders.load(identity.tenant.organisation, states)
    return entries.length === 0 ? noPlaceholders : createPlaceholderMap(entries)
  } catch (error) {
    onUnreadable(error)
    if (!enforces()) return noPlaceholders
    throw new GatewayError(
      'gateway_storage_unavailable',
      'what was redacted earlier in this conversation cannot be read now, and the firewall refuses to go on without it',
      { cause: error },
    )
  }
}

/** Does a policy refuse anything, of whichever side? */
export const enforcesWith = ({ detectors }: Firewall, policy: FirewallPolicy): boolean =>
  detectors.some(
    (name) => policy.mode(name, 'input') === 'enforce' || policy.mode(name, 'output') === 'enforce',
  )

/**
 * Keeps a map under every id that the answer issues, before the client sees it; in the store before the answer ends.
 * Call it before the request goes on, and the result with the reply.
 */
export const keepPlaceholders = (
  { placeholders, keepsAnswers }: EarlierPlaceholdersParts,
  { entry, identity, operation, request, facts }: Asked,
  map: PlaceholderMap,
): ((reply: Reply) => Promise<void>) => {
  const says = request.body.byteLength > 0 && operation !== 'count-tokens'
  if (!keepsAnswers || !says || map.size === 0) return () => Promise.resolve()
  const entries = map.entries()
  const writes = new Map<string, Promise<unknown>>()
  const keep = (state: PlaceholderState): void => {
    if (writes.has(state.id)) return
    writes.set(state.id, placeholders.keep(identity.tenant.organisation, state, entries))
  }
  entry.whenIssued((handle) => stateOf(handle).forEach(keep))
  return async (reply) => {
    // What was added to a conversation is part of it, whether or not the answer names it.
    const talks = facts.handles.flatMap(stateOf).filter(({ kind }) => kind === 'conversation')
    if (reply.status < 400) talks.forEach(keep)
    await whenSettled(reply, () => patiently(writes))
  }
}

/** A state that the provider has deleted needs no placeholders any more. */
export const forgetPlaceholders = async (
  { placeholders }: EarlierPlaceholdersParts,
  { facts, identity, operation }: Asked,
  reply: Reply,
): Promise<void> => {
  if (!deletions.has(operation) || reply.status >= 400) return
  for (const { id } of facts.handles.flatMap(stateOf)) {
    // What is left expires by itself.
    await placeholders.forget(identity.tenant.organisation, id).catch(() => undefined)
  }
}

const deletions: ReadonlySet<Operation> = new Set(['delete-response', 'delete-conversation'])

export const noPlaceholders = createPlaceholderMap([])

const stateOf = ({ kind, id }: Pick<HandleReference, 'kind' | 'id'>): readonly PlaceholderState[] =>
  kind === 'response' || kind === 'conversation' ? [{ kind, id }] : []

/** How long an answer's end waits until its placeholders are written, in milliseconds. */
const patience = 10_000

const patiently = async (writes: ReadonlyMap<string, Promise<unknown>>): Promise<void> => {
  if (writes.size > 0) await within(Promise.all(writes.values()), patience)
}
