/**
 * What a client hears in an answer, read from the bytes alone and as strictly as the official SDKs read them: no codec
 * of the gateway has a hand in it, so that what a codec gets wrong twice is heard once.
 */
import { isJsonObject } from '../../src/ir/index.ts'
import { parseDocument, type SseFrame } from '../../src/wire/index.ts'
import type { Client } from './cases.ts'
import { list, member, words } from './json-path.ts'

export interface Heard {
  /** Kinds in their order, neighbours of one kind once: `thoughts`, `text`, `call`, `state`, or the wire's own name. */
  readonly order: readonly string[]
  readonly text: string
  readonly thoughts: string
  readonly refusal: string
  /** Opaque strings that the client must bring back. */
  readonly states: readonly string[]
  /** `input` is the source text of the arguments. */
  readonly calls: readonly { readonly id: unknown; readonly name: unknown; readonly input: string }[]
  /** Addresses, and the words that they stand behind where the protocol says which. */
  readonly citations: readonly { readonly url: unknown; readonly covered?: string }[]
  /** The wire's own words for why it ended. */
  readonly finish: unknown
  readonly usage: unknown
  /** What the client is told of a failure. */
  readonly error: unknown
  /** The protocol's proof that the answer is whole was seen. */
  readonly isWhole: boolean
}

interface Notes {
  kinds: string[]
  text: string
  thoughts: string
  refusal: string
  states: string[]
  calls: { id: unknown; name: unknown; input: string }[]
  citations: { url: unknown; covered?: string }[]
  finish: unknown
  usage: unknown
  error: unknown
  isWhole: boolean
}

const blank = (): Notes => ({
  kinds: [],
  text: '',
  thoughts: '',
  refusal: '',
  states: [],
  calls: [],
  citations: [],
  finish: undefined,
  usage: undefined,
  error: undefined,
  isWhole: false,
})

const heard = ({ kinds, ...rest }: Notes): Heard => ({
  ...rest,
  order: kinds.filter((kind, index) => kind !== kinds[index - 1]),
})

/** A whole body of an answer. */
export const heardWhole = (client: Client, body: string): Heard => {
  const { value, source } = parseDocument(body)
  const notes = blank()
  notes.isWhole = true
  wholes[client](notes, value, (inner) => (inner === undefined ? '' : source(inner)))
  return heard(notes)
}

/**
 * A stream.
 * @throws Error where the official SDK of the protocol would stumble
 */
export const heardStream = (client: Client, frames: readonly SseFrame[]): Heard => {
  const notes = blank()
  streams[client](notes, frames)
  return heard(notes)
}

type Source = (value: unknown) => string

const note = (notes: Notes, kind: string, isThere = true): void => {
  if (isThere) notes.kinds.push(kind)
}

const hearText = (notes: Notes, text: string): void => {
  note(notes, 'text', text !== '')
  notes.text += text
}

const hearState = (notes: Notes, state: unknown): void => {
  if (words(state) !== '') notes.states.push(words(state))
}

/** A block of Anthropic's, whole or put together. */
const hearBlock = (notes: Notes, block: unknown, source: Source): void => {
  const type = words(member(block, 'type'))
  switch (type) {
    case 'text': {
      const text = words(member(block, 'text'))
      hearText(notes, text)
      for (const citation of list(member(block, 'citations'))) {
        notes.citations.push({ url: member(citation, 'url'), covered: text })
      }
      return
    }
    case 'thinking':
      note(notes, 'thoughts')
      notes.thoughts += words(member(block, 'thinking'))
      hearState(notes, member(block, 'signature'))
      return
    case 'redacted_thinking':
      note(notes, 'state')
      hearState(notes, member(block, 'data'))
      return
    case 'tool_use':
      note(notes, 'call')
      notes.calls.push({
        id: member(block, 'id'),
        name: member(block, 'name'),
        input: source(member(block, 'input')),
      })
      return
    default:
      note(notes, type)
  }
}

const hearAnnotations = (notes: Notes, annotations: unknown, text: string): void => {
  for (const annotation of list(annotations)) {
    const inner = member(annotation, 'url_citation') ?? annotation
    const [start, end] = [member(inner, 'start_index'), member(inner, 'end_index')]
    const covered =
      typeof start === 'number' && typeof end === 'number'
        ? { covered: Array.from(text).slice(start, end).join('') }
        : {}
    notes.citations.push({ url: member(inner, 'url'), ...covered })
  }
}

