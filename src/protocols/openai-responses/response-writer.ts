import {
  type CanonicalError,
  type EndEvent,
  type Finish,
  mergeUsage,
  type StartEvent,
  type Usage,
} from '../../ir/index.ts'
import { rawJson, writeJson } from '../../wire/index.ts'
import type { ReplyContext } from '../protocol.ts'
import { completeResponse, foreignResponse } from './complete-response.ts'
import { echoOf } from './echo.ts'
import { errorEvent, responseError } from './errors.ts'
import type { Written } from './patch.ts'
import { type ResponseHead, writeResponse } from './response-object.ts'
import { type Frame, protocolId } from './wire.ts'

/** Writes the events that hold the whole response: at the beginning, at the end, and when it fails. */
export class ResponseWriter {
  readonly #reply: ReplyContext
  /** The request as every response object of the stream repeats it. */
  #echo: Written | undefined
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

  /** @param model the one that answers from here on, where it changed */
  count(usage: Usage, model: string | undefined): void {
    this.#head = {
      ...this.#head,
      usage: mergeUsage(this.#head.usage, usage),
      ...(model === undefined ? {} : { model }),
    }
  }

  finish(finish: Finish): void {
    this.#head = { ...this.#head, finish }
  }

  /** The answer is complete: without a reason for its end it has just ended. */
  end(event: EndEvent, output: readonly unknown[]): Frame {
    const isOwn = this.#isOwn || event.extensions?.[protocolId] !== undefined
    const head: ResponseHead = isOwn ? this.#head : { finish: { reason: 'other' }, ...this.#head }
    const response = completeResponse(event, head, output, this.#reply, () => this.#repeated())
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
    return this.#isOwn
      ? writeResponse(this.#head, output)
      : foreignResponse(this.#head, output, this.#reply, this.#repeated())
  }

  /** Tools are long, and they are written three times: their text is made once. */
  #repeated(): Written {
    this.#echo ??= Object.fromEntries(
      Object.entries(echoOf(this.#reply.request)).map(([key, value]) => [key, rawJson(writeJson(value))]),
    )
    return this.#echo
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
