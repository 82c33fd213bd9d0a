/** Builds chunks from events. The encoder writes what it builds; the decoder compares it with what it read. */
import {
  extensionOf,
  type Finish,
  type JsonObject,
  type StreamEvent,
  type ToolCallPart,
  type Usage,
} from '../../ir/index.ts'
import { type ChoiceState, heldBy, newChoice, notePiece, thoughtsOf } from './choice-state.ts'
import { headOf, headText, sliceText } from './chunk-head.ts'
import { canonicalCall, extraContent, isFunctionCall, wireName } from './encode-calls.ts'
import { encodePart, protocol } from './encode-parts.ts'
import { createdCallId, type Identity } from './encode-response.ts'
import { encodeErrorObject } from './errors.ts'
import { encodeFinish } from './finish-reason.ts'
import { type HeldAnswer, refusalWords } from './foreign-answer.ts'
import { objectOf, optional } from './members.ts'
import { plainSlice } from './plain-slice.ts'
import { stateDetail, stateDetails } from './reasoning-fields.ts'
import { additions, type Members, restore } from './remainder.ts'
import { append, type Delta, push, sayArguments, sayPart, sayThought } from './say-delta.ts'
import { encodeUsage } from './usage.ts'

export interface BuilderOptions {
  /** For what the start event leaves out. */
  readonly identity: Identity
  /** Answer a single call as `function_call`. */
  readonly oldForm: boolean
  /** Write `usage: null` into chunks without usage, as OpenAI does when usage was asked for. */
  readonly usageMembers: boolean
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
  /** The head as text, for plain chunks. */
  #headText: string | undefined
  readonly #choices = new Map<number, ChoiceState>()

  constructor(options: BuilderOptions) {
    this.#options = options
    this.#head = headOf(options.identity, undefined, {})
  }

