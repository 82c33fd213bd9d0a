import { writeJson } from '../../wire/index.ts'
import { numbered } from './annotation.ts'
import type { Frame } from './wire.ts'

/** A frame's data. The deltas, of which streams consist, are written without a walk over their members. */
export const frameText = (frame: Frame, number: number): string => {
  switch (frame.type) {
    case 'response.output_text.delta':
      return `${head(frame, number)},"content_index":${frame.content_index},"delta":${JSON.stringify(frame.delta)},"logprobs":[]}`
    case 'response.function_call_arguments.delta':
    case 'response.custom_tool_call_input.delta':
      return `${head(frame, number)},"delta":${JSON.stringify(frame.delta)}}`
    case 'response.reasoning_summary_text.delta':
      return `${head(frame, number)},"summary_index":${frame.summary_index},"delta":${JSON.stringify(frame.delta)}}`
    default:
      return writeJson(numbered(frame, number))
  }
}

/** Ids of ours and of the wire are plain text, but who knows. */
const head = (
  frame: { readonly type: string; readonly item_id: string; readonly output_index: number },
  number: number,
): string =>
  `{"type":"${frame.type}","sequence_number":${number},"item_id":${JSON.stringify(frame.item_id)},"output_index":${frame.output_index}`
