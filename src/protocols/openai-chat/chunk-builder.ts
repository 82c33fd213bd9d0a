/** Builds chunks from events. The encoder writes what it builds; the decoder compares it with what it read. */
import {
  extensionOf,
  type JsonObject,
  type StreamEvent,
  type ToolCallPart,
  type Usage,
} from '../../ir/index.ts'
import { AnswerText } from './answer-text.ts'
import { canonicalCall, isFunctionCall, wireName } from './encode-calls.ts'
import { protocol } from './encode-parts.ts'
import { createdCallId, type Identity } from './encode-response.ts'
import { encodeErrorObject } from './errors.ts'
import { encodeFinish, type Held } from './finish-reason.ts'
import { objectOf, optional } from './members.ts'
import { stateDetail } from './reasoning-fields.ts'
import { additions, type Members, restore } from './remainder.ts'
import {
  append,
  type Delta,
  type OpenCall,
  type OpenThought,
  push,
  sayArguments,
  sayPart,
  sayThought,
} from './say-delta.ts'
import { encodeUsage } from './usage.ts'

export interface BuilderOptions {
  /** For what the start event leaves out. */
  readonly identity: Identity
  /** Answer a single call as `function_call`. */
  readonly oldForm: boolean
  /** Write `usage: null` into chunks without usage, as OpenAI does when usage was asked for. */
  readonly usageMembers: boolean
}

interface ChoiceState {
  started: boolean
  finished: boolean
  calls: number
  listedCalls: number
  hasRefusal: boolean
  oldForm: boolean
  readonly open: Map<number, OpenCall>
  readonly thoughts: Map<number, OpenThought>
  readonly text: AnswerText
}

interface ChoiceDraft {
  readonly index: number
  readonly delta: Delta
  finish: string | null
}

/** How exactly a chunk is to follow its source. */
export interface ExactChunk {
  readonly choices: readonly number[]
  readonly rest: JsonObject
}

export class ChunkBuilder {
  #options: BuilderOptions
  #head: Members
  readonly #choices = new Map<number, ChoiceState>()

  constructor(options: BuilderOptions) {
    this.#options = options
    this.#head = headOf(options.identity, undefined, {})
  }

  /** Sets what every chunk repeats. */
  start(identity: Identity, serviceTier: string | undefined, members: JsonObject): void {
    this.#options = { ...this.#options, identity }
    this.#head = headOf(identity, serviceTier, members)
  }

