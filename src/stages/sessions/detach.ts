import { toGatewayError } from '../../errors.ts'
import type { GenerateRequest, JsonText } from '../../ir/index.ts'
import { type Exchange, isWhole, type Reply } from '../../pipeline/index.ts'
import type { GenerateCodec, ReplyContext, SessionCodec } from '../../protocols/index.ts'
import {
  type Owner,
  ownName,
  ownResponseId,
  type ResponseRecord,
  type Sessions,
} from '../../sessions/index.ts'
import { createId } from '../../telemetry/index.ts'
import type { BackgroundJobs } from './background-jobs.ts'
import { failedResponse } from './ended-response.ts'
import { followJob } from './follow-job.ts'
import { jsonReply } from './local-reply.ts'

export interface DetachParts {
  readonly sessions: Sessions
  readonly jobs: BackgroundJobs
  /** The whole gateway: the exchange in the background enters at its top, as any other. */
  readonly run: (exchange: Exchange) => Promise<Reply>
  readonly now: () => number
}

export interface Detached {
  readonly exchange: Exchange
  readonly body: Uint8Array
  readonly owner: Owner
  readonly codec: SessionCodec
  readonly generate: GenerateCodec
  /** What is kept of it, but for the answer. */
  readonly record: (name: string) => Omit<ResponseRecord, 'response'>
}

/**
 * Answers at once with a response that is queued, and asks in an exchange of its own, which nobody's leaving ends
 * (translation.md P25). Its key, limits and ledger entry are those of the client.
 */
export const detach = async (
  parts: DetachParts,
  asked: GenerateRequest,
  { exchange, body, owner, codec, generate, record }: Detached,
): Promise<Reply> => {
  const { sessions, jobs } = parts
  jobs.assertRoom()
  const job = createId('req')
  const id = ownResponseId(job)
  const startedAt = parts.now()
  const context: ReplyContext = {
    request: asked,
    headers: exchange.incoming.headers,
    id: ownName(job),
    responseId: id,
    now: Math.floor(startedAt / 1000),
  }
  const queued = queuedResponse(generate, context)
  const kept = { ...record(ownName(job)), response: queued }
  await sessions.keep(owner, id, kept, 'running')
  const running = jobs.start({ owner, id, isStreamed: asked.stream }, async (signal) => {
    const failure = await run(parts, { ...detachedExchange(exchange, body), id: job, signal, startedAt })
    if (failure === undefined) return
    const response = failedResponse(queued, failure)
    const isLast = await sessions.finish(owner, id, { ...kept, response })
    const follows = jobs.get(id)
    if (isLast && follows?.frames.length === 0) follows.say(codec.replay(response, []))
  })
  return asked.stream
    ? followJob(running, { from: 0, exchange: exchange.id })
    : jsonReply(queued, exchange.id)
}

const detachedExchange = (
  { protocol, endpoint, operation, incoming }: Exchange,
  body: Uint8Array,
): Omit<Exchange, 'id' | 'signal' | 'startedAt'> => {
  const { method, path, parameters, query, headers, pinnedProvider, workMode, remoteAddress } = incoming
  return {
    kind: 'background',
    protocol,
    endpoint,
    operation,
    incoming: {
      method,
      path,
      parameters,
      query,
      // The client's connection, and with it the request's own headers, may be gone.
      headers: new Headers(headers),
      pinnedProvider,
      workMode,
      remoteAddress,
      readBody: () => Promise.resolve(body),
    },
    stage: '',
  }
}

/** Runs an exchange to its end. Answers what went wrong where there is no answer to keep. */
const run = async (
  { run: handle }: DetachParts,
  exchange: Exchange,
): Promise<{ readonly code: string; readonly message: string } | undefined> => {
  try {
    const reply = await handle(exchange)
    if (isWhole(reply)) return reply.status < 400 ? undefined : saidError(reply.body)
    const { body } = reply
    const leave = () => body.cancel()
    exchange.signal.addEventListener('abort', leave, { once: true })
    let outcome: string | undefined
    body.onSettle(({ result }) => {
      outcome = result
    })
    try {
      while ((await body.next()) !== undefined) if (exchange.signal.aborted) body.cancel()
    } finally {
      exchange.signal.removeEventListener('abort', leave)
    }
    return outcome === 'success' || outcome === undefined ? undefined : interruptedAnswer
  } catch (error) {
    const { message } = toGatewayError(error)
    return { code: 'server_error', message }
  }
}

const interruptedAnswer = { code: 'server_error', message: 'the answer was broken off' }

const decoder = new TextDecoder()

/** The error as the client would have read it. */
const saidError = (body: Uint8Array): { readonly code: string; readonly message: string } => {
  const { error }: { error?: { code?: unknown; message?: unknown } } = JSON.parse(decoder.decode(body))
  return {
    code: typeof error?.code === 'string' ? error.code : 'server_error',
    message: typeof error?.message === 'string' ? error.message : 'the answer failed',
  }
}

const queuedResponse = (codec: GenerateCodec, context: ReplyContext): JsonText => {
  const { body } = codec.encodeResponse({ protocol: context.request.protocol, choices: [] }, context)
  return JSON.stringify({ ...JSON.parse(body), status: 'queued' })
}
