/**
 * What holds for every answer that a client of another protocol gets: its stream keeps to the grammar and says what the
 * whole answer says, and its usage adds up and holds nothing that the provider did not report.
 */
import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../src/errors.ts'
import {
  collect,
  type GenerateResponse,
  isJsonObject,
  replay,
  type Usage,
  usageCounters,
} from '../../src/ir/index.ts'
import { protocols } from '../../src/protocols/index.ts'
import { translateAnswer } from '../../src/translation/index.ts'
import { formatFrame, sseDecoder } from '../../src/wire/index.ts'
import { corpusAvailable, runMachine } from '../support/corpus.ts'
import {
  type Difference,
  DifferenceLedger,
  describeDifferences,
  differences,
  type NamedDifference,
} from '../support/differences.ts'
import { answerCases, answerWire, type Client, cells, streamCases } from './cases.ts'
import { type Asked, answer, ask, calledTools, codecOf, eventsOf, stream } from './cell.ts'
import { answerSaid } from './said.ts'

const hasCorpus = corpusAvailable('the invariants of recorded answers')

const answers = answerCases()
const streams = streamCases()

interface Reply {
  readonly name: string
  readonly client: Client
  readonly upstream: Client
  /** What the provider said. */
  readonly response: GenerateResponse
  readonly asked: Asked
  /** What the client reads of the whole answer: its bytes, and what they say. */
  readonly body: string
  readonly whole: GenerateResponse
  /** And of the stream. */
  readonly streamed: GenerateResponse
  readonly isComplete: boolean
  readonly violations: readonly string[]
}

/** A failure that stands for an answer is told as one and is no answer. */
const unlessFailed = <Result>(run: () => Result): Result | undefined => {
  try {
    return run()
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'gateway_upstream_invalid') return undefined
    throw error
  }
}

/** Responses tells of a failure in an answer of its own. */
const hasFailed = (client: Client, body: string): boolean =>
  protocols[client].meterBody(Buffer.from(body), 'generate').ended === 'failed'

const repliesTo = (client: Client, upstream: Client): readonly Reply[] => {
  const codec = codecOf(client)
  const wholes = answers.flatMap(({ name, upstream: provider, wire }): readonly Reply[] => {
    if (provider !== upstream) return []
    const response = codecOf(upstream).decodeResponse(wire)
    const asked = ask(client, upstream, calledTools(response))
    const said = unlessFailed(() => answer(response, client, asked))
    if (said === undefined || hasFailed(client, said.body)) return []
    const events = replay(translateAnswer(response, asked))
    const bytes = Buffer.from(runMachine(codec.streamEncoder(asked.reply), events).map(formatFrame).join(''))
    const reader = sseDecoder()
    const frames = [...reader.push(bytes), ...reader.end()]
    const { response: streamed, complete } = collect(client, eventsOf(client, frames))
    return [
      {
        ...{ name, client, upstream, response, asked, body: said.body, streamed, isComplete: complete },
        whole: codec.decodeResponse(answerWire(said.body)),
        violations: runMachine(codec.conform(), frames),
      },
    ]
  })
  const parts = streams.flatMap(({ name, upstream: provider, frames }): readonly Reply[] => {
    if (provider !== upstream) return []
    const before = collect(upstream, eventsOf(upstream, frames))
    if (!before.complete || before.error !== undefined) return []
    const { response } = before
    const asked = ask(client, upstream, calledTools(response))
    const said = unlessFailed(() => answer(response, client, asked))
    if (said === undefined || hasFailed(client, said.body)) return []
    const given = stream(frames, client, upstream, asked)
    const { response: streamed, complete } = collect(client, eventsOf(client, given.frames))
    return [
      {
        ...{ name: `${name}, streamed`, client, upstream, response, asked, body: said.body, streamed },
        isComplete: complete,
        whole: codec.decodeResponse(answerWire(said.body)),
        violations: [...given.violations],
      },
    ]
  })
  return [...wholes, ...parts]
}