const hearItem = (notes: Notes, item: unknown): void => {
  const type = words(member(item, 'type'))
  switch (type) {
    case 'message':
      for (const part of list(member(item, 'content'))) {
        hearText(notes, words(member(part, 'text')))
        const refusal = words(member(part, 'refusal'))
        note(notes, 'refusal', refusal !== '')
        notes.refusal += refusal
        hearAnnotations(notes, member(part, 'annotations'), words(member(part, 'text')))
      }
      return
    case 'reasoning': {
      const said = [...list(member(item, 'summary')), ...list(member(item, 'content'))]
      const thoughts = said.map((piece) => words(member(piece, 'text'))).join('\n\n')
      note(notes, thoughts === '' ? 'state' : 'thoughts')
      notes.thoughts += thoughts
      hearState(notes, member(item, 'encrypted_content'))
      return
    }
    case 'function_call':
      note(notes, 'call')
      notes.calls.push({
        id: member(item, 'call_id'),
        name: member(item, 'name'),
        input: words(member(item, 'arguments')),
      })
      return
    default:
      note(notes, type)
  }
}

const hearPart = (notes: Notes, part: unknown, source: Source): void => {
  const text = words(member(part, 'text'))
  const called = member(part, 'functionCall')
  if (isJsonObject(called)) {
    note(notes, 'call')
    notes.calls.push({ id: called['id'], name: called['name'], input: source(called['args']) })
  } else if (member(part, 'thought') === true) {
    note(notes, 'thoughts', text !== '')
    notes.thoughts += text
  } else if (typeof member(part, 'text') === 'string') hearText(notes, text)
  else if (isJsonObject(part)) note(notes, Object.keys(part)[0] ?? '')
  hearState(notes, member(part, 'thoughtSignature'))
}

const hearGrounding = (notes: Notes, grounding: unknown): void => {
  for (const support of list(member(grounding, 'groundingSupports'))) {
    const start = Number(member(support, 'segment', 'startIndex') ?? 0)
    const end = Number(member(support, 'segment', 'endIndex'))
    const covered = Buffer.from(notes.text).subarray(start, end).toString()
    for (const index of list(member(support, 'groundingChunkIndices'))) {
      notes.citations.push({
        url: member(grounding, 'groundingChunks', Number(index), 'web', 'uri'),
        covered,
      })
    }
  }
}

const hearMessage = (notes: Notes, message: unknown): void => {
  note(notes, 'thoughts', words(member(message, 'reasoning_content')) !== '')
  notes.thoughts += words(member(message, 'reasoning_content'))
  hearText(notes, words(member(message, 'content')))
  notes.refusal += words(member(message, 'refusal'))
  for (const detail of list(member(message, 'reasoning_details'))) hearState(notes, member(detail, 'data'))
  for (const call of list(member(message, 'tool_calls'))) {
    note(notes, 'call')
    notes.calls.push({
      id: member(call, 'id'),
      name: member(call, 'function', 'name'),
      input: words(member(call, 'function', 'arguments')),
    })
  }
  hearAnnotations(notes, member(message, 'annotations'), words(member(message, 'content')))
}

const statusOf = (response: unknown): unknown =>
  member(response, 'incomplete_details', 'reason') ?? member(response, 'status')

const wholes: Readonly<Record<Client, (notes: Notes, body: unknown, source: Source) => void>> = {
  'anthropic-messages': (notes, body, source) => {
    for (const block of list(member(body, 'content'))) hearBlock(notes, block, source)
    notes.finish = member(body, 'stop_reason')
    notes.usage = member(body, 'usage')
  },
  'openai-chat': (notes, body) => {
    hearMessage(notes, member(body, 'choices', 0, 'message'))
    notes.finish = member(body, 'choices', 0, 'finish_reason')
    notes.usage = member(body, 'usage')
  },
  'openai-responses': (notes, body) => {
    for (const item of list(member(body, 'output'))) hearItem(notes, item)
    notes.finish = statusOf(body)
    notes.usage = member(body, 'usage')
    notes.error = member(body, 'error') ?? undefined
  },
  gemini: (notes, body, source) => {
    for (const part of list(member(body, 'candidates', 0, 'content', 'parts'))) hearPart(notes, part, source)
    hearGrounding(notes, member(body, 'candidates', 0, 'groundingMetadata'))
    notes.finish = member(body, 'candidates', 0, 'finishReason')
    notes.usage = member(body, 'usageMetadata')
  },
}

const parsed = (frame: SseFrame): unknown => JSON.parse(frame.data)

const expectThat = (isSo: boolean, what: string): void => {
  if (!isSo) throw new Error(`the client's SDK stumbles: ${what}`)
}

