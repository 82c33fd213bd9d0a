/**
 * Brings the turns of another protocol into the shapes that Chat Completions has: one assistant message per answer,
 * tool messages directly behind it, text alone in them, no state of another provider. Pure functions of the history: a
 * longer one extends what the shorter one gave (translation.md §1.9, §4, §5.3, §5.4, §7.4).
 */
import type { Capabilities, GenerateRequest, Part, Turn } from '../../ir/index.ts'
import { withoutAssistantMedia } from './assistant-media.ts'
import { withBreakpoints, withoutBreakpoints } from './cache-breakpoints.ts'
import { canonicalPart, protocol } from './encode-parts.ts'
import { adoptMedia, isMedia, type MediaContext } from './foreign-media.ts'
import { withJsonWord } from './json-word.ts'
import type { LossReporter } from './losses.ts'
import { resultsAtCalls, withCallIds } from './tool-messages.ts'

/** What of a model's abilities shapes its messages. */
export type TurnCapabilities = Pick<
  Capabilities,
  'cache' | 'developerRole' | 'prefill' | 'reasoningTextInHistory'
>

export const adoptTurns = (
  request: GenerateRequest,
  capabilities: TurnCapabilities | undefined,
  losses: LossReporter,
): readonly Turn[] => {
  let documents = 0
  const context: Context = {
    source: request.protocol,
    losses,
    nextDocument: () => ++documents,
    capabilities,
  }
  const wanted = request.turns.filter((turn) => !isOnlySettings(turn))
  const placed = withPlaces(request.output?.type === 'json' ? withJsonWord(wanted, losses) : wanted)
  const marked =
    capabilities?.cache === 'breakpoints'
      ? withBreakpoints(placed, request.tools, losses)
      : withoutBreakpoints(placed)
  const answers = joinAnswers(withoutAssistantMedia(marked))
  const messages = resultsAtCalls(withCallIds(answers), context)
    .map((turn) => adoptTurn(turn, context))
    // A user turn is never empty here: it says so in words.
    .filter((turn) => turn.parts.length > 0)
  notePrefill(messages, context)
  return messages
}

interface Context extends MediaContext {
  readonly capabilities: TurnCapabilities | undefined
}

/** A turn that only brings tools or settings; they hold for the whole request here. */
const isOnlySettings = (turn: Turn): boolean =>
  turn.parts.length === 0 &&
  (turn.tools !== undefined || turn.reasoning !== undefined || turn.output !== undefined)

/** Parts that do not know where the client said them get their place before they move. */
const withPlaces = (turns: readonly Turn[]): readonly Turn[] =>
  turns.map((turn, index) => {
    const at = turn.at ?? `turns[${index}]`
    const parts = turn.parts.map(
      (part, place): Part =>
        part.at === undefined ? { ...part, at: turn.at ?? `${at}.parts[${place}]` } : part,
    )
    return { ...turn, at, parts }
  })

/** Items of one answer become one message: reasoning, text and calls were items or blocks of their own. */
const joinAnswers = (turns: readonly Turn[]): readonly Turn[] => {
  const joined: { readonly turn: Turn; readonly parts: Part[]; count: number }[] = []
  for (const turn of turns) {
    const last = joined.at(-1)
    if (turn.role === 'assistant' && last?.turn.role === 'assistant') {
      last.parts.push(...turn.parts)
      last.count++
    } else joined.push({ turn, parts: [...turn.parts], count: 1 })
  }
  return joined.map(({ turn, parts, count }) => {
    if (count === 1) return turn
    const { form: _form, ...rest } = turn
    return { ...rest, parts }
  })
}

const adoptTurn = (turn: Turn, context: Context): Turn => {
  // Tool messages are ready.
  if (turn.parts.some((part) => part.type === 'tool-result')) return turn
  const { form: _form, authority: _authority, ...rest } = turn
  const parts = turn.parts.flatMap((part) => adoptPart(part, turn, context))
  if (turn.role === 'user' && parts.length === 0) {
    context.losses.approximated('empty message', turn.at ?? 'turns', 'a message must have content')
    return { ...rest, parts: [{ type: 'text', text: '(empty)' }], form: 'string' }
  }
  const said = turn.role === 'assistant' ? joinTexts(parts, context) : parts
  return {
    ...rest,
    ...(turn.role === 'system' ? { authority: authorityOf(turn, context) } : {}),
    parts: said,
    ...(isLoneText(said) ? { form: 'string' as const } : {}),
  }
}

const authorityOf = (turn: Turn, { capabilities }: Context): 'system' | 'developer' => {
  if (capabilities === undefined) return turn.authority ?? 'system'
  return capabilities.developerRole ? 'developer' : 'system'
}

const adoptPart = (part: Part, turn: Turn, context: Context): readonly Part[] => {
  const at = part.at ?? turn.at ?? 'turns'
  const { losses, capabilities } = context
  if (isMedia(part)) return adoptMedia(part, at, context)
  switch (part.type) {
    case 'text':
      return part.text === '' ? [] : [withoutState(part)]
    case 'refusal':
      return turn.role === 'assistant' ? [withoutState(part)] : [{ type: 'text', text: part.text, at }]
    case 'tool-call': {
      const isEmpty = part.kind === 'function' && part.input.trim() === ''
      return [withoutState(isEmpty ? { ...part, input: '{}' } : part)]
    }
    case 'reasoning':
      if (part.state?.protocol === protocol) return [part]
      if (capabilities?.reasoningTextInHistory === true && part.pieces.length > 0) return [withoutState(part)]
      losses.dropped('reasoning', at, 'this provider does not take thoughts of another as history')
      return []
    default:
      if (canonicalPart(part) !== undefined) return [part]
      losses.dropped(part.type === 'opaque' ? part.name : part.type, at, 'no counterpart')
      return []
  }
}

/** State of another provider must not reach this one. */
const withoutState = (part: Part): Part => {
  if (part.state === undefined || part.state.protocol === protocol) return part
  const { state: _state, ...rest } = part
  return rest
}

/**
 * Texts that were one and were cut: Anthropic cuts an answer at its citations, Gemini wherever a chunk ended. Texts
 * that were blocks of their own stay so.
 */
const joinTexts = (parts: readonly Part[], { source }: Context): readonly Part[] => {
  const isCut =
    source === 'gemini' ||
    (source === 'anthropic-messages' &&
      parts.some((part) => part.type === 'text' && part.citations !== undefined))
  if (!isCut) return parts
  const joined: Part[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (part.type === 'text' && last?.type === 'text' && last.cache === undefined) {
      joined[joined.length - 1] = { ...last, text: last.text + part.text, ...cacheOf(part) }
    } else joined.push(part)
  }
  return joined
}

const cacheOf = ({ cache }: Part): Pick<Part, 'cache'> => (cache === undefined ? {} : { cache })

/** Lone text becomes a plain string: every backend takes it, and clients write the same words in both forms. */
const isLoneText = (parts: readonly Part[]): boolean => {
  const said = parts.filter((part) => part.type !== 'tool-call' && part.type !== 'reasoning')
  const [only] = said
  return said.length === 1 && only?.type === 'text' && only.cache === undefined
}

/** A last message of the assistant's words is history here, not the beginning of the answer. */
const notePrefill = (turns: readonly Turn[], { capabilities, losses }: Context): void => {
  const last = turns.at(-1)
  if (last?.role !== 'assistant' || last.parts.at(-1)?.type !== 'text' || capabilities?.prefill === true)
    return
  losses.approximated('prefill', last.at ?? 'turns', 'the words of the assistant are taken as history')
}