const replies = new Map<string, readonly Reply[]>()
const repliesOf = (client: Client, upstream: Client): readonly Reply[] => {
  const key = `${client} ${upstream}`
  const known = replies.get(key) ?? repliesTo(client, upstream)
  replies.set(key, known)
  return known
}

const eachReply = (check: (reply: Reply) => string | undefined): void => {
  const faults = cells.flatMap(([client, upstream]) =>
    repliesOf(client, upstream).flatMap((reply) => {
      const fault = check(reply)
      return fault === undefined ? [] : [`${reply.name} from ${upstream} to ${client}: ${fault}`]
    }),
  )
  expect(faults.length === 0 ? '' : `${faults.length}:\n${faults.slice(0, 15).join('\n')}`).toBe('')
}

const listed = (found: readonly Difference[]): string | undefined =>
  found.length === 0 ? undefined : `\n${describeDifferences(found)}`

const unusedIn = <Context>(ledger: DifferenceLedger<Context>): readonly string[] =>
  hasCorpus ? ledger.unused().map(({ at, reason }) => `${at} (${reason})`) : []

describe('an answer for a client of another protocol', () => {
  test('keeps to the grammar of its stream, and ends it', () => {
    eachReply(({ violations, isComplete }) => {
      if (violations.length > 0) return violations.join(', ')
      return isComplete ? undefined : 'it does not end'
    })
  })

  test('says the same in a stream as in one piece', () => {
    const ledger = new DifferenceLedger(streamDifferences)
    eachReply(({ client, upstream, whole, streamed }) =>
      listed(ledger.unlisted(differences(answerSaid(whole), answerSaid(streamed)), { client, upstream })),
    )
    expect(unusedIn(ledger)).toEqual([])
  })

  test('counts what the provider counted, and nothing else', () => {
    eachReply(({ client, response, whole, streamed }) => {
      for (const [how, seen] of [
        ['whole', whole],
        ['streamed', streamed],
      ] as const) {
        for (const counter of usageCounters) {
          const reported = response.usage?.[counter]
          const given = seen.usage?.[counter]
          if (given === undefined || given === reported) continue
          if (!isDemanded(client, response.usage, counter, given))
            return `${how}: ${counter} is ${given}, the provider said ${reported}`
        }
      }
      return undefined
    })
  })

  test('has usage that adds up', () => {
    eachReply(({ client, body, response }) => {
      if (!addsUp(response.usage)) return undefined
      const usage = usageIn(body)
      return usage === undefined ? undefined : identities[client](usage)
    })
  })
})

interface Pair {
  readonly client: Client
  readonly upstream: Client
}

const streamDifferences: readonly NamedDifference<Pair>[] = [
  {
    at: 'choices[*].order',
    reason: 'a whole answer of Chat has one text and one thought',
    when: (_, { client }) => client === 'openai-chat',
  },
  {
    at: 'choices[*].citations**',
    reason: 'what is cited is known when its words are on their way: the whole block is cited',
    when: (_, { client }) => client === 'anthropic-messages',
  },
  {
    at: 'choices[*].calls[*].input',
    reason: 'no arguments are no words in a stream',
    when: ({ expected, actual }) => expected === '{}' && actual === '',
  },
  {
    at: 'choices[*].calls[*].input',
    reason: 'a frame is one line',
    when: ({ expected, actual }, { client }) =>
      client === 'gemini' && actual === String(expected).replaceAll('\n', ' '),
  },
  {
    at: 'choices[*]',
    change: 'added',
    reason: 'a stream ends with a reason, also where nothing was said yet',
    when: (_, { client }) => client === 'gemini',
  },
  {
    at: 'choices[*].thoughts',
    reason: 'thoughts that follow each other are one in a stream',
    when: ({ expected, actual }, { client }) =>
      client === 'gemini' && String(actual).replaceAll('\n', '') === String(expected).replaceAll('\n', ''),
  },
  {
    at: 'serviceTier',
    reason: 'the tier stands beside the usage, which comes last: a reader of the first chunk sees none',
    when: (_, { client }) => client === 'gemini',
  },
  {
    at: 'model',
    reason: 'a stream keeps the model with which it began',
    when: (_, { upstream }) => upstream === 'anthropic-messages',
  },
]

