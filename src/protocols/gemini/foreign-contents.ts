import type { GenerateRequest, Part, Turn } from '../../ir/index.ts'
import { RawJson } from '../../wire/index.ts'
import type { TargetContext } from '../protocol.ts'
import { wireName } from './encode-calls.ts'
import { type EncodedPart, encodeParts, type PartContext } from './encode-parts.ts'
import { alternating, type Exchange, splitSystem } from './foreign-turns.ts'
import type { Losses } from './losses.ts'

/** Google's own value for a call whose signature is lost; Gemini 3 refuses the call without one. */
const skipSignature = 'skip_thought_signature_validator'

/** Turns of another protocol as `contents`. */
export const foreignContents = (
  request: GenerateRequest,
  { capabilities }: TargetContext,
  losses: Losses,
): readonly object[] => {
  const { rest } = splitSystem(request.turns)
  const names = callNames(rest)
  let documents = 0
  const context: PartContext = {
    side: 'foreign request',
    lose: losses.lose,
    showsThoughts: false,
    nameOf: (callId) => names.get(callId),
    ...(capabilities === undefined ? {} : { resultMedia: capabilities.toolResults }),
    nextDocument: () => ++documents,
  }
  const exchanges = alternating(rest)
  const contents = merged(exchanges.map((exchange) => encodeExchange(exchange, context, losses)))
  const last = exchanges.at(-1)
  if (capabilities?.prefill === false && last?.role === 'model' && !last.parts.some(isCall)) {
    losses.add('approximated', 'prefill', last.at, 'the model reads it as history and does not go on with it')
  }
  const signs = capabilities?.signaturesEnforced !== false
  return contents.map(({ role, parts, at }) => ({
    role,
    parts: signs && role === 'model' ? withSignature(parts, at, losses) : parts,
  }))
}

interface Content {
  readonly role: Exchange['role']
  readonly parts: readonly EncodedPart[]
  readonly at: string
}

const encodeExchange = ({ role, parts, at }: Exchange, context: PartContext, losses: Losses): Content => {
  const encoded = encodeParts(parts, context)
  if (encoded.length > 0 || role === 'model') return { role, parts: encoded, at }
  losses.add('approximated', 'empty message', at, 'a content must have a part')
  return { role, parts: [{ text: '(empty)' }], at }
}

/** What could not be said may leave nothing between two contents of one side. */
const merged = (contents: readonly Content[]): readonly Content[] => {
  const result: { readonly role: Content['role']; readonly parts: EncodedPart[]; readonly at: string }[] = []
  for (const { role, parts, at } of contents) {
    if (parts.length === 0) continue
    const last = result.at(-1)
    if (last?.role === role) last.parts.push(...parts)
    else result.push({ role, parts: [...parts], at })
  }
  return result
}

/**
 * The first call of each step must carry a signature. All steps get one and not the current turn's alone, so that the
 * next request begins with the bytes of this one (translation.md §1.9).
 */
const withSignature = (parts: readonly EncodedPart[], at: string, losses: Losses): readonly EncodedPart[] => {
  const first = parts.findIndex((part) => 'functionCall' in part)
  const call = parts[first]
  if (call === undefined || call instanceof RawJson || 'thoughtSignature' in call) return parts
  losses.add(
    'approximated',
    'thought signature',
    at,
    'the signature of a call is lost, and its check is skipped',
  )
  return parts.with(first, { ...call, thoughtSignature: skipSignature })
}

const isCall = (part: Part): boolean => part.type === 'tool-call'

/** Call id → tool name: other protocols' results carry the id alone. */
const callNames = (turns: readonly Turn[]): ReadonlyMap<string, string> =>
  new Map(
    turns.flatMap((turn) =>
      turn.parts.flatMap((part): [string, string][] =>
        part.type === 'tool-call' && part.id !== undefined ? [[part.id, wireName(part)]] : [],
      ),
    ),
  )
