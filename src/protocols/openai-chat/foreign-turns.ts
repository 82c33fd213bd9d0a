/**
 * Brings the turns of another protocol into the shapes that Chat Completions has: one assistant message per answer,
 * call ids everywhere, text alone in tool messages, no reasoning of another provider.
 * Pure functions of the history (translation.md §1.9, §4, §5.3, §5.4, §7.4).
 */
import { createHash } from 'node:crypto'
import type { GenerateRequest, Part, ToolCallPart, ToolResultPart, Turn } from '../../ir/index.ts'
import { canonicalPart } from './encode-parts.ts'
import type { LossReporter } from './losses.ts'

/** OpenAI refuses longer call ids. */
const maxCallId = 64

export const adoptTurns = (turns: readonly Turn[], losses: LossReporter): readonly Turn[] =>
  withCallIds(joinAnswers(turns.filter((turn) => !isOnlySettings(turn))))
    .map((turn, index) => adoptTurn(turn, `turns[${index}]`, losses))
    // A user turn is never empty here: it says so in words.
    .filter((turn) => turn.parts.length > 0)

/** A turn that only brings tools or settings; they hold for the whole request here. */
const isOnlySettings = (turn: Turn): boolean =>
  turn.parts.length === 0 && (turn.tools !== undefined || turn.reasoning !== undefined)

/**
 * The request with what its turns bring later: tools are added to the list, and the last reasoning settings hold.
 * Another protocol's turns alone have such things.
 */
export const adoptSettings = (request: GenerateRequest, losses: LossReporter): GenerateRequest => {
  const tools = [...request.tools]
  let { reasoning } = request
  request.turns.forEach((turn, index) => {
    if (turn.reasoning !== undefined) reasoning = { ...reasoning, ...turn.reasoning }
    if (turn.tools === undefined) return
    losses.approximated('tools added later', `turns[${index}].tools`, 'offered from the start')
    for (const tool of turn.tools) {
      const known = tools.findIndex((one) => one.type === tool.type && one.name === tool.name)
      if (known < 0) tools.push(tool)
      else tools[known] = tool
    }
  })
  return { ...request, tools, ...(reasoning === undefined ? {} : { reasoning }) }
}

/** Items of one answer become one message: reasoning, text and calls were items or blocks of their own. */
const joinAnswers = (turns: readonly Turn[]): readonly Turn[] => {
  const joined: Turn[] = []
  for (const turn of turns) {
    const last = joined.at(-1)
    if (turn.role === 'assistant' && last?.role === 'assistant') {
      joined[joined.length - 1] = { role: 'assistant', parts: [...last.parts, ...turn.parts] }
    } else joined.push(turn)
  }
  return joined
}

/** Gives ids to calls without one, pairs results by name and order, and shortens what is too long. */
const withCallIds = (turns: readonly Turn[]): readonly Turn[] => {
  const waiting: { readonly name: string; readonly id: string }[] = []
  return turns.map((turn, turnIndex) => ({
    ...turn,
    parts: turn.parts.map((part, partIndex): Part => {
      if (part.type === 'tool-call') {
        const id = callId(part, `${turnIndex}:${partIndex}`)
        waiting.push({ name: part.name, id })
        return { ...part, id }
      }
      if (part.type !== 'tool-result') return part
      if (part.callId !== undefined) return { ...part, callId: shortened(part.callId) }
      const found = waiting.findIndex(({ name }) => part.name === undefined || name === part.name)
      const [call] = found < 0 ? [] : waiting.splice(found, 1)
      return { ...part, callId: call?.id ?? shortened(`result:${turnIndex}:${partIndex}:${part.name ?? ''}`) }
    }),
  }))
}

const callId = (part: ToolCallPart, place: string): string =>
  part.id === undefined ? hashedId(`${place}:${part.name}:${part.input}`) : shortened(part.id)

const shortened = (id: string): string => (id.length <= maxCallId ? id : hashedId(id))

const hashedId = (text: string): string =>
  `call_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`

const adoptTurn = (turn: Turn, path: string, losses: LossReporter): Turn => {
  const parts: Part[] = []
  const media: Part[] = []
  turn.parts.forEach((part, index) => {
    const at = `${path}.parts[${index}]`
    if (part.type === 'tool-result') parts.push(textResult(part, media, at, losses))
    else if (part.type === 'tool-call') parts.push(part)
    else if (part.type === 'reasoning') {
      losses.dropped('reasoning', at, 'this provider does not take thoughts of another as history')
    } else if (part.type === 'text' && part.text === '') return
    else if (canonicalPart(part) === undefined && part.type !== 'refusal') {
      losses.dropped(part.type, at, 'no counterpart')
    } else parts.push(part)
  })
  return withoutLoneList({ ...turn, parts: [...parts, ...media] }, path, losses)
}

/** Lone text becomes a plain string, which every backend takes; a user turn left empty says so. */
const withoutLoneList = (turn: Turn, path: string, losses: LossReporter): Turn => {
  const { form: _form, ...rest } = turn
  const said = turn.parts.filter((part) => part.type !== 'tool-call' && part.type !== 'tool-result')
  const [only] = said
  if (turn.role === 'user' && turn.parts.length === 0) {
    losses.approximated('empty message', path, 'a message must have content')
    return { ...rest, parts: [{ type: 'text', text: '(empty)' }], form: 'string' }
  }
  if (
    turn.role === 'assistant' &&
    said.some((part) => part.type === 'text' && part.citations !== undefined)
  ) {
    // A cited answer is one text that was cut at its citations.
    return { ...rest, form: 'string' }
  }
  const isLoneText = said.length === 1 && only?.type === 'text' && only.cache === undefined
  return isLoneText ? { ...rest, form: 'string' } : rest
}

/** Tool messages hold text alone: pictures and files follow in a user message behind all results. */
const textResult = (part: ToolResultPart, media: Part[], path: string, losses: LossReporter): Part => {
  const texts: string[] = []
  for (const item of part.content) {
    if (item.type === 'text') texts.push(item.text)
    else if (item.type === 'json') texts.push(item.json)
    else if (item.type === 'image' || item.type === 'document') {
      const kind = item.type === 'image' ? 'image' : 'file'
      media.push(item)
      texts.push(`[${kind} ${media.length} of call ${part.callId ?? ''} below]`)
      losses.approximated(`${kind} in tool result`, path, 'moved behind the tool messages')
    } else losses.dropped(`${item.type} in tool result`, path, 'no counterpart')
  }
  const text = texts.join('\n')
  const said = text === '' && part.isError === true ? 'Tool execution failed' : text
  const { isError: _isError, form: _form, ...rest } = part
  return { ...rest, content: said === '' ? [] : [{ type: 'text', text: said }], form: 'string' }
}