/** Zeros that the client's types demand of an answer whose provider did not count, and counts of tools that ran. */
const isDemanded = (
  client: Client,
  reported: Usage | undefined,
  counter: keyof Usage,
  given: number,
): boolean => {
  if (counter === 'webSearches' || counter === 'webFetches') return true
  if (reported?.[counter] !== undefined) return counter === 'inputTokens' && !addsUp(reported)
  if (given !== 0) return false
  if (client === 'openai-responses') return true
  return client === 'anthropic-messages' && (counter === 'inputTokens' || counter === 'outputTokens')
}

/** Some backends say that more was cached than was read, or thought than was written. */
const addsUp = (usage: Usage = {}): boolean => {
  const { inputTokens, outputTokens, cacheReadTokens = 0, reasoningTokens = 0 } = usage
  const { cacheWriteTokens = 0, cacheWriteLongTokens = 0, toolPromptTokens = 0 } = usage
  const parts = cacheReadTokens + cacheWriteTokens + cacheWriteLongTokens
  return (
    (inputTokens === undefined || (parts <= inputTokens && toolPromptTokens <= inputTokens)) &&
    (outputTokens === undefined || reasoningTokens <= outputTokens)
  )
}

type Counters = Readonly<Record<string, unknown>>

const usageIn = (body: string): Counters | undefined => {
  const value: unknown = JSON.parse(body)
  if (!isJsonObject(value)) return undefined
  const usage = value['usage'] ?? value['usageMetadata']
  return isJsonObject(usage) ? usage : undefined
}

const count = (counters: Counters, ...path: readonly string[]): number => {
  const value = path.reduce<unknown>((inner, key) => (isJsonObject(inner) ? inner[key] : undefined), counters)
  return typeof value === 'number' ? value : 0
}

const broken = (rule: string, holds: boolean): string | undefined => (holds ? undefined : rule)

const openaiIdentity =
  (input: string, output: string) =>
  (usage: Counters): string | undefined => {
    const read = count(usage, input)
    const written = count(usage, output)
    return (
      broken(
        'the total is not the sum',
        usage['total_tokens'] === undefined || count(usage, 'total_tokens') === read + written,
      ) ??
      broken('more is cached than read', count(usage, `${input}_details`, 'cached_tokens') <= read) ??
      broken('more is thought than written', count(usage, `${output}_details`, 'reasoning_tokens') <= written)
    )
  }

/** translation.md §12. */
const identities: Readonly<Record<Client, (usage: Counters) => string | undefined>> = {
  'openai-chat': openaiIdentity('prompt_tokens', 'completion_tokens'),
  'openai-responses': openaiIdentity('input_tokens', 'output_tokens'),
  'anthropic-messages': (usage) => {
    const written = usage['cache_creation']
    const parts =
      count(usage, 'cache_creation', 'ephemeral_5m_input_tokens') +
      count(usage, 'cache_creation', 'ephemeral_1h_input_tokens')
    return (
      broken(
        'writes to the cache do not add up',
        !isJsonObject(written) || parts === count(usage, 'cache_creation_input_tokens'),
      ) ?? broken('fewer than no tokens are read', count(usage, 'input_tokens') >= 0)
    )
  },
  gemini: (usage) =>
    broken(
      'the total is not the sum',
      count(usage, 'totalTokenCount') ===
        ['promptTokenCount', 'candidatesTokenCount', 'thoughtsTokenCount', 'toolUsePromptTokenCount'].reduce(
          (sum, key) => sum + count(usage, key),
          0,
        ),
    ) ??
    broken(
      'more is cached than read',
      count(usage, 'cachedContentTokenCount') <= count(usage, 'promptTokenCount'),
    ),
}