  /**
   * The chunk that says these events; undefined when they say nothing here.
   * @param exact the source's own cut: which choices, whether or not something is said in them
   */
  build(events: readonly StreamEvent[], exact?: ExactChunk): Members | undefined {
    const drafts = new Map<number, ChoiceDraft>()
    const draft = (index: number): ChoiceDraft => {
      let found = drafts.get(index)
      if (found === undefined) {
        found = { index, delta: {}, finish: null }
        drafts.set(index, found)
      }
      return found
    }
    for (const index of exact?.choices ?? []) draft(index)
    let usage: Usage | undefined
    let usageRest: JsonObject = {}
    let error: JsonObject | undefined
    for (const event of events) {
      if (event.type === 'usage') {
        usage = event.usage
        const rest = extensionOf(event, protocol)['usage']
        usageRest = objectOf(rest) ?? {}
      } else if (event.type === 'error') error = encodeErrorObject(event.error)
      else this.#say(event, draft, exact !== undefined)
    }
    if (drafts.size === 0 && usage === undefined && error === undefined && exact === undefined)
      return undefined
    const choices = (exact === undefined ? [...drafts.keys()] : exact.choices).map((index) =>
      this.#finished(draft(index), exact !== undefined),
    )
    const chunk: Members = {
      ...(error === undefined || choices.length > 0 ? { ...this.#head, choices } : {}),
      ...(usage === undefined ? this.#usageMember(exact) : { usage: restore(encodeUsage(usage), usageRest) }),
      ...(error === undefined ? {} : { error }),
    }
    return exact === undefined ? chunk : restore(chunk, exact.rest)
  }

  /** The chunk that opens a choice, before anything is said in it. */
  open(index: number): Members {
    return this.#lone({ index, delta: {}, finish: null })
  }

  /** The citations of a choice as one complete list: clients replace, they do not append. */
  citations(index: number): Members | undefined {
    const annotations = this.#choice(index).text.takeAnnotations()
    if (annotations.length === 0) return undefined
    return this.#lone({ index, delta: { annotations }, finish: null })
  }

  /** Choices that said something and have no finish reason. */
  unfinished(): readonly number[] {
    return [...this.#choices].filter(([, choice]) => !choice.finished).map(([index]) => index)
  }

  held(index: number): Held {
    const choice = this.#choice(index)
    return { calls: choice.calls > 0, refusal: choice.hasRefusal }
  }

  #lone(draft: ChoiceDraft): Members {
    return { ...this.#head, choices: [this.#finished(draft, false)], ...this.#usageMember(undefined) }
  }

  #usageMember(exact: ExactChunk | undefined): Members {
    return exact === undefined && this.#options.usageMembers ? { usage: null } : {}
  }

  #finished({ index, delta, finish }: ChoiceDraft, exact: boolean): Members {
    const choice = this.#choice(index)
    const opening = choice.started || exact ? {} : { role: 'assistant', content: null, refusal: null }
    choice.started = true
    return { index, delta: { ...opening, ...delta }, logprobs: null, finish_reason: finish }
  }

  #choice(index: number): ChoiceState {
    let choice = this.#choices.get(index)
    if (choice === undefined) {
      choice = {
        started: false,
        finished: false,
        calls: 0,
        listedCalls: 0,
        hasRefusal: false,
        oldForm: false,
        open: new Map(),
        thoughts: new Map(),
        text: new AnswerText(),
      }
      this.#choices.set(index, choice)
    }
    return choice
  }

  #say(event: StreamEvent, draftOf: (index: number) => ChoiceDraft, exact: boolean): void {
    const index = 'choice' in event ? (event.choice ?? 0) : 0
    const choice = this.#choice(index)
    switch (event.type) {
      case 'text-start':
        choice.text.open(event.index)
        return
      case 'text-delta':
        choice.text.add(event.index, event.text)
        append(draftOf(index).delta, 'content', event.text)
        return
      case 'refusal-delta':
        choice.hasRefusal = true
        append(draftOf(index).delta, 'refusal', event.text)
        return
      case 'reasoning-start':
        if (event.part.type === 'reasoning') choice.thoughts.set(event.index, { part: event.part, pieces: 0 })
        return
      case 'reasoning-delta':
        sayThought(choice.thoughts.get(event.index), draftOf(index).delta, event)
        return
      case 'reasoning-end':
        if (event.state !== undefined) {
          push(draftOf(index).delta, 'reasoning_details', stateDetail(event.state))
        }
        return
      case 'tool-call-start':
        if (event.part.type === 'tool-call') this.#openCall(choice, index, event.index, event.part, draftOf)
        return
      case 'tool-call-delta':
        sayArguments(choice.open.get(event.index), event.input, draftOf(index).delta)
        return
      case 'tool-call-end': {
        const call = choice.open.get(event.index)
        if (call?.sent === false && call.kind === 'function' && !exact) {
          sayArguments(call, '{}', draftOf(index).delta)
        }
        return
      }
      case 'part':
        sayPart(event.part, () => draftOf(index).delta)
        return
      case 'citation': {
        const annotation = choice.text.cite(event.index, event.citation)
        if (exact && annotation !== undefined) push(draftOf(index).delta, 'annotations', annotation)
        return
      }
      case 'finish': {
        const reason = encodeFinish(event.finish, this.held(index))
        draftOf(index).finish = reason === 'tool_calls' && choice.oldForm ? 'function_call' : reason
        choice.finished = true
        return
      }
      default:
        return
    }
  }

  #openCall(
    choice: ChoiceState,
    index: number,
    partIndex: number,
    part: ToolCallPart,
    draftOf: (index: number) => ChoiceDraft,
  ): void {
    const { delta } = draftOf(index)
    const oldForm = part.kind === 'function' && (isFunctionCall(part) || this.#options.oldForm)
    if (oldForm && choice.calls === 0) {
      choice.oldForm = true
      choice.open.set(partIndex, { index: undefined, kind: 'function', sent: false })
      delta['function_call'] = { name: wireName(part), arguments: '' }
    } else {
      const place = choice.listedCalls++
      choice.oldForm = false
      choice.open.set(partIndex, { index: place, kind: part.kind, sent: false })
      const id = createdCallId(this.#options.identity.id, index, place)
      const call = canonicalCall({ ...part, input: '' }, id)
      push(delta, 'tool_calls', { index: place, ...restore(call, callRest(part)) })
    }
    choice.calls++
    if (part.input !== '') sayArguments(choice.open.get(partIndex), part.input, delta)
  }
}

const headOf = (identity: Identity, serviceTier: string | undefined, members: JsonObject): Members => ({
  id: identity.id,
  object: 'chat.completion.chunk',
  created: identity.created,
  model: identity.model,
  ...optional('service_tier', serviceTier),
  ...members,
})

/** A whole call's extension may hold its arguments in another form; those come as deltas. */
const callRest = (part: ToolCallPart): JsonObject => {
  const { function: _function, custom: _custom, index: _index, ...rest } = extensionOf(part, protocol)
  return additions(rest)
}
