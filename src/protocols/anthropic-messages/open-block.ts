import type {
  CitationEvent,
  PartEndEvent,
  PartStartEvent,
  ReasoningDeltaEvent,
  ReasoningState,
  RefusalDeltaEvent,
  TextDeltaEvent,
  ToolCallDeltaEvent,
  WholePartEvent,
} from '../../ir/index.ts'
import type { SseFrame } from '../../wire/index.ts'
import type { BlockContext } from './block-context.ts'
import { toolCallBlock } from './call-block.ts'
import { textBlock } from './text-block.ts'
import { thoughtsBlock } from './thoughts-block.ts'

/** Everything that happens to the parts of an answer. */
export type PartEvent =
  | PartStartEvent
  | TextDeltaEvent
  | RefusalDeltaEvent
  | ReasoningDeltaEvent
  | ToolCallDeltaEvent
  | PartEndEvent
  | WholePartEvent
  | CitationEvent

/** A part on its way out as a content block. */
export interface OpenBlock {
  /** The start, where it can be said already. */
  open(): readonly SseFrame[]
  delta(event: PartEvent): readonly SseFrame[]
  close(state?: ReasoningState): readonly SseFrame[]
  /** Calls, once closed: their arguments broke off. */
  readonly isCut?: boolean
  /** Texts and thoughts: the block has begun, and something may still come when its part has ended. */
  readonly canLinger?: boolean
}

/** Blocks take their index when they start, so that one that never says anything leaves no gap. */
export type TakeIndex = () => number

export const openedBlock = (
  part: PartStartEvent['part'],
  takeIndex: TakeIndex,
  context: BlockContext,
): OpenBlock => {
  switch (part.type) {
    case 'text':
      return textBlock(part, takeIndex, context)
    case 'refusal':
      return textBlock({ type: 'text', text: part.text }, takeIndex, context)
    case 'reasoning':
      return thoughtsBlock(part, takeIndex)
    case 'tool-call':
      return toolCallBlock(part, takeIndex, context)
  }
}
