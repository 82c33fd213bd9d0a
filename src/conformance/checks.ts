import {
  type CanonicalError,
  collect,
  type FunctionTool,
  type GenerateRequest,
  type GenerateResponse,
  isJsonObject,
  parseJson,
  type ToolCallPart,
} from '../ir/index.ts'
import { type Answer, ask, readStream, readWhole, type Subject } from './subject.ts'

/** `skipped` says why there is nothing to judge. */
export type Verdict =
  | { readonly state: 'passed' }
  | { readonly state: 'failed' | 'skipped'; readonly reason: string }

export interface Check {
  readonly name: string
  readonly run: (subject: Subject) => Promise<Verdict>
}

const passed: Verdict = { state: 'passed' }
const failed = (reason: string): Verdict => ({ state: 'failed', reason })
const skipped = (reason: string): Verdict => ({ state: 'skipped', reason })

type Request = Omit<GenerateRequest, 'protocol' | 'model'>

const question = (text: string, stream: boolean, rest: Partial<Request> = {}): Request => ({
  stream,
  turns: [{ role: 'user', parts: [{ type: 'text', text }] }],
  tools: [],
  sampling: {},
  maxOutputTokens: 1024,
  store: false,
  streamUsage: stream,
  ...rest,
})

const hello = 'Say hello in one short sentence.'

const weather: FunctionTool = {
  type: 'function',
  name: 'get_weather',
  description: 'Looks up the weather of a city.',
  parameters: '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}',
}
const forced = { tools: [weather], toolChoice: { type: 'required' } } as const

/** What every server of a protocol has to get right, in the order of the report. */
export const checks: readonly Check[] = [
  {
    name: 'whole answer',
    run: async (subject) => {
      const answer = await ask(subject, question(hello, false))
      return problem(answer) ?? judge(readWhole(subject, answer), hasText, hasEnded, countsTokens)
    },
  },
  {
    name: 'stream: grammar',
    run: async (subject) => {
      const answer = await ask(subject, question(hello, true))
      const { broken } = readStream(subject, answer)
      return problem(answer) ?? (broken.length === 0 ? passed : failed(`breaks ${broken.join(', ')}`))
    },
  },
  {
    name: 'stream: whole',
    run: async (subject) => {
      const answer = await ask(subject, question(hello, true))
      return problem(answer) ?? judgeStream(subject, answer, hasText, hasEnded)
    },
  },
  {
    name: 'stream: usage',
    run: async (subject) => {
      const answer = await ask(subject, question(hello, true))
      return problem(answer) ?? judgeStream(subject, answer, countsTokens)
    },
  },
  {
    name: 'tool call',
    run: async (subject) => {
      const answer = await ask(subject, question('What is the weather in Ulm?', false, forced))
      return problem(answer) ?? judge(readWhole(subject, answer), callsTool)
    },
  },
  {
    name: 'tool call, streamed',
    run: async (subject) => {
      const answer = await ask(subject, question('What is the weather in Ulm?', true, forced))
      return problem(answer) ?? judgeStream(subject, answer, callsTool)
    },
  },
  {
    name: 'tool result',
    run: async (subject) => {
      const first = await ask(subject, question('What is the weather in Ulm?', false, forced))
      const wrong = problem(first)
      if (wrong !== undefined) return wrong
      const [choice] = readWhole(subject, first).choices
      const call = choice?.parts.find((part) => part.type === 'tool-call')
      if (choice === undefined || call?.type !== 'tool-call') return skipped('no tool was called')
      const second = await ask(subject, {
        ...question('', false, { tools: [weather] }),
        turns: [
          { role: 'user', parts: [{ type: 'text', text: 'What is the weather in Ulm?' }] },
          { role: 'assistant', parts: choice.parts },
          { role: 'user', parts: [resultOf(call)] },
        ],
      })
      return problem(second) ?? judge(readWhole(subject, second), hasEnded)
    },
  },
  {
    name: 'length stop',
    run: async (subject) => {
      const request = question('Count from 1 to 500, every number in words.', false, { maxOutputTokens: 16 })
      const answer = await ask(subject, request)
      const wrong = problem(answer)
      if (wrong !== undefined) return wrong
      const reason = readWhole(subject, answer).choices[0]?.finish?.reason
      if (reason === 'length') return passed
      return skipped(`the answer ended with ${reason ?? 'no reason'} before the limit`)
    },
  },
  {
    name: 'error: unknown model',
    run: async (subject) => {
      const answer = await ask(subject, question(hello, false), { model: 'no-such-model-exists' })
      return judgeError(subject, answer, [400, 404], ['unknown_model', 'not_found', 'bad_request'])
    },
  },
  {
    name: 'error: broken JSON',
    run: async (subject) => {
      const { path, headers } = subject.codec.encodeRequest(
        { protocol: subject.protocol.id, model: subject.model, ...question(hello, false) },
        { model: subject.model, stream: false },
      )
      return judgeError(subject, await subject.post(path, '{"model":', { headers }), [400], ['bad_request'])
    },
  },
  {
    name: 'error: wrong key',
    run: async (subject) => {
      const answer = await ask(subject, question(hello, false), { key: 'wrong-key' })
      if (answer.status < 400) return skipped('keys are not asked for')
      return judgeError(subject, answer, [400, 401, 403], ['bad_key', 'forbidden', 'bad_request'])
    },
  },
  {
    name: 'list of models',
    run: async (subject) => {
      const path = subject.protocol.endpoints.find(({ operation }) => operation === 'list-models')?.path
      if (path === undefined) return skipped('the protocol has none')
      const answer = await subject.get(path)
      return problem(answer) ?? (listsModels(answer) ? passed : failed('the answer is no list of models'))
    },
  },
]