  /** Sets what every chunk repeats. */
  start(identity: Identity, serviceTier: string | undefined, members: JsonObject): void {
    this.#options = { ...this.#options, identity }
    this.#head = headOf(identity, serviceTier, members)
    this.#headText = undefined
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
      ...(usage === undefined
        ? this.#usageMember(exact ?? error)
        : { usage: restore(encodeUsage(usage), usageRest) }),
      ...(error === undefined ? {} : { error }),
    }
    return exact === undefined ? chunk : restore(chunk, exact.rest)
  }

  /**
   * The text of a chunk that says one slice and nothing else, as `build` would write it; undefined where it takes more.
   * Answers consist of such chunks for the most part.
   */
  plain(event: StreamEvent): string | undefined {
    const choice = 'choice' in event ? (event.choice ?? 0) : 0
    const slice = plainSlice(this.#choices.get(choice), event)
    if (slice === undefined) return undefined
    this.#headText ??= headText(this.#head)
    return sliceText(this.#headText, choice, slice, this.#options.usageMembers)
  }

  /** Counts what a plain chunk says, whose own words are known. */
  note(event: StreamEvent): void {
    if (event.type === 'text-delta') this.#choice(event.choice ?? 0).text.add(event.index, event.text)
    if (event.type !== 'reasoning-delta') return
    this.#choice(event.choice ?? 0).lastThought = { index: event.index, piece: event.piece }
  }

  /** The chunk that opens a choice, before anything is said in it. */
  open(index: number): Members {
    return this.#lone({ index, delta: {}, finish: null })
  }

  /**
   * What is said of a choice once and complete before it is finished: clients replace such members, they do not append.
   * Undefined where there is nothing.
   */
  closing(index: number, finish: Finish): Members | undefined {
    const choice = this.#choice(index)
    const annotations = choice.text.annotations()
    // Every state was told at once, but maybe not every thought beside it.
    const details = stateDetails(thoughtsOf(choice))
    const delta = {
      ...optional('refusal', refusalWords(finish, this.held(index))),
      ...(details.length === choice.toldDetails ? {} : { reasoning_details: details }),
      ...(annotations.length === 0 ? {} : { annotations }),
      ...(choice.images.length === 0 ? {} : { images: choice.images.map(encodePart) }),
    }
    return Object.keys(delta).length === 0 ? undefined : this.#lone({ index, delta, finish: null })
  }

  /** Answers calls as `function_call`, or not, from here on. */
  useOldForm(oldForm: boolean): void {
    this.#options = { ...this.#options, oldForm }
  }

  /** Choices that said something and have no finish reason. */
  unfinished(): readonly number[] {
    return [...this.#choices].filter(([, choice]) => !choice.finished).map(([index]) => index)
  }

  held(index: number): HeldAnswer {
    return heldBy(this.#choice(index))
  }

  #lone(draft: ChoiceDraft): Members {
    return { ...this.#head, choices: [this.#finished(draft, false)], ...this.#usageMember(undefined) }
  }

  /** @param none is there a reason to leave it out? */
  #usageMember(none: object | undefined): Members {
    return none === undefined && this.#options.usageMembers ? { usage: null } : {}
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
      choice = newChoice()
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
        if (event.text === '' && !exact) return
        choice.text.add(event.index, event.text)
        append(draftOf(index).delta, 'content', event.text)
        return
      case 'refusal-delta':
        if (event.text === '' && !exact) return
        choice.hasRefusal = true
        append(draftOf(index).delta, 'refusal', event.text)
        return
      case 'reasoning-start':
        if (event.part.type === 'reasoning') {
          choice.thoughts.set(event.index, { part: event.part, pieces: [], state: event.part.state })
        }
        return
      case 'reasoning-delta': {
        if (event.text === '') return
        const thought = choice.thoughts.get(event.index)
        if (!exact) notePiece(thought, event)
        sayThought(thought, draftOf(index).delta, event, choice.lastThought)
        choice.lastThought = { index: event.index, piece: event.piece }
        return
      }
      case 'reasoning-end': {
        if (event.state === undefined) return
        if (exact) {
          push(draftOf(index).delta, 'reasoning_details', stateDetail(event.state))
          return
        }
        const thought = choice.thoughts.get(event.index)
        if (thought === undefined) return
        thought.state = event.state
        const details = stateDetails(thoughtsOf(choice))
        choice.toldDetails = details.length
        draftOf(index).delta['reasoning_details'] = details
        return
      }
      case 'tool-call-start':
        if (event.part.type === 'tool-call') this.#openCall(choice, index, event.index, event.part, draftOf)
        return
      case 'tool-call-delta':
        if (event.input === '') return
        if (!exact && choice.lastCall !== undefined) choice.lastCall.input += event.input
        sayArguments(choice.open.get(event.index), event.input, draftOf(index).delta)
        return
      case 'tool-call-end': {
        const call = choice.open.get(event.index)
        if (call?.sent === false && call.kind === 'function' && !exact) {
          sayArguments(call, '{}', draftOf(index).delta)
        }
        if (event.state !== undefined && call?.index !== undefined && !exact) {
          const said = extraContent({ state: event.state })
          push(draftOf(index).delta, 'tool_calls', { index: call.index, ...said })
        }
        return
      }
      case 'part':
        sayPart(event.part, () => draftOf(index).delta, exact ? undefined : choice.images)
        return
      case 'citation': {
        if (!exact) {
          choice.text.cite(event.index, event.citation)
          return
        }
        const annotation = choice.text.annotation(event.index, event.citation)
        if (annotation !== undefined) push(draftOf(index).delta, 'annotations', annotation)
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
    choice.lastCall = { kind: part.kind, input: part.input }
    if (part.input !== '') sayArguments(choice.open.get(partIndex), part.input, delta)
  }
}

/** A whole call's extension may hold its arguments in another form; those come as deltas. */
const callRest = (part: ToolCallPart): JsonObject => {
  const { function: _function, custom: _custom, index: _index, ...rest } = extensionOf(part, protocol)
  return additions(rest)
}
