import type { CanonicalError, EndEvent, Finish, StartEvent, Usage } from '../../ir/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { completeResponse, foreignResponse } from './encode-response.ts'
import { errorEvent, responseError } from './errors.ts'
import type { Written } from './patch.ts'
import { type ResponseHead, writeResponse } from './response-object.ts'
import type { Frame } from './wire.ts'

/** Writes the events that hold the whole response: at the beginning, at the end, and when it fails. */
export class ResponseWriter {
  readonly #reply: ReplyContext
  #head: ResponseHead = { hasRefusal: false }
  #isOwn = false

  constructor(reply: ReplyContext) {
    this.#reply = reply
  }

  /** @param isOwn the event was decoded from this protocol, which repeats the request by itself */
  start(event: StartEvent, isOwn: boolean): { readonly created: Frame; readonly inProgress: Frame } {
    const { id, model, created, serviceTier } = event
    this.#isOwn = isOwn
    this.#head = {
      ...(id === undefined ? {} : { id }),
      ...(model === undefined ? {} : { model }),
      ...(created === undefined ? {} : { created }),
      ...(serviceTier === undefined ? {} : { serviceTier }),
      hasRefusal: false,
    }
    const response = this.#response([])
    // One id for the whole stream, also where the terminal event brings the upstream's own response.
    if (typeof response['id'] === 'string') this.#head = { ...this.#head, id: response['id'] }
    return {
      created: { type: 'response.created', response },
      inProgress: { type: 'response.in_progress', response },
    }
  }

  refused(): void {
    this.#head = { ...this.#head, hasRefusal: true }
  }

  count(usage: Usage): void {
    this.#head = { ...this.#head, usage: { ...this.#head.usage, ...usage } }
  }

  finish(finish: Finish): void {
    this.#head = { ...this.#head, finish }
  }

  end(event: EndEvent, output: readonly unknown[]): Frame {
    const response = completeResponse(event, this.#head, output, this.#reply)
    return { type: terminalType(response['status']), response }
  }

  /** A success is never said after an error. */
  fail(error: CanonicalError, output: readonly unknown[]): readonly Frame[] {
    this.#head = { ...this.#head, finish: { reason: 'failed' } }
    const response = { ...this.#response(output), error: responseError(error) }
    return [
      { type: 'error', ...errorEvent(error) },
      { type: 'response.failed', response },
    ]
  }

  #response(output: readonly unknown[]): Written {
    return this.#isOwn ? writeResponse(this.#head, output) : foreignResponse(this.#head, output, this.#reply)
  }
}

const terminalType = (status: unknown): 'response.completed' | 'response.incomplete' | 'response.failed' => {
  switch (status) {
    case 'incomplete':
      return 'response.incomplete'
    case 'failed':
    case 'cancelled':
      return 'response.failed'
    default:
      return 'response.completed'
  }
}
