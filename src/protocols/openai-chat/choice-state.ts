/** What was said of one choice so far. */
import type { ImagePart, ReasoningPart, StreamEvent, ToolCallPart } from '../../ir/index.ts'
import { AnswerText } from './answer-text.ts'
import { type HeldAnswer, isCutInput } from './foreign-answer.ts'
import { optional } from './members.ts'
import type { OpenCall, OpenThought, ThoughtPlace } from './say-delta.ts'

export interface ChoiceState {
  started: boolean
  finished: boolean
  calls: number
  listedCalls: number
  hasRefusal: boolean
  oldForm: boolean
  /** Arguments of the newest call, and of which kind it is. */
  lastCall: { readonly kind: ToolCallPart['kind']; input: string } | undefined
  lastThought: ThoughtPlace | undefined
  readonly open: Map<number, OpenCall>
  readonly thoughts: Map<number, OpenThought>
  /** How many details of thoughts were told last. */
  toldDetails: number
  readonly images: ImagePart[]
  readonly text: AnswerText
}

export const newChoice = (): ChoiceState => ({
  started: false,
  finished: false,
  calls: 0,
  listedCalls: 0,
  hasRefusal: false,
  oldForm: false,
  lastCall: undefined,
  lastThought: undefined,
  open: new Map(),
  thoughts: new Map(),
  toldDetails: 0,
  images: [],
  text: new AnswerText(),
})

/** What decides how the choice ended. */
export const heldBy = ({ calls, hasRefusal, text, lastCall }: ChoiceState): HeldAnswer => ({
  calls: calls > 0,
  refusal: hasRefusal,
  text: !text.isEmpty,
  isCut: lastCall?.kind === 'function' && isCutInput(lastCall.input),
})

/** Its thoughts, as a whole answer has them. */
export const thoughtsOf = ({ thoughts }: ChoiceState): readonly ReasoningPart[] =>
  [...thoughts]
    .sort(([a], [b]) => a - b)
    .map(([, { part, pieces, state }]) => ({
      ...part,
      // A number that was left out is no piece.
      pieces: pieces.filter(() => true),
      ...optional('state', state),
    }))

/** Keeps a piece of a thought, for the list of details. */
export const notePiece = (
  thought: OpenThought | undefined,
  { piece, kind, text }: Extract<StreamEvent, { type: 'reasoning-delta' }>,
): void => {
  if (thought === undefined) return
  const before = thought.pieces[piece]
  thought.pieces[piece] = before === undefined ? { kind, text } : { ...before, text: before.text + text }
}
