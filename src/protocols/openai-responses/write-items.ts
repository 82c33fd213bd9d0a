/** Items by their canonical fields alone, as they stand in a request or, completed, in an answer. */
import type { Part, ReasoningPart, ToolCallPart, ToolResultPart, Turn } from '../../ir/index.ts'
import type { ContentPlace } from './encode-parts.ts'
import { writeFormat } from './output-format.ts'
import type { Written } from './patch.ts'
import { protocolId, type WireStatus } from './wire.ts'

type Side = ContentPlace['side']

export const writeMessage = (message: {
  readonly side: Side
  readonly role: string
  readonly status: WireStatus
  readonly content?: unknown
}): Written => ({
  type: 'message',
  status: message.side === 'answer' ? message.status : undefined,
  role: message.role,
  content: message.content,
})

export const writeCall = (part: ToolCallPart, side: Side, status: WireStatus): Written => ({
  type: part.kind === 'function' ? 'function_call' : 'custom_tool_call',
  status: side === 'answer' ? status : undefined,
  call_id: part.id,
  name: part.name,
  ...(part.kind === 'function' ? { arguments: part.input } : { input: part.input }),
  namespace: part.namespace,
})

/** @param output the content as the wire has it: one string, or content parts */
export const writeToolResult = (part: ToolResultPart, side: Side, output?: unknown): Written => ({
  type: part.kind === 'function' ? 'function_call_output' : 'custom_tool_call_output',
  status: side === 'answer' ? 'completed' : undefined,
  call_id: part.callId,
  name: part.name,
  output,
})

/**
 * In an answer the state is whatever the client shall carry for us, in a request only what this protocol gave out:
 * another's would be refused.
 */
export const writeReasoning = (part: ReasoningPart, side: Side): Written => {
  const summary = part.pieces.filter((piece) => piece.kind === 'summary')
  const content = part.pieces.filter((piece) => piece.kind === 'text')
  return {
    type: 'reasoning',
    summary: summary.map(({ text }) => ({ type: 'summary_text', text })),
    content: content.length === 0 ? undefined : content.map(({ text }) => ({ type: 'reasoning_text', text })),
    encrypted_content:
      side === 'answer' || part.state?.protocol === protocolId ? part.state?.value : undefined,
  }
}

/** Settings that hold from here on. */
export const writeConfiguration = ({ reasoning, output }: Pick<Turn, 'reasoning' | 'output'>): Written => ({
  type: 'configuration_update',
  reasoning: reasoning?.effort === undefined ? undefined : { effort: reasoning.effort },
  text: output === undefined ? undefined : { format: writeFormat(output) },
})

/** A compaction by its state; undefined for every other opaque part. */
export const writeCompaction = (part: Part, side: Side): Written | undefined =>
  part.type === 'opaque' &&
  part.name === 'compaction' &&
  part.state !== undefined &&
  (side === 'answer' || part.state.protocol === protocolId)
    ? { type: 'compaction', encrypted_content: part.state.value }
    : undefined
