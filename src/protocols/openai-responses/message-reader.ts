import { type Citation, isJsonObject, type JsonObject, type StreamEvent } from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { decodeAnnotation } from './citations.ts'
import { answerParts, itemPatch } from './decode-items.ts'
import { decodePart } from './decode-parts.ts'
import type { ItemReader, NextPart } from './item-reader.ts'
import { arrayMember, member, numberMember, objectMember, stringMember } from './members.ts'
import { protocolId } from './wire.ts'
import { writeMessage } from './write-items.ts'

interface OpenContent {
  readonly index: number
  readonly kind: 'text' | 'refusal'
  text: string
  citations: number
  ended: boolean
}

const place = { speaker: 'assistant', side: 'answer' } as const

/** Reads a message: its content parts become parts of the answer, one after the other. */
export const messageReader = (item: JsonObject): ItemReader => {
  const contents = new Map<number, OpenContent>()
  const whole = new Set<number>()

  const mark = (): JsonObject => {
    if (contents.size + whole.size > 0) return { part: {} }
    const written = writeMessage({ side: 'answer', role: 'assistant', status: 'in_progress' })
    const { status: _status, ...patch } = itemPatch(item, written, 'answer', ['content'])
    return { item: patch }
  }
  const open = (at: number, kind: OpenContent['kind'], nextPart: NextPart): readonly StreamEvent[] => {
    const extensions = { [protocolId]: mark() }
    const content: OpenContent = { index: nextPart(), kind, text: '', citations: 0, ended: false }
    const { index } = content
    const before = [...contents.values()].flatMap((earlier) => end(earlier, undefined))
    contents.set(at, content)
    return kind === 'text'
      ? [...before, { type: 'text-start', index, part: { type: 'text', text: '', extensions } }]
      : [...before, { type: 'refusal-start', index, part: { type: 'refusal', text: '', extensions } }]
  }
  const end = (content: OpenContent, own: JsonObject | undefined): readonly StreamEvent[] => {
    if (content.ended) return []
    content.ended = true
    const extensions = own === undefined ? {} : { extensions: { [protocolId]: own } }
    return [
      { type: content.kind === 'text' ? 'text-end' : 'refusal-end', index: content.index, ...extensions },
    ]
  }
  const add = (content: OpenContent, text: string): readonly StreamEvent[] => {
    if (text === '' || content.ended) return []
    content.text += text
    const { index } = content
    return content.kind === 'text'
      ? [{ type: 'text-delta', index, text }]
      : [{ type: 'refusal-delta', index, text }]
  }
  /** The content part that a frame speaks of, opened where nobody did. */
  const contentAt = (
    at: number,
    kind: OpenContent['kind'],
    nextPart: NextPart,
  ): { readonly content: OpenContent | undefined; readonly opened: readonly StreamEvent[] } => {
    const opened = contents.has(at) || whole.has(at) ? [] : open(at, kind, nextPart)
    return { content: contents.get(at), opened }
  }
  const said = (
    at: number,
    kind: OpenContent['kind'],
    nextPart: NextPart,
    say: (content: OpenContent) => readonly StreamEvent[],
  ): readonly StreamEvent[] => {
    const { content, opened } = contentAt(at, kind, nextPart)
    return content === undefined ? opened : [...opened, ...say(content)]
  }
  /** What deltas have left out, now that the text is known whole. */
  const repair = (content: OpenContent, text: string): readonly StreamEvent[] =>
    text.length > content.text.length && text.startsWith(content.text)
      ? add(content, text.slice(content.text.length))
      : []
  const cite = (content: OpenContent, citation: Citation): readonly StreamEvent[] => {
    if (content.ended) return []
    content.citations++
    return [{ type: 'citation', index: content.index, citation }]
  }

  /** A content part as the finished item has it. */
  const finish = (
    content: unknown,
    at: number,
    own: JsonObject,
    document: JsonDocument,
    nextPart: NextPart,
  ): readonly StreamEvent[] => {
    const part = decodePart(content, place, document)
    if (part.type !== 'text' && part.type !== 'refusal') {
      if (contents.has(at) || whole.has(at)) return []
      const extensions = { [protocolId]: { ...part.extensions?.[protocolId], ...mark() } }
      whole.add(at)
      return [{ type: 'part', index: nextPart(), part: { ...part, extensions } }]
    }
    return said(at, part.type, nextPart, (opened) => {
      const citations = part.type === 'text' ? (part.citations ?? []) : []
      const events = [
        ...repair(opened, part.text),
        ...citations.slice(opened.citations).flatMap((citation) => cite(opened, citation)),
      ]
      return [...events, ...end(opened, { ...part.extensions?.[protocolId], ...own })]
    })
  }

  return {
    id: stringMember(item, 'id'),
    begin: () => [],
    progress(type, data, document, nextPart) {
      const at = numberMember(data, 'content_index') ?? 0
      switch (type) {
        case 'response.content_part.added': {
          const kind = objectMember(data, 'part')?.['type']
          return (kind === 'output_text' || kind === 'refusal') && !contents.has(at)
            ? open(at, kind === 'refusal' ? 'refusal' : 'text', nextPart)
            : []
        }
        case 'response.content_part.done': {
          const part = objectMember(data, 'part')
          const kind = part?.['type']
          return kind === 'output_text' || kind === 'refusal' || contents.has(at)
            ? []
            : finish(part, at, {}, document, nextPart)
        }
        case 'response.output_text.delta':
          return said(at, 'text', nextPart, (content) => add(content, stringMember(data, 'delta') ?? ''))
        case 'response.output_text.done':
          return said(at, 'text', nextPart, (content) => repair(content, stringMember(data, 'text') ?? ''))
        case 'response.refusal.delta':
          return said(at, 'refusal', nextPart, (content) => add(content, stringMember(data, 'delta') ?? ''))
        case 'response.refusal.done':
          return said(at, 'refusal', nextPart, (content) =>
            repair(content, stringMember(data, 'refusal') ?? ''),
          )
        case 'response.output_text.annotation.added': {
          const annotation = member(data, 'annotation')
          return isJsonObject(annotation)
            ? said(at, 'text', nextPart, (content) => cite(content, decodeAnnotation(annotation, document)))
            : []
        }
        default:
          return []
      }
    },
    done(final, decoded, document, nextPart) {
      const content = arrayMember(final, 'content') ?? []
      if (decoded.whole === true || content.length === 0) {
        const left = [...contents.values()].flatMap((opened) => end(opened, undefined))
        return contents.size > 0
          ? left
          : decoded.parts.map((part): StreamEvent => ({ type: 'part', index: nextPart(), part }))
      }
      // Some servers do not number contents from 0; then the finished ones are matched by their order.
      const streamed = [...contents.keys(), ...whole].sort((a, b) => a - b)
      const isNumbered = streamed.every((at) => at < content.length)
      const marks = answerParts(decoded).map((part) => part.extensions?.[protocolId] ?? {})
      return content.flatMap((part, order) =>
        finish(part, isNumbered ? order : (streamed[order] ?? order), marks[order] ?? {}, document, nextPart),
      )
    },
    abandon: () => [...contents.values()].flatMap((content) => end(content, undefined)),
  }
}
