/** What is said between a client and a provider of different protocols, read from the bytes on the other side. */
import { expect } from 'bun:test'
import type { Warning } from '../../src/ir/index.ts'
import { type AgentRequest, requestOf } from './agent-requests.ts'
import { answerWire, type Client, cells, requestWire } from './cases.ts'
import {
  type Asked,
  answer,
  codecOf,
  generousTarget,
  questionOf,
  read,
  replyOf,
  type SendOptions,
  send,
  stream,
} from './cell.ts'
import { type Heard, heardStream, heardWhole } from './heard.ts'
import { promptOf, type Read } from './prompt.ts'
import { framesOf, type ProviderAnswer, streamFrom, wholeFrom } from './provider-answers.ts'

type Events = readonly (object | string)[]

/** Every pair of protocols, or some of them; a failure says in which. */
export const everywhere = (
  check: (client: Client, upstream: Client) => void,
  where: (client: Client, upstream: Client) => boolean = () => true,
): void => {
  for (const [client, upstream] of cells.filter((cell) => where(...cell))) {
    try {
      check(client, upstream)
    } catch (error) {
      const said = error instanceof Error ? (error.stack ?? error.message) : String(error)
      throw new Error(`${client} with a provider of ${upstream}: ${said}`, { cause: error })
    }
  }
}

export interface Prompt {
  readonly body: string
  readonly read: readonly Read[]
  readonly warnings: readonly Warning[]
  /** So that an answer can come back. */
  readonly asked: Asked
}

/**
 * A body of the client's as the provider reads it.
 * @throws GatewayError `gateway_translation_unsupported` for what must not be lost
 */
export const sentBody = (
  client: Client,
  upstream: Client,
  body: string,
  options: SendOptions = { target: generousTarget(upstream) },
): Prompt => {
  const wire = requestWire(client, body)
  const request = read(client, wire)
  const sent = send(request, client, upstream, options)
  const asked = { ...sent, reply: replyOf(request, wire.headers) }
  return { body: sent.sent.body, read: promptOf(upstream, sent.sent.body), warnings: sent.warnings, asked }
}

/** A conversation as the provider reads it. */
export const prompted = (
  client: Client,
  upstream: Client,
  request: AgentRequest,
  options?: SendOptions,
): Prompt => sentBody(client, upstream, requestOf(client, request), options)

const toolNames = ['get_weather', 'now', 'web_search']

/** A question that knows some tools and wants to see everything. */
export const question = (client: Client): string => questionOf(client, toolNames)

const asking = (client: Client, upstream: Client): Asked => sentBody(client, upstream, question(client)).asked

/** The body that the client gets for a whole answer of the provider. */
export const saidWhole = (
  client: Client,
  upstream: Client,
  body: string,
  asked: Asked = asking(client, upstream),
): string => answer(codecOf(upstream).decodeResponse(answerWire(body)), client, asked).body

export const hearWhole = (client: Client, upstream: Client, body: string, asked?: Asked): Heard =>
  heardWhole(client, saidWhole(client, upstream, body, asked))

/** What goes out must be of the client's grammar. */
export const hearStream = (
  client: Client,
  upstream: Client,
  events: Events,
  asked: Asked = asking(client, upstream),
): Heard => {
  const { frames, violations } = stream(framesOf(upstream, events), client, upstream, asked)
  expect([...violations]).toEqual([])
  return heardStream(client, frames)
}

/** An answer as the client hears it, once whole and once streamed. */
export const heardBothWays = (
  client: Client,
  upstream: Client,
  said: ProviderAnswer,
  asked: Asked = asking(client, upstream),
): readonly Heard[] => {
  const { frames, violations } = stream(streamFrom(upstream, said), client, upstream, asked)
  expect([...violations]).toEqual([])
  return [hearWhole(client, upstream, wholeFrom(upstream, said), asked), heardStream(client, frames)]
}

/** Kinds in their order, without opaque states between them. */
export const spoken = ({ order }: Heard): readonly string[] =>
  order.filter((kind) => kind !== 'state').filter((kind, index, kinds) => kind !== kinds[index - 1])
