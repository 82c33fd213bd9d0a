import { conversationName } from '../../prompt-cache/index.ts'
import type { ScannedRequest } from '../../protocols/index.ts'
import type { AnsweredExchange } from './attempt.ts'
import type { CredentialPool } from './credential-pool.ts'
import type { Choice } from './possible-targets.ts'

/** Under what a client without sessions is remembered, by its request. */
const names = new WeakMap<ScannedRequest, string>()

/** Nobody keeps shorter prompts, in bytes. */
const shortest = 2_000

/**
 * Where a conversation was answered last whose client gives it no name: it is known by how it begins, since its prompt
 * is kept by that. Only where there is a choice; and what only begins goes wherever it is its turn.
 * @returns the session to go on with; undefined for a new one
 */
export const prefixSession = (
  exchange: AnsweredExchange,
  choices: readonly Choice[],
  pool: Pick<CredentialPool, 'anyway'>,
): string | undefined => {
  const { request, protocol, operation, identity } = exchange
  if (operation !== 'generate' || request.body.byteLength < shortest) return undefined
  const [first] = choices
  if (first === undefined) return undefined
  const { provider, model } = first.target
  if (choices.length < 2 && pool.anyway(provider.id, model).length < 2) return undefined
  const found = conversationName(request.scan.text, protocol.id)
  if (found === undefined) return undefined
  const name = `${identity.tenant.organisation}\n${identity.id}\n${found.name}`
  names.set(request, name)
  return found.goesOn ? name : undefined
}

/** Under what the target that answered is to be remembered; undefined where nobody asked for a session. */
export const knownPrefixSession = ({ request }: AnsweredExchange): string | undefined => names.get(request)
