import type { KeyObject } from 'node:crypto'
import {
  type Extensions,
  type GenerateRequest,
  isJsonObject,
  type JsonObject,
  type ProtocolId,
  type ReasoningState,
} from '../../ir/index.ts'
import {
  accountOf,
  type PieceLayout,
  type SealedState,
  type StatePosition,
  sealState,
} from '../../sessions/index.ts'
import type { TranslationTarget } from '../pass.ts'

export interface AnswerParts {
  /** As the client decoded it: how it wants its answer. */
  readonly request: GenerateRequest
  /** Who answers. */
  readonly target: TranslationTarget
  /** `StateKeys.sign` of the client's organisation. */
  readonly key: KeyObject
}

/** What is known of a reasoning part when its state is sealed. */
export interface ThoughtFacts {
  readonly pieces: readonly PieceLayout[]
  /** For clients that do not send thoughts back. */
  readonly text?: string
  readonly extensions?: Extensions | undefined
}

/** Puts state of the target into envelopes, as the state of the client's own protocol. */
export interface AnswerSeal {
  /** On a reasoning part. Undefined where there is nothing to carry. */
  thought(
    state: ReasoningState | undefined,
    position: StatePosition,
    facts: ThoughtFacts,
  ): ReasoningState | undefined
  /** On a tool call of Chat Completions, in Google's own field. */
  call(state: ReasoningState): ReasoningState
}

export const answerSeal = ({ request, target, key }: AnswerParts): AnswerSeal => {
  const account = accountOf(target.provider, target.credential)
  const client = request.protocol
  const seal = (
    state: Pick<SealedState, 'kind' | 'position' | 'payload' | 'pieces'> & Partial<SealedState>,
  ) => sealState({ protocol: target.protocol, account, model: target.model, ...state }, key)
  return {
    thought(state, position, { pieces, text, extensions }) {
      // Anthropic's clients need a signature on every thought, and both of these must know it again later.
      const isNeeded = client === 'anthropic-messages' || client === 'openai-responses'
      if (state === undefined && (!isNeeded || pieces.length === 0)) return undefined
      const value = seal({
        kind: state?.kind ?? 'none',
        position,
        payload: state?.value ?? '',
        pieces,
        ...(text === undefined || pieces.length === 0 ? {} : { text }),
        ...originOf(target.protocol, extensions),
      })
      return clientState(client, value, pieces.length > 0)
    },
    call: (state) => ({
      protocol: 'gemini',
      kind: 'thought-signature',
      value: seal({ kind: state.kind, position: 'call', payload: state.value, pieces: [] }),
    }),
  }
}

/** The field of the client's protocol that it will stand in (translation.md §7.2). */
const clientState = (client: ProtocolId, value: string, isReadable: boolean): ReasoningState => {
  switch (client) {
    case 'anthropic-messages':
      return { protocol: client, kind: isReadable ? 'signature' : 'redacted', value }
    case 'gemini':
      return { protocol: client, kind: 'thought-signature', value }
    default:
      return { protocol: client, kind: 'encrypted', value }
  }
}

/** Far above what decoders note about a part; what is larger is not worth its way. */
const maximumExtension = 2048

const originOf = (
  protocol: ProtocolId,
  extensions: Extensions | undefined,
): Pick<SealedState, 'itemId' | 'extension'> => {
  const own = extensions?.[protocol]
  if (own === undefined) return {}
  if (protocol === 'openai-responses') {
    const id = isJsonObject(own['item']) ? own['item']['id'] : undefined
    return typeof id === 'string' ? { itemId: id } : {}
  }
  const json = isEmpty(own) ? '' : JSON.stringify(own)
  return json === '' || json.length > maximumExtension ? {} : { extension: json }
}

const isEmpty = (object: JsonObject): boolean => {
  for (const _ in object) return false
  return true
}
