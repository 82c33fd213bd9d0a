import {
  bare,
  type GenerateRequest,
  type Part,
  type ServerCallPart,
  type ServerResultPart,
  type ToolCallPart,
  type ToolResultPart,
} from '../../ir/index.ts'
import { canonicalJson } from './canonical-json.ts'
import { steadyText } from './steady-text.ts'

/** A call that the client ran, with what came of it. */
export interface AnsweredCall {
  readonly name: string
  /** Name and arguments in one spelling. */
  readonly call: string
  /** What the tool answered, without what differs each time; absent while there is no answer. */
  result?: string
  /** Where the answer stands. */
  place?: ResultPlace
}

export interface ResultPlace {
  readonly turn: number
  readonly part: number
  /** In the client's request, where it was decoded with locations. */
  readonly at?: string
}

/** The calls that a model made at once: one, or several in parallel. */
export type Step = readonly AnsweredCall[]

type Call = ToolCallPart | ServerCallPart
type Result = ToolResultPart | ServerResultPart

/** A history's steps in their order, apart by what the user said between them: the last list is what comes after. */
export const stepsOf = (request: GenerateRequest): readonly (readonly Step[])[] => {
  let steps: AnsweredCall[][] = []
  const stretches = [steps]
  let ids = new Map<string, AnsweredCall>()
  /** Calls may follow until an answer comes. */
  let isOpen = false
  request.turns.forEach((turn, turnIndex) => {
    if (turn.role === 'user' && isRequest(turn.parts)) {
      steps = []
      stretches.push(steps)
      ids = new Map()
      isOpen = false
    }
    turn.parts.forEach((part, partIndex) => {
      if (isCall(part)) {
        const call: AnsweredCall = { name: part.name, call: `${part.name}\0${argumentsOf(part)}` }
        if (!isOpen) steps.push([])
        isOpen = true
        steps.at(-1)?.push(call)
        if (part.id !== undefined) ids.set(part.id, call)
      } else if (isResult(part)) {
        isOpen = false
        const call = callOf(part, steps.at(-1) ?? [], ids)
        if (call === undefined) return
        call.result = resultOf(part)
        call.place = { turn: turnIndex, part: partIndex, ...(part.at === undefined ? {} : { at: part.at }) }
      }
    })
  })
  return stretches
}

/** Words of the user's own; clients send notes and pictures beside the results of tools. */
const isRequest = (parts: readonly Part[]): boolean =>
  parts.some((part) => part.type === 'text') && !parts.some(isResult)

const isCall = (part: Part): part is Call =>
  part.type === 'tool-call' || (part.type === 'server-call' && part.byClient === true)

const isResult = (part: Part): part is Result => part.type === 'tool-result' || part.type === 'server-result'

const argumentsOf = (call: Call): string =>
  call.type === 'tool-call' && call.kind === 'custom' ? call.input : canonicalJson(call.input)

/** Old protocols name no call: then the first one of that name, or else the first, that has no answer. */
const callOf = (
  result: Result,
  step: Step,
  ids: ReadonlyMap<string, AnsweredCall>,
): AnsweredCall | undefined => {
  const known = result.callId === undefined ? undefined : ids.get(result.callId)
  if (known !== undefined) return known
  const waiting = step.filter((call) => call.place === undefined)
  return waiting.find((call) => call.name === result.name) ?? waiting[0]
}

const resultOf = (result: Result): string => {
  if (result.type === 'server-result') return steadyText(canonicalJson(result.output))
  const error = result.isError === true ? 'error\0' : ''
  return error + result.content.map((part) => contentOf(bare(part))).join('\0')
}

const contentOf = (part: Part): string => {
  if (part.type === 'text') return steadyText(part.text)
  if (part.type === 'json') return steadyText(canonicalJson(part.json))
  return JSON.stringify(part)
}
