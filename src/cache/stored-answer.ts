import { z } from 'zod'
import {
  bare,
  type Choice,
  type Collected,
  type GenerateResponse,
  isJsonObject,
  type JsonObject,
  type Part,
  type ProtocolId,
  parseJson,
  protocolIds,
  type Usage,
  type Warning,
} from '../ir/index.ts'

/** An answer as it is kept: as the model said it, with placeholders for what was redacted. */
export interface StoredAnswer {
  /** What the client spoke whose exchange it comes from. */
  readonly client: ProtocolId
  /** What the provider spoke. */
  readonly source: ProtocolId
  /** Can it be said in other protocols than its client's without a loss? */
  readonly isPortable: boolean
  readonly provider: string
  /** The model that was asked. */
  readonly model: string
  /** When it was answered, in milliseconds since 1970. */
  readonly at: number
  /** What it cost; undefined where nobody knows. */
  readonly costNanoUsd: bigint | undefined
  /** What of the request was lost on the way to the provider: whoever gets the answer is to know. */
  readonly warnings: readonly Warning[]
  readonly response: GenerateResponse
}

/** Why an answer is not kept. */
export type UnstorableReason =
  | 'failed'
  | 'incomplete'
  | 'too-large'
  /** The firewall changed it. */
  | 'screened'
  | 'refusal'
  | 'truncated'
  | 'tool-call'
  | 'several-answers'
  | 'other-content'
  /** The cache was purged while it was asked. */
  | 'purged'

/** @param toolCalls may answers that call tools be kept? */
export const unstorable = (
  { response, complete, error }: Collected,
  toolCalls: boolean,
): UnstorableReason | undefined => {
  if (error !== undefined) return 'failed'
  if (!complete) return 'incomplete'
  const [choice] = response.choices
  if (choice === undefined || response.choices.length > 1) return 'several-answers'
  if (holdsMore(response.extensions) || holdsMore(choice.extensions)) return 'other-content'
  return unfinished(choice, toolCalls) ?? unsayable(choice, toolCalls)
}

/**
 * Members of answers that hold content for which the canonical form has no word: sources, pictures, likelihoods. What is
 * kept has none of them.
 */
const content: ReadonlySet<string> = new Set([
  'citations',
  'search_results',
  'related_questions',
  'images',
  'logprobs',
  'logprobsResult',
  'prompt_logprobs',
  'citationMetadata',
  'groundingMetadata',
  'urlContextMetadata',
])

/** Does it hold content of such members, at most some levels deep? */
export const holdsMore = (extensions: JsonObject | undefined, levels = 4): boolean =>
  extensions !== undefined &&
  Object.entries(extensions).some(
    ([name, value]) =>
      (content.has(name) && value !== null) ||
      (levels > 1 && isJsonObject(value) && holdsMore(value, levels - 1)),
  )

const unfinished = ({ finish }: Choice, toolCalls: boolean): UnstorableReason | undefined => {
  switch (finish?.reason) {
    case 'end':
    case 'stop-sequence':
      return undefined
    case 'tool-calls':
      return toolCalls ? undefined : 'tool-call'
    case 'refusal':
    case 'filtered-input':
    case 'filtered-output':
      return 'refusal'
    case 'length':
    case 'context':
      return 'truncated'
    case undefined:
      return 'incomplete'
    default:
      return 'other-content'
  }
}

const unsayable = ({ parts }: Choice, toolCalls: boolean): UnstorableReason | undefined => {
  let hasWords = false
  for (const part of parts) {
    switch (part.type) {
      case 'reasoning':
        break
      case 'text':
        // What is cited lives elsewhere.
        if ((part.citations?.length ?? 0) > 0) return 'other-content'
        hasWords ||= part.text.trim() !== ''
        break
      case 'tool-call':
        if (!toolCalls) return 'tool-call'
        hasWords = true
        break
      case 'refusal':
        if (part.text !== '') return 'refusal'
        break
      default:
        return 'other-content'
    }
  }
  return hasWords ? undefined : 'incomplete'
}

export interface AnswerOrigin {
  readonly client: ProtocolId
  readonly source: ProtocolId
  readonly provider: string
  readonly model: string
  readonly at: number
  readonly costNanoUsd: bigint | undefined
  readonly warnings: readonly Warning[]
}

/**
 * What is kept of an answer: its words, calls and thoughts, and how many tokens it took. Ids, echoes of the request and
 * whatever else belongs to the one exchange that it comes from are left out.
 */
export const storedAnswer = ({ response }: Collected, origin: AnswerOrigin): StoredAnswer => {
  const { model, usage, choices } = bare(response)
  const kept = choices.map((choice) => ({
    ...choice,
    parts: choice.parts.filter((part) => isRepeatable(part, origin)),
  }))
  return {
    ...origin,
    isPortable:
      origin.warnings.length === 0 &&
      kept.every(({ parts }) => parts.every((part) => part.type !== 'reasoning' && !part.state)),
    response: {
      protocol: response.protocol,
      ...(model === undefined ? {} : { model }),
      choices: kept,
      ...(usage === undefined ? {} : { usage: readFromCache(usage) }),
    },
  }
}

/** Of OpenAI's own thoughts only their sealed form means anything to OpenAI, without the id that it gave them. */
const isRepeatable = (part: Part, { client, source }: Pick<AnswerOrigin, 'client' | 'source'>): boolean =>
  part.type !== 'reasoning' ||
  part.state !== undefined ||
  client !== 'openai-responses' ||
  source !== 'openai-responses'

/** What a client is told of an answer that nobody computed: all of its input was read from a cache. */
const readFromCache = ({ cacheWriteTokens: _, cacheWriteLongTokens: __, ...usage }: Usage): Usage =>
  usage.inputTokens === undefined ? usage : { ...usage, cacheReadTokens: usage.inputTokens }

/** Does it say the same to a client of this protocol? */
export const isFor = ({ client, isPortable }: StoredAnswer, protocol: ProtocolId): boolean =>
  isPortable || client === protocol

export const callsTools = ({ response }: StoredAnswer): boolean =>
  response.choices.some(({ parts }) => parts.some(({ type }) => type === 'tool-call'))

const warning = z.object({
  code: z.enum(['dropped', 'approximated']),
  feature: z.string(),
  path: z.string(),
  reason: z.string(),
})

const shape = z.object({
  v: z.literal(2),
  client: z.enum(protocolIds),
  source: z.enum(protocolIds),
  isPortable: z.boolean(),
  provider: z.string(),
  model: z.string(),
  at: z.number(),
  cost: z.string().regex(/^\d+$/).nullable(),
  warnings: z.array(warning),
  response: z.custom<GenerateResponse>(
    (value) => typeof value === 'object' && value !== null && Array.isArray(Reflect.get(value, 'choices')),
  ),
})

export const writeAnswer = ({ costNanoUsd, ...answer }: StoredAnswer): string =>
  JSON.stringify({ v: 2, ...answer, cost: costNanoUsd?.toString() ?? null })

/** Undefined for what another version has written. */
export const readAnswer = (text: string): StoredAnswer | undefined => {
  const read = shape.safeParse(parseJson(text))
  if (!read.success) return undefined
  const { v: _, cost, ...answer } = read.data
  return { ...answer, costNanoUsd: cost === null ? undefined : BigInt(cost) }
}
