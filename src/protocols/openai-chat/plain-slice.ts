import type { StreamEvent } from '../../ir/index.ts'
import { type ChoiceState, notePiece } from './choice-state.ts'
import { afterThought, isPlainThought } from './say-delta.ts'

/** Source text before a slice, the slice, source text behind it: a whole delta. */
export type Slice = readonly [open: string, text: string, close: string]

/** The delta that says one slice and nothing else, noted in the choice; undefined where it takes more. */
export const plainSlice = (choice: ChoiceState | undefined, event: StreamEvent): Slice | undefined => {
  if (choice?.started !== true) return undefined
  switch (event.type) {
    case 'text-delta':
      if (event.text === '') return undefined
      choice.text.add(event.index, event.text)
      return ['{"content":', event.text, '}']
    case 'reasoning-delta': {
      const thought = choice.thoughts.get(event.index)
      if (thought === undefined || event.text === '' || !isPlainThought(thought)) return undefined
      const text = afterThought(choice.lastThought, event)
      notePiece(thought, event)
      choice.lastThought = { index: event.index, piece: event.piece }
      return ['{"reasoning_content":', text, '}']
    }
    case 'tool-call-delta': {
      const call = choice.open.get(event.index)
      if (call?.index === undefined || event.input === '') return undefined
      call.sent = true
      if (choice.lastCall !== undefined) choice.lastCall.input += event.input
      const [holder, member] = call.kind === 'custom' ? ['custom', 'input'] : ['function', 'arguments']
      return [`{"tool_calls":[{"index":${call.index},"${holder}":{"${member}":`, event.input, '}}]}']
    }
    default:
      return undefined
  }
}
