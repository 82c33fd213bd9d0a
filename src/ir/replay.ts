import type { Part } from './part.ts'
import type { Choice, GenerateResponse } from './response.ts'
import type { StreamEvent } from './stream-event.ts'

/**
 * A whole answer as the events of a stream: each part opens, says its text in one delta, and ends.
 * `collect(replay(response))` equals `response`.
 */
export const replay = (response: GenerateResponse): readonly StreamEvent[] => {
  const { protocol: _protocol, choices, usage, extensions, raw, ...start } = response
  const events: StreamEvent[] = [{ type: 'start', ...start, ...(raw === undefined ? {} : { raw }) }]
  for (const choice of choices) events.push(...replayChoice(choice))
  if (usage !== undefined) events.push({ type: 'usage', usage })
  events.push({ type: 'end', ...(extensions === undefined ? {} : { extensions }) })
  return events
}

const replayChoice = (choice: Choice): readonly StreamEvent[] => {
  const at = choice.index === 0 ? {} : { choice: choice.index }
  const events: StreamEvent[] = []
  choice.parts.forEach((part, index) => {
    events.push(...replayPart(part, { ...at, index }))
  })
  if (choice.finish !== undefined || choice.extensions !== undefined || choice.parts.length === 0) {
    events.push({
      type: 'finish',
      ...at,
      ...(choice.extensions === undefined ? {} : { extensions: choice.extensions }),
      finish: choice.finish ?? { reason: 'other' },
    })
  }
  return events
}

const replayPart = (part: Part, at: { readonly choice?: number; readonly index: number }): StreamEvent[] => {
  switch (part.type) {
    case 'text': {
      const { citations, ...rest } = part
      return [
        { type: 'text-start', ...at, part: { ...rest, text: '' } },
        ...(part.text === '' ? [] : [{ type: 'text-delta' as const, ...at, text: part.text }]),
        ...(citations ?? []).map((citation) => ({ type: 'citation' as const, ...at, citation })),
        { type: 'text-end', ...at },
      ]
    }
    case 'refusal':
      return [
        { type: 'refusal-start', ...at, part: { ...part, text: '' } },
        ...(part.text === '' ? [] : [{ type: 'refusal-delta' as const, ...at, text: part.text }]),
        { type: 'refusal-end', ...at },
      ]
    case 'reasoning': {
      const { state, ...rest } = part
      return [
        { type: 'reasoning-start', ...at, part: { ...rest, pieces: [] } },
        ...part.pieces.map((piece, number) => ({
          type: 'reasoning-delta' as const,
          ...at,
          piece: number,
          ...piece,
        })),
        { type: 'reasoning-end', ...at, ...(state === undefined ? {} : { state }) },
      ]
    }
    case 'tool-call':
      return [
        { type: 'tool-call-start', ...at, part: { ...part, input: '' } },
        ...(part.input === '' ? [] : [{ type: 'tool-call-delta' as const, ...at, input: part.input }]),
        { type: 'tool-call-end', ...at },
      ]
    default:
      return [{ type: 'part', ...at, part }]
  }
}
