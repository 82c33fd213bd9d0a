/** Items of an answer, whole: what `output`, `output_item.done` and the terminal event hold. */
import type { JsonObject, Part, ReasoningPart, TextPart, ToolCallPart } from '../../ir/index.ts'
import { type RawJson, rawJson } from '../../wire/index.ts'
import { codePoints, encodeCitation } from './citations.ts'
import { encodePart } from './encode-parts.ts'
import { groupParts, type ItemGroup, isMarked } from './group-parts.ts'
import { callIdOf, fitsType, itemId } from './ids.ts'
import type { Losses } from './losses.ts'
import { ownItem } from './own-item.ts'
import { patched, type Written } from './patch.ts'
import { rebuildHosted } from './rebuild-hosted.ts'
import type { WireOutputText, WireStatus } from './wire.ts'
import { writeCall, writeCompaction, writeMessage, writeReasoning, writeToolResult } from './write-items.ts'

/** An item's place in an answer: what its id is made of, where it has none. */
export interface ItemPlace {
  readonly exchange: string
  readonly outputIndex: number
  readonly status: WireStatus
}

const withId = (written: Written, patch: JsonObject, place: ItemPlace): Written =>
  patched({ id: itemId(String(written['type']), place.exchange, place.outputIndex), ...written }, patch)

export const messageItem = (content: readonly unknown[], patch: JsonObject, place: ItemPlace): Written =>
  withId(writeMessage({ side: 'answer', status: place.status, role: 'assistant', content }), patch, place)

export const reasoningItem = (part: ReasoningPart, patch: JsonObject, place: ItemPlace): Written =>
  withId(writeReasoning(part, 'answer'), patch, place)

/** Arguments that nobody wrote are `{}` (translation.md §14.4 ST4). */
export const callItem = (part: ToolCallPart, patch: JsonObject, place: ItemPlace): Written => {
  const id = isMarked(part) ? part.id : callIdOf(part.id, place.exchange, place.outputIndex)
  const input = part.input === '' && part.kind === 'function' && !isMarked(part) ? '{}' : part.input
  const { id: _id, ...rest } = part
  return withId(
    writeCall({ ...rest, ...(id === undefined ? {} : { id }), input }, 'answer', place.status),
    patch,
    place,
  )
}

/** An item's id, as the events of the item name it. */
export const idOf = (item: Written): string => (typeof item['id'] === 'string' ? item['id'] : '')

/** A hosted item that was rebuilt: its own id if it looks like one of ours. */
export const hostedItem = (rebuilt: Written, place: ItemPlace): Written => {
  const type = String(rebuilt['type'])
  const id = typeof rebuilt['id'] === 'string' && fitsType(rebuilt['id'], type) ? rebuilt['id'] : undefined
  return { ...rebuilt, id: id ?? itemId(type, place.exchange, place.outputIndex) }
}

/** Content parts of a message. Unmarked texts that follow one another are one text to the reader. */
export const messageContent = (parts: readonly Part[]): readonly (Written | RawJson)[] => {
  const content: (Written | RawJson)[] = []
  let run: TextPart[] = []
  const flush = () => {
    if (run.length > 0) content.push({ ...joinedText(run) })
    run = []
  }
  for (const part of parts) {
    if (part.type === 'text' && !isMarked(part)) {
      run.push(part)
      continue
    }
    flush()
    const written = encodePart(part, { speaker: 'assistant', side: 'answer' })
    if (written !== undefined) content.push(written)
  }
  flush()
  return content
}

const joinedText = (parts: readonly TextPart[]): WireOutputText => {
  let text = ''
  const annotations: (Written | RawJson | undefined)[] = []
  for (const part of parts) {
    const start = codePoints(text)
    text += part.text
    const range = { start, end: codePoints(text) }
    annotations.push(...(part.citations ?? []).map((citation) => encodeCitation(citation, range)))
  }
  return outputText(text, annotations)
}

export const outputText = (
  text: string,
  annotations: readonly (Written | RawJson | undefined)[],
): WireOutputText => ({
  type: 'output_text',
  annotations: annotations.filter((annotation) => annotation !== undefined),
  logprobs: [],
  text,
})

/** `output` of a whole answer. */
export const encodeOutput = (
  parts: readonly Part[],
  exchange: string,
  isCut: boolean,
  losses: Losses,
): readonly (Written | RawJson)[] => {
  const output: (Written | RawJson)[] = []
  const groups = groupParts(parts, 'assistant')
  groups.forEach((group, index) => {
    const status = isCut && index === groups.length - 1 ? 'incomplete' : 'completed'
    const item = encodeGroup(group, { exchange, outputIndex: output.length, status })
    if (item !== undefined) output.push(item)
    else losses.add('dropped', nameOf(group), `output[${output.length}]`, 'no counterpart')
  })
  return output
}

const encodeGroup = (group: ItemGroup, place: ItemPlace): Written | RawJson | undefined => {
  switch (group.type) {
    case 'message': {
      const [first] = group.parts
      return messageItem(messageContent(group.parts), first === undefined ? {} : ownItem(first), place)
    }
    case 'reasoning':
      return reasoningItem(group.part, ownItem(group.part), place)
    case 'call':
      return callItem(group.part, ownItem(group.part), place)
    case 'result': {
      const content = group.part.content.map((part) => encodePart(part, { speaker: 'user', side: 'answer' }))
      const [first] = group.part.content
      const output =
        group.part.form === 'string' && first?.type === 'text' && content.length === 1 ? first.text : content
      return withId(writeToolResult(group.part, 'answer', output), ownItem(group.part), place)
    }
    case 'source':
      return rawJson(group.json)
    case 'hosted': {
      const rebuilt = rebuildHosted(group.group)
      return rebuilt && hostedItem(rebuilt, place)
    }
    case 'lost': {
      const compaction = writeCompaction(group.part, 'answer')
      return compaction && withId(compaction, {}, place)
    }
  }
}

const nameOf = (group: ItemGroup): string =>
  group.type === 'lost' ? group.part.type : group.type === 'hosted' ? 'server tool call' : group.type