/** One open block at a time, indexes 0, 1, 2 …, and deltas that fit it. */
const messages = (notes: Notes, frames: readonly SseFrame[]): void => {
  let open: { readonly index: unknown; readonly block: Record<string, unknown>; json: string } | undefined
  let next = 0
  let hasFinished = false
  for (const frame of frames) {
    const event = parsed(frame)
    const type = words(member(event, 'type'))
    expectThat(frame.event === type, `an event of the type ${type} named ${frame.event}`)
    expectThat(!notes.isWhole && notes.error === undefined, `${type} after the end`)
    switch (type) {
      case 'message_start':
        notes.usage = member(event, 'message', 'usage')
        break
      case 'content_block_start': {
        expectThat(open === undefined, 'a block opens in another one')
        expectThat(!hasFinished, 'a block opens behind message_delta')
        expectThat(
          member(event, 'index') === next,
          `block ${member(event, 'index')} opens instead of ${next}`,
        )
        next += 1
        const block = member(event, 'content_block')
        open = { index: member(event, 'index'), block: isJsonObject(block) ? { ...block } : {}, json: '' }
        if (member(block, 'type') === 'tool_use')
          expectThat(JSON.stringify(member(block, 'input')) === '{}', 'a call opens with arguments')
        break
      }
      case 'content_block_delta': {
        if (open === undefined || open.index !== member(event, 'index'))
          throw new Error('a delta of no open block')
        const delta = member(event, 'delta')
        const field = fieldOf[words(member(delta, 'type'))]
        expectThat(
          field?.[0] === open.block['type'] || open.block['type'] === 'server_tool_use',
          `${member(delta, 'type')} in a block of ${open.block['type']}`,
        )
        if (member(delta, 'type') === 'input_json_delta') open.json += words(member(delta, 'partial_json'))
        else if (member(delta, 'type') === 'citations_delta')
          open.block['citations'] = [...list(open.block['citations']), member(delta, 'citation')]
        else if (member(delta, 'type') === 'signature_delta') {
          expectThat(words(open.block['signature']) === '', 'a second signature_delta')
          open.block['signature'] = member(delta, 'signature')
        } else if (field !== undefined) {
          open.block[field[1]] = words(open.block[field[1]]) + words(member(delta, field[1]))
        }
        break
      }
      case 'content_block_stop': {
        if (open === undefined || open.index !== member(event, 'index'))
          throw new Error('the stop of no open block')
        const { block, json } = open
        hearBlock(notes, block, () => (json === '' ? '{}' : json))
        open = undefined
        break
      }
      case 'message_delta':
        expectThat(open === undefined, 'message_delta in an open block')
        hasFinished = true
        notes.finish = member(event, 'delta', 'stop_reason')
        notes.usage = overlaid(notes.usage, member(event, 'usage'))
        break
      case 'message_stop':
        expectThat(hasFinished, 'message_stop without message_delta')
        notes.isWhole = true
        break
      case 'error':
        notes.error = member(event, 'error')
        break
      default:
        expectThat(type === 'ping', `${type} is unknown`)
    }
  }
  if (open !== undefined) hearBlock(notes, open.block, () => open?.json ?? '')
}

/** Which block a delta belongs into, and its member. */
const fieldOf: Readonly<Record<string, readonly [block: string, field: string]>> = {
  text_delta: ['text', 'text'],
  citations_delta: ['text', 'citations'],
  thinking_delta: ['thinking', 'thinking'],
  signature_delta: ['thinking', 'signature'],
  input_json_delta: ['tool_use', 'partial_json'],
}

/** Every counter that is not null overwrites. */
const overlaid = (earlier: unknown, later: unknown): object => ({
  ...(isJsonObject(earlier) ? earlier : {}),
  ...Object.fromEntries(
    Object.entries(isJsonObject(later) ? later : {}).filter(([, value]) => value !== null),
  ),
})

/** Calls are put together by their index; unknown fields of a delta overwrite. */
const chat = (notes: Notes, frames: readonly SseFrame[]): void => {
  const message: Record<string, unknown> = {}
  const calls: { id?: unknown; function: { name?: unknown; arguments: string } }[] = []
  const kinds: string[] = []
  const add = (key: string, kind: string, delta: unknown): void => {
    const text = words(member(delta, key))
    if (text !== '') kinds.push(kind)
    message[key] = words(message[key]) + text
  }
  for (const frame of frames) {
    expectThat(!notes.isWhole, 'a chunk behind [DONE]')
    if (frame.data === '[DONE]') {
      notes.isWhole = true
      continue
    }
    const event = parsed(frame)
    if (member(event, 'error') !== undefined) {
      notes.error = member(event, 'error')
      continue
    }
    notes.usage = member(event, 'usage') ?? notes.usage
    for (const choice of list(member(event, 'choices'))) {
      const delta = member(choice, 'delta')
      const says =
        member(delta, 'content') || member(delta, 'tool_calls') || member(delta, 'reasoning_content')
      expectThat(notes.finish === undefined || !says, 'words behind the finish reason')
      add('reasoning_content', 'thoughts', delta)
      add('content', 'text', delta)
      add('refusal', 'refusal', delta)
      for (const key of ['annotations', 'reasoning_details']) {
        message[key] = member(delta, key) ?? message[key]
      }
      for (const piece of list(member(delta, 'tool_calls'))) {
        const index = Number(member(piece, 'index'))
        if (calls[index] === undefined) {
          expectThat(index === calls.length, `call ${index} opens instead of ${calls.length}`)
          expectThat(words(member(piece, 'id')) !== '', 'a call opens without its id')
          expectThat(words(member(piece, 'function', 'name')) !== '', 'a call opens without its name')
          calls.push({
            id: member(piece, 'id'),
            function: { name: member(piece, 'function', 'name'), arguments: '' },
          })
          kinds.push('call')
        }
        const call = calls[index]
        if (call !== undefined) call.function.arguments += words(member(piece, 'function', 'arguments'))
      }
      const finish = member(choice, 'finish_reason') ?? undefined
      expectThat(finish === undefined || notes.finish === undefined, 'a second finish reason')
      notes.finish = finish ?? notes.finish
    }
  }
  hearMessage(notes, { ...message, tool_calls: calls })
  notes.kinds = kinds
}

