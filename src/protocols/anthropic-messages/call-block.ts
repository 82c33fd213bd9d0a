import type { Part, ToolCallPart } from '../../ir/index.ts'
import type { SseFrame } from '../../wire/index.ts'
import type { BlockContext } from './block-context.ts'
import { deltaFrame, startFrame, stopFrame } from './block-event.ts'
import { inStart } from './decode-block-stream.ts'
import { directCaller, toolInput, toolUseName } from './encode-calls.ts'
import { heldSurrogate } from './held-surrogate.ts'
import { callId } from './identifiers.ts'
import { withRest } from './members.ts'
import type { OpenBlock, TakeIndex } from './open-block.ts'
import { ownRest } from './own.ts'
import { isCutInput } from './stop-reason.ts'

export const toolCallBlock = (part: ToolCallPart, takeIndex: TakeIndex, context: BlockContext): OpenBlock => {
  const index = takeIndex()
  const rest = ownRest(part)
  const fillsCaller = context.shape === 'full' && rest === undefined
  const start = (input: unknown): SseFrame =>
    startFrame(
      index,
      withRest(
        {
          type: 'tool_use',
          id: part.id === undefined ? undefined : callId(part.id),
          name: toolUseName(part),
          input,
          caller: fillsCaller ? directCaller : undefined,
        },
        rest ?? {},
      ),
    )
  const slice = (json: string, event?: Pick<Part, 'extensions'>): SseFrame =>
    deltaFrame(index, { type: 'input_json_delta', partial_json: json }, event)
  if (rest?.['input'] === inStart) return inputInStart(part, index, start)
  if (rest !== undefined) return ownInput(part, index, start, slice)
  return part.kind === 'custom' ? freeText(part, index, start, slice) : jsonInput(part, index, start, slice)
}

type Start = (input: unknown) => SseFrame
type Slice = (json: string, event?: Pick<Part, 'extensions'>) => SseFrame

/** Slices of a source text go out as they come. */
const ownInput = (part: ToolCallPart, index: number, start: Start, slice: Slice): OpenBlock => {
  let input = part.input
  return {
    open: () => [start({}), ...(part.input === '' ? [] : [slice(part.input)])],
    delta(event) {
      if (event.type !== 'tool-call-delta') return []
      input += event.input
      return [slice(event.input, event)]
    },
    close: () => [stopFrame(index)],
    get isCut() {
      return isCutInput(input)
    },
  }
}

/** Some servers put the whole input into the start. */
const inputInStart = (part: ToolCallPart, index: number, start: Start): OpenBlock => {
  let waits = true
  return {
    open: () => [],
    delta(event) {
      if (event.type !== 'tool-call-delta' || !waits) return []
      waits = false
      return [start(toolInput({ ...part, input: event.input }))]
    },
    close: () => [...(waits ? [start({})] : []), stopFrame(index)],
  }
}

/** Free text becomes the one member of an object. */
const freeText = (part: ToolCallPart, index: number, start: Start, slice: Slice): OpenBlock => ({
  open: () => [
    start({}),
    slice('{"input":"'),
    ...(part.input === '' ? [] : [slice(insideString(part.input))]),
  ],
  delta: (event) =>
    event.type === 'tool-call-delta' && event.input !== '' ? [slice(insideString(event.input))] : [],
  close: () => [slice('"}'), stopFrame(index)],
})

const insideString = (text: string): string => JSON.stringify(text).slice(1, -1)

/**
 * Arguments of another protocol are a text that should be an object. One that begins as an object goes out as it
 * comes; any other is held and wrapped at its end, as in a whole answer (translation.md §1.3). No text: no delta.
 */
const jsonInput = (part: ToolCallPart, index: number, start: Start, slice: Slice): OpenBlock => {
  const surrogate = heldSurrogate()
  let input = ''
  let form: 'unknown' | 'object' | 'other' = 'unknown'
  const say = (text: string): readonly SseFrame[] => {
    if (text === '') return []
    input += text
    if (form === 'object') return [slice(text)]
    if (form === 'unknown') {
      const first = input.trimStart()
      if (first !== '') form = first.startsWith('{') ? 'object' : 'other'
    }
    return form === 'object' ? [slice(input)] : []
  }
  return {
    open: () => [start({}), ...say(surrogate.say(part.input))],
    delta: (event) => (event.type === 'tool-call-delta' ? say(surrogate.say(event.input)) : []),
    close() {
      const left = say(surrogate.rest())
      const wrapped = form === 'other' ? [slice(JSON.stringify({ INVALID_JSON: input }))] : []
      return [...left, ...wrapped, stopFrame(index)]
    },
    get isCut() {
      return isCutInput(input)
    },
  }
}