const resultOf = ({ id, name, kind }: ToolCallPart) =>
  ({
    type: 'tool-result',
    ...(id === undefined ? {} : { callId: id }),
    name,
    kind,
    content: [{ type: 'text', text: 'sunny, 21 degrees' }],
    form: 'string',
  }) as const

/** Something to find fault with in an answer; undefined: nothing. */
type Rule = (response: GenerateResponse) => string | undefined

const hasText: Rule = ({ choices }) =>
  choices[0]?.parts.some((part) => part.type === 'text' && part.text !== '') === true
    ? undefined
    : 'there is no text'

const hasEnded: Rule = ({ choices }) =>
  choices[0]?.finish === undefined ? 'there is no reason of the end' : undefined

const countsTokens: Rule = ({ usage }) =>
  (usage?.inputTokens ?? 0) > 0 && (usage?.outputTokens ?? 0) > 0 ? undefined : 'tokens are not counted'

const callsTool: Rule = ({ choices }) => {
  const [choice] = choices
  const call = choice?.parts.find((part) => part.type === 'tool-call')
  if (call?.type !== 'tool-call') return 'the tool was not called'
  if (call.name !== weather.name) return `the tool has another name: ${call.name}`
  if (!isJsonObject(parseJson(call.input))) return 'the arguments are no JSON object'
  return choice?.finish?.reason === 'tool-calls' ? undefined : 'the end does not say that tools were called'
}

const judge = (response: GenerateResponse, ...rules: readonly Rule[]): Verdict => {
  const faults = rules.flatMap((rule) => rule(response) ?? [])
  return faults.length === 0 ? passed : failed(faults.join('; '))
}

const judgeStream = (subject: Subject, answer: Answer, ...rules: readonly Rule[]): Verdict => {
  const { response, complete, error } = collect(subject.protocol.id, readStream(subject, answer).events)
  if (error !== undefined) return failed(`the stream ends with an error: ${error.message}`)
  return complete ? judge(response, ...rules) : failed('the stream is not whole')
}

const problem = ({ status, body }: Answer): Verdict | undefined =>
  status === 200 ? undefined : failed(`status ${status}: ${excerpt(body)}`)

const judgeError = (
  { protocol }: Subject,
  { status, headers, body }: Answer,
  statuses: readonly number[],
  kinds: readonly CanonicalError['kind'][],
): Verdict => {
  if (!statuses.includes(status)) return failed(`status ${status}, expected ${statuses.join(' or ')}`)
  const { kind } = protocol.errors.decode(status, headers, body)
  if (!hasShape(protocol.id, parseJson(excerpt(body, 100_000)))) {
    return failed('the body is not in the shape of the protocol')
  }
  return kinds.includes(kind) ? passed : failed(`it reads as ${kind}`)
}

/** translation.md §13.1. */
const hasShape = (protocol: string, value: unknown): boolean => {
  const body = Array.isArray(value) ? value[0] : value
  if (!isJsonObject(body) || !isJsonObject(body['error'])) return false
  const { error } = body
  if (!isJsonObject(error) || typeof error['message'] !== 'string') return false
  if (protocol === 'anthropic-messages') return body['type'] === 'error' && typeof error['type'] === 'string'
  if (protocol === 'gemini') return typeof error['code'] === 'number' && typeof error['status'] === 'string'
  return 'type' in error && 'param' in error && 'code' in error
}

const listsModels = ({ body }: Answer): boolean => {
  const value = parseJson(excerpt(body, 10_000_000))
  return isJsonObject(value) && (Array.isArray(value['data']) || Array.isArray(value['models']))
}

const excerpt = (body: Uint8Array, length = 200): string => new TextDecoder().decode(body).slice(0, length)
