import type { ProtocolId, ServerCallPart, ServerResultPart, StreamEvent } from '../../ir/index.ts'
import type { Machine } from '../../wire/index.ts'
import { asAnthropic } from './anthropic-server-parts.ts'
import { asResponses } from './responses-server-parts.ts'

/** Rewrites a call that the provider ran, with its result as far as it is known, for a client. */
export type ServerPair = (
  call: ServerCallPart,
  result: ServerResultPart | undefined,
) => readonly (ServerCallPart | ServerResultPart)[]

/**
 * Tools that ran at the provider, as the client's protocol says them (translation.md §5.5, §5.6). They never become
 * calls of the client's; Chat Completions has no place for them.
 * @param servers names of the MCP servers of the request, where the upstream puts them before a tool's name
 */
export const serverAnswer = (
  client: ProtocolId,
  upstream: ProtocolId,
  servers: readonly string[],
): Machine<StreamEvent, StreamEvent> => {
  const named = <Given extends ServerCallPart | ServerResultPart>(part: Given): Given =>
    withServer(part, servers)
  switch (client) {
    case 'anthropic-messages':
      return pairedParts(named, asAnthropic)
    case 'openai-responses':
      return pairedParts(named, (call, result) => asResponses(upstream, call, result))
    case 'gemini':
      return { push: (event) => [event], end: () => [] }
    default:
      return pairedParts(named, () => [])
  }
}

/** Gemini says `<server>_<tool>`; server names may hold underscores, so the known ones decide. */
const withServer = <Given extends ServerCallPart | ServerResultPart>(
  part: Given,
  servers: readonly string[],
): Given => {
  if (part.tool !== 'mcp' || part.server !== undefined) return part
  const server = servers.find((name) => part.name.startsWith(`${name}_`))
  return server === undefined ? part : { ...part, server, name: part.name.slice(server.length + 1) }
}

type WithServer = <Given extends ServerCallPart | ServerResultPart>(part: Given) => Given

type PartEvent = Extract<StreamEvent, { readonly index: number }>
type WholePart = Extract<StreamEvent, { type: 'part' }>

/**
 * Holds calls until their results, or any other part, have come, and lets `pair` say both. Parts that `pair` adds move
 * the indexes of all that open behind them.
 */
const pairedParts = (named: WithServer, pair: ServerPair): Machine<StreamEvent, StreamEvent> => {
  const choices = new Map<number, ChoicePairs>()
  const choiceOf = (index = 0): ChoicePairs => {
    let choice = choices.get(index)
    if (choice === undefined) {
      choice = new ChoicePairs(index === 0 ? {} : { choice: index }, named, pair)
      choices.set(index, choice)
    }
    return choice
  }
  const releaseAll = (): StreamEvent[] => [...choices.values()].flatMap((choice) => choice.release())
  return {
    push(event) {
      switch (event.type) {
        case 'start':
        case 'usage':
        case 'extension':
          return [event]
        case 'error':
        case 'end': {
          const left = releaseAll()
          return left.length === 0 ? [event] : [...left, event]
        }
        case 'finish': {
          const left = choices.get(event.choice ?? 0)?.release() ?? []
          return left.length === 0 ? [event] : [...left, event]
        }
        case 'part':
          return choiceOf(event.choice).pushWhole(event)
        default:
          return choices.size === 0 ? [event] : choiceOf(event.choice).pass(event)
      }
    },
    end: releaseAll,
  }
}

interface HeldCall {
  readonly call: ServerCallPart
  result: ServerResultPart | undefined
}

class ChoicePairs {
  readonly #choice: { readonly choice?: number }
  readonly #named: WithServer
  readonly #pair: ServerPair
  #held: HeldCall[] = []
  /** Indexes that the held parts came with. */
  #first = 0
  #last = 0
  #came = 0
  /** How many parts were added, by the index behind which they stand. */
  readonly #added = new Map<number, number>()

  constructor(choice: { readonly choice?: number }, named: WithServer, pair: ServerPair) {
    this.#choice = choice
    this.#named = named
    this.#pair = pair
  }

  pass(event: PartEvent): readonly StreamEvent[] {
    const left = this.release()
    const moved = this.#added.size === 0 ? event : { ...event, index: this.#place(event.index) }
    return left.length === 0 ? [moved] : [...left, moved]
  }

  pushWhole(event: WholePart): readonly StreamEvent[] {
    const { part } = event
    if (part.type === 'server-call' && part.byClient !== true) {
      if (this.#held.length === 0) this.#first = event.index
      this.#held.push({ call: this.#named(part), result: undefined })
      this.#note(event.index)
      return []
    }
    if (part.type !== 'server-result') return this.pass(event)
    const result = this.#named(part)
    const held = this.#held.find(
      ({ call, result: known }) =>
        known === undefined &&
        call.tool === result.tool &&
        (result.callId === undefined || result.callId === call.id),
    )
    // A result whose call is not at hand says nothing to a client that has not seen the call.
    if (held === undefined) return this.release()
    held.result = result
    this.#note(event.index)
    return this.#held.every((one) => one.result !== undefined) ? this.release() : []
  }

  release(): StreamEvent[] {
    if (this.#held.length === 0) return []
    const parts = this.#held.flatMap(({ call, result }) => this.#pair(call, result))
    const start = this.#place(this.#first)
    if (parts.length > this.#came) this.#added.set(this.#last, parts.length - this.#came)
    this.#held = []
    this.#came = 0
    return parts.map((part, offset) => ({ type: 'part', ...this.#choice, index: start + offset, part }))
  }

  #note(index: number): void {
    this.#last = index
    this.#came++
  }

  #place(index: number): number {
    let place = index
    for (const [behind, count] of this.#added) if (behind < index) place += count
    return place
  }
}