/** Deltas add up to what the done item says, every item is added and done once, the terminal repeats them all. */
const responses = (notes: Notes, frames: readonly SseFrame[]): void => {
  const open = new Map<unknown, { readonly id: unknown; said: string }>()
  const done: unknown[] = []
  frames.forEach((frame, place) => {
    const event = parsed(frame)
    const type = words(member(event, 'type'))
    const at = member(event, 'output_index')
    expectThat(frame.event === type, `an event of the type ${type} named ${frame.event}`)
    expectThat(member(event, 'sequence_number') === place, `${type} has a wrong sequence_number`)
    expectThat(!notes.isWhole, `${type} after the end`)
    switch (type) {
      case 'response.output_item.added':
        expectThat(at === open.size, `item ${at} is added instead of ${open.size}`)
        open.set(at, { id: member(event, 'item', 'id'), said: '' })
        break
      case 'response.output_item.done': {
        expectThat(open.get(at)?.id === member(event, 'item', 'id'), 'an item is done that was not added')
        expectThat(done[Number(at)] === undefined, `item ${at} is done twice`)
        const item = member(event, 'item')
        done[Number(at)] = item
        const { said = '' } = open.get(at) ?? {}
        const whole =
          member(item, 'type') === 'function_call'
            ? words(member(item, 'arguments'))
            : list(member(item, 'content'))
                .map((part) => words(member(part, 'text') ?? member(part, 'refusal')))
                .join('')
        if (member(item, 'type') !== 'reasoning') expectThat(said === whole, `${said} is done as ${whole}`)
        break
      }
      case 'response.output_text.delta':
      case 'response.refusal.delta':
      case 'response.function_call_arguments.delta': {
        const item = open.get(at)
        if (item === undefined || item.id !== member(event, 'item_id')) throw new Error('a delta of no item')
        item.said += words(member(event, 'delta'))
        break
      }
      case 'response.completed':
      case 'response.incomplete': {
        const response = member(event, 'response')
        expectThat(done.length === open.size, 'an item is not done at the end')
        expectThat(
          JSON.stringify(member(response, 'output')) === JSON.stringify(done),
          'the terminal says other items',
        )
        notes.finish = statusOf(response)
        notes.usage = member(response, 'usage')
        notes.isWhole = true
        break
      }
      case 'response.failed':
        notes.error = member(event, 'response', 'error')
        notes.finish = 'failed'
        break
      case 'error':
        notes.error = member(event, 'error')
    }
  })
  for (const item of done) hearItem(notes, item)
}

/** Parts are increments; every chunk has one. */
const gemini = (notes: Notes, frames: readonly SseFrame[]): void => {
  for (const frame of frames) {
    const { value, source } = parseDocument(frame.data)
    expectThat(frame.event === undefined, 'a chunk that is named')
    if (member(value, 'error') !== undefined) {
      notes.error = member(value, 'error')
      notes.isWhole = false
      return
    }
    const parts = list(member(value, 'candidates', 0, 'content', 'parts'))
    expectThat(parts.length > 0 || member(value, 'promptFeedback') !== undefined, 'a chunk without a part')
    for (const part of parts) hearPart(notes, part, (inner) => (inner === undefined ? '' : source(inner)))
    hearGrounding(notes, member(value, 'candidates', 0, 'groundingMetadata'))
    notes.finish = member(value, 'candidates', 0, 'finishReason') ?? notes.finish
    notes.usage = member(value, 'usageMetadata') ?? notes.usage
    notes.isWhole = notes.finish !== undefined
  }
}

const streams: Readonly<Record<Client, (notes: Notes, frames: readonly SseFrame[]) => void>> = {
  'anthropic-messages': messages,
  'openai-chat': chat,
  'openai-responses': responses,
  gemini,
}
