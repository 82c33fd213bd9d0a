import { createHash } from 'node:crypto'
import type { Part, ToolCallPart, ToolResultPart, Turn } from '../../ir/index.ts'
import { adoptMedia, isMedia, type MediaContext } from './foreign-media.ts'

/** OpenAI refuses longer call ids. */
const maximumId = 40

/** Gives ids to calls without one, pairs results by name and order, and shortens what is too long. */
export const withCallIds = (turns: readonly Turn[]): readonly Turn[] => {
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
      const given = part.callId === undefined ? undefined : shortened(part.callId)
      const found = waiting.findIndex(({ name, id }) =>
        given === undefined ? part.name === undefined || name === part.name : id === given,
      )
      const [call] = found < 0 ? [] : waiting.splice(found, 1)
      return {
        ...part,
        callId: call?.id ?? given ?? hashedId(`result:${turnIndex}:${partIndex}:${part.name ?? ''}`),
      }
    }),
  }))
}

const callId = (part: ToolCallPart, place: string): string =>
  part.id === undefined ? hashedId(`${place}:${part.name}:${part.input}`) : shortened(part.id)

const shortened = (id: string): string => (id.length <= maximumId && id !== '' ? id : hashedId(id))

const hashedId = (text: string): string =>
  `call_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`

/**
 * Results stand directly behind the answer with their calls, in the calls' order, and media in them in one user message
 * behind all of them; whatever else was said there comes after (translation.md §5.4). Each result is a turn here.
 */
export const resultsAtCalls = (turns: readonly Turn[], context: MediaContext): readonly Turn[] => {
  const answers: Answered[] = []
  const answerOf = new Map<string, Answered>()
  for (const turn of turns) {
    const results = turn.parts.filter((part) => part.type === 'tool-result')
    const rest = results.length === 0 ? turn : withoutResults(turn)
    for (const result of results) {
      const answer = answerOf.get(result.callId ?? '') ?? answers.at(-1)
      answer?.results.push(result)
      // A result in front of all calls answers none; that is the provider's to say.
      if (answer === undefined) answers.push({ turn: undefined, order: new Map(), results: [result] })
    }
    if (results.length > 0 && rest.parts.length === 0) continue
    const answer: Answered = { turn: rest, order: new Map(), results: [] }
    answers.push(answer)
    for (const part of rest.parts) {
      if (part.type !== 'tool-call' || part.id === undefined) continue
      answer.order.set(part.id, answer.order.size)
      answerOf.set(part.id, answer)
    }
  }
  return answers.flatMap((answer) => [
    ...(answer.turn === undefined ? [] : [answer.turn]),
    ...resultTurns(answer, context),
  ])
}

interface Answered {
  readonly turn: Turn | undefined
  readonly order: Map<string, number>
  readonly results: ToolResultPart[]
}

/** What is left beside the results is a list of its own: one text is the same as a string. */
const withoutResults = (turn: Turn): Turn => ({
  ...turn,
  parts: turn.parts.filter((part) => part.type !== 'tool-result'),
})

const resultTurns = ({ results, order }: Answered, context: MediaContext): readonly Turn[] => {
  if (results.length === 0) return []
  const rank = (part: ToolResultPart): number => order.get(part.callId ?? '') ?? order.size
  const media: Part[] = []
  const turns = [...results]
    .sort((a, b) => rank(a) - rank(b))
    .map((part): Turn => ({ role: 'user', parts: [textResult(part, media, context)] }))
  return media.length === 0 ? turns : [...turns, { role: 'user', parts: media }]
}

/** Tool messages hold text alone. */
const textResult = (part: ToolResultPart, media: Part[], context: MediaContext): Part => {
  const place = part.at ?? 'turns'
  const texts: string[] = []
  const say = (item: Part): void => {
    if (item.type === 'text') {
      texts.push(item.text)
      return
    }
    const kind = item.type === 'document' ? 'file' : item.type
    media.push(item)
    texts.push(`[${kind} ${media.length} of call ${part.callId ?? ''} below]`)
    context.losses.approximated(`${kind} in tool result`, item.at ?? place, 'moved behind the tool messages')
  }
  for (const item of part.content) {
    const at = item.at ?? place
    if (item.type === 'text' || item.type === 'refusal') texts.push(item.text)
    else if (item.type === 'json') texts.push(item.json)
    else if (item.type === 'opaque' && item.raw !== undefined) {
      texts.push(item.raw.json)
      context.losses.approximated(`${item.name} in tool result`, at, 'said as its JSON text')
    } else if (isMedia(item)) adoptMedia(item, at, context).forEach(say)
    else context.losses.dropped(`${item.type} in tool result`, at, 'no counterpart')
  }
  const text = texts.join('\n')
  const said = text === '' && part.isError === true ? 'Tool execution failed' : text
  const { isError: _isError, form: _form, name: _name, state: _state, ...rest } = part
  return { ...rest, content: said === '' ? [] : [{ type: 'text', text: said }], form: 'string' }
}
