import type {
  CanonicalError,
  Capabilities,
  EmbedRequest,
  EmbedResponse,
  GenerateRequest,
  GenerateResponse,
  JsonText,
  Leaf,
  Operation,
  ProtocolId,
  Service,
  StreamEvent,
  Usage,
  Warning,
} from '../ir/index.ts'
import type { JsonScan, Machine, Span, Splice, SseFrame } from '../wire/index.ts'

/** A wire format: its endpoints, its errors, how to read facts from its bytes, and its codecs. */
export interface Protocol {
  readonly id: ProtocolId
  readonly endpoints: readonly Endpoint[]
  readonly errors: ErrorCodec
  /** Object keys that `facts` wants reported wherever they occur in a body (`scanJson`'s watch list). */
  readonly watchedKeys: ReadonlySet<string>
  /**
   * What the gateway must know of a request, read from its bytes without decoding it.
   * @throws GatewayError `gateway_request_invalid` when a field it needs has a wrong type
   */
  facts(request: ScannedRequest): RequestFacts
  /** Reads usage, model, ids and the end of a whole answer. Never throws: what cannot be read is absent. */
  meterBody(body: Uint8Array, operation: Operation): AnswerFacts
  /** Watches a stream on its way through. */
  meterStream(options: StreamMeterOptions): StreamMeter
  /**
   * The edit that limits an answer to so many tokens, thinking included; undefined where the request would be refused
   * with so low a limit. Absent where nothing is generated.
   * @param field Chat: which of its two names to write where the client wrote neither
   */
  limitOutput?(
    scan: JsonScan,
    limit: number,
    field?: 'max_tokens' | 'max_completion_tokens',
  ): Splice | undefined
  readonly generate?: GenerateCodec
  readonly countTokens?: CountTokensCodec
  readonly embed?: EmbedCodec
  readonly models?: ModelsCodec
  /** Absent where the protocol's requests never refer to earlier ones. */
  readonly sessions?: SessionCodec
}

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** As on the vendor's host, with `{name}` for parameters: `/v1/responses/{id}/cancel`. `{model}` may hold slashes. */
  readonly path: string
  readonly operation: Operation
  /** The answer streams: always (`…:streamGenerateContent`), never, or when the body says `stream: true`. */
  readonly stream: 'always' | 'never' | 'body'
}

/** A request as bytes: `path` as on the vendor's host, percent-decoded parameters apart. */
export interface WireRequest {
  readonly method: string
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: Headers
  readonly body: Uint8Array
}

export interface ScannedRequest extends WireRequest {
  readonly endpoint: Endpoint
  readonly scan: JsonScan
}

/** A request whose texts are asked for. What has been scanned is not read again. */
export type TextsRequest = WireRequest & { readonly scan?: Pick<JsonScan, 'text' | 'closings'> }

export interface WireResponse {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

export interface RequestFacts {
  /** As the client wrote it; absent only for operations without one. */
  readonly model?: string
  /** Byte span of the model's JSON string literal, quotes included; absent when the model stands in the URL. */
  readonly modelSpan?: Span
  /** Where the body says once more what the URL says: Gemini's `requests[].model`, and what stands before the name. */
  readonly modelRepeats?: readonly (Span & { readonly prefix: string })[]
  readonly stream: boolean
  readonly maxOutputTokens?: number
  /** The service class and region that it asks for. */
  readonly service?: Service
  /** The client's own name for the session (clients.md), if it sends one. */
  readonly session?: string
  /** Ids of upstream state that the request refers to. Each must have been issued to this organisation. */
  readonly handles: readonly HandleReference[]
  /** The answer's id will name upstream state (Anthropic's `thread`): it is to be recorded as a `response` handle. */
  readonly answerIsState?: boolean
  /** Chat streams that do not ask for usage: the edit that asks for it. The extra chunk is then kept from the client. */
  readonly askForUsage?: Splice
}

export type HandleKind =
  | 'response'
  | 'conversation'
  | 'item'
  | 'file'
  | 'container'
  | 'cached-content'
  | 'vector-store'
  | 'other'

export interface HandleReference {
  readonly kind: HandleKind
  readonly id: string
  /** JSON path or key, for the error message. */
  readonly path: string
}

/** What an answer told about itself, whole or streamed. */
export interface AnswerFacts {
  readonly usage?: Usage
  /** Tokens billed beside `usage`, at the price of the model that spent them (Anthropic's compaction and advisor). */
  readonly sideUsage?: readonly SideUsage[]
  /** What each call came to, where several made this answer and `usage` is their sum: a price may depend on the size. */
  readonly calls?: readonly Usage[]
  /** The service class and region that the provider says it served. */
  readonly service?: Service
  /** The model that answered, as the provider names it. */
  readonly model?: string
  readonly responseId?: string
  /** How it ended in the protocol's own words (`tool_use`, `stop`, `completed`, `STOP`). */
  readonly finishReason?: string
  /**
   * `complete`: the protocol's proof of completeness was seen (an incomplete answer by length counts as complete);
   * `failed`: the answer is an error in the protocol's form; absent: neither, so the answer was cut.
   */
  readonly ended?: 'complete' | 'failed'
  readonly error?: CanonicalError
  /** Ids of upstream state that this answer issued. */
  readonly handles: readonly { readonly kind: HandleKind; readonly id: string }[]
}

/** Without a model: the answering one. `kind` is the provider's word. */
export interface SideUsage {
  readonly kind: string
  readonly model?: string
  readonly usage: Usage
}

export interface StreamMeterOptions {
  /** Gemini: `sse` or a JSON array. The others: always `sse`. */
  readonly framing: 'sse' | 'json-array'
  /** Keep the usage chunk from the client, because the gateway and not the client asked for it. */
  readonly hideUsage: boolean
  /** Check each frame against the protocol's grammar (`conform`). Costs a parse per frame. */
  readonly conform: boolean
}

/** Sees each raw block of a stream (as cut by `frameSplitter` / `jsonArraySplitter`) before the client does. */
export interface StreamMeter {
  /** @returns the block as the client shall see it: the same object when untouched, undefined when it is kept back */
  push(block: Uint8Array): Uint8Array | undefined
  /**
   * Looks ahead over whole blocks that are plain content, of which most streams consist. `run` is a latin1 view of
   * whole blocks. Answers where the first block begins that must be pushed; `from` if that is the next one. What is
   * skimmed counts as seen. Absent where the protocol allows no such judgement.
   */
  readonly skim?: (run: string, from: number) => number
  /** What the client sees of a run that was skimmed; absent: the run itself. */
  readonly skimmed?: (run: Uint8Array) => Uint8Array | undefined
  /** What was held back while a read was looked at, so that it goes out in one piece. Called at the end of each. */
  readonly flush?: () => Uint8Array | undefined
  /** Did content reach the client (anything a user would see or an agent act on)? */
  readonly hasContent: boolean
  /** Did any text reach the client? */
  readonly hasText: boolean
  /** Valid at any time; final after the last block. */
  facts(): AnswerFacts
  /** Grammar violations seen so far, by rule. */
  violations(): readonly string[]
  /** The blocks that end this stream with the protocol's error form (translation.md §13.2); never a success terminator. */
  fail(error: CanonicalError): readonly Uint8Array[]
}

export interface ErrorCodec {
  /** Status, extra headers (`retry-after`, `x-should-retry`, `content-type`) and body in the protocol's shape. */
  encode(error: CanonicalError, context: { readonly requestId: string }): EncodedError
  /** Reads a provider's error answer, whatever it is: JSON of the protocol, plain text, HTML. Never throws. */
  decode(status: number, headers: Headers, body: Uint8Array): CanonicalError
}

export interface EncodedError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface DecodeOptions {
  /** Write `at` on turns, parts, tools and tool choice: translation needs it for warnings, pass-through does not. */
  readonly locations?: boolean
}

export interface GenerateCodec {
  decodeRequest(wire: WireRequest, options?: DecodeOptions): GenerateRequest
  /** The client's own name of a canonical request field (`sampling.topK` → `generationConfig.topK`). */
  fieldPath(field: string): string
  encodeRequest(request: GenerateRequest, target: TargetContext): EncodedRequest
  decodeResponse(wire: WireResponse): GenerateResponse
  encodeResponse(response: GenerateResponse, reply: ReplyContext): EncodedResponse
  streamDecoder(): Machine<SseFrame, StreamEvent>
  streamEncoder(reply: ReplyContext): Machine<StreamEvent, SseFrame>
  /**
   * The request that lets a paused answer go on: the same bytes, and behind them what was said so far. Undefined where
   * nothing was said. Absent where the protocol's answers do not pause.
   */
  continueRequest?(sent: EncodedRequest, soFar: GenerateResponse): EncodedRequest | undefined
  /** Every text of the request with its byte span. */
  leaves(request: TextsRequest): readonly Leaf[]
  /** The protocol's stream grammar as an explicit state machine; outputs the names of violated rules. */
  conform(): Machine<SseFrame, string>
}

export interface TargetContext {
  /** The model name to write. */
  readonly model: string
  readonly stream: boolean
  /** The most that the model can write, for protocols that demand a limit where the client gave none. */
  readonly maxOutputTokens?: number
  /** What the model takes; absent where the request is of the same protocol. */
  readonly capabilities?: Capabilities
  /** The provider instance's id, for dialects. */
  readonly provider?: string
}

export interface EncodedRequest {
  /** Path and query as on the vendor's host. */
  readonly path: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly warnings: readonly Warning[]
}

export interface ReplyContext {
  /** The request that is answered: some protocols echo it, and shape the answer by it. */
  readonly request: GenerateRequest
  /** The client's request headers: versions and betas shape the answer. */
  readonly headers: Headers
  /** Ids for what the upstream left without one; deterministic per exchange. */
  readonly id: string
  /** Seconds since the epoch. */
  readonly now: number
  /** What the answer is to be called, whatever the upstream calls it: the gateway keeps it under this id. */
  readonly responseId?: string
}

export interface EncodedResponse {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly warnings: readonly Warning[]
}

/**
 * The protocol's words for what is kept between requests. Items are source text; an id is added to those that have
 * none, so that they can be found by it.
 */
export interface SessionCodec {
  read(request: ScannedRequest): SessionRequest
  /** The request's body with these items as its whole input, and without the member that named them. */
  withInput(
    request: ScannedRequest,
    items: readonly JsonText[],
    source: 'previous_response_id' | 'conversation' | undefined,
  ): Uint8Array
  /** The items of a body's list. */
  itemsOf(request: ScannedRequest, member: 'input' | 'items'): readonly JsonText[]
  /** The compactions in a request's input: where they are, in bytes of its body, and their state. */
  compactionsOf(
    request: ScannedRequest,
  ): readonly { readonly start: number; readonly end: number; readonly state: string }[]
  /**
   * What stands for a history: its last compaction with a state of ours, what follows it, and what developers have laid
   * down before. A history without one stands for itself.
   */
  sinceCompaction(items: readonly JsonText[], isOurs: (state: string) => boolean): readonly JsonText[]
  /** An item in which the user says this. */
  userMessage(text: string): JsonText
  /** The items of a response object's output. */
  outputOf(response: JsonText): readonly JsonText[]
  idOf(item: JsonText): string | undefined
  /** An item without an id gets this name; its type decides the prefix. */
  withId(item: JsonText, name: string): JsonText
  withoutId(item: JsonText): JsonText
  /** It only names another item. Others may lack what the service would add, but say something themselves. */
  isReference(item: JsonText): boolean
  /** As the service lists it: complete, with its content as a list. */
  shown(item: JsonText): JsonText
  /** What a frame that ends a stream says about the whole answer. */
  responseIn(frame: SseFrame): JsonText | undefined
  /**
   * What is to be noted of a frame and the event that it came from, so that `replay` says the answer in the same
   * pieces; undefined for nothing.
   */
  cutOf(event: StreamEvent | undefined, frame: SseFrame): number | undefined
  /** The stream that would have said this answer, in the pieces that were noted. */
  replay(response: JsonText, cuts: readonly number[]): readonly SseFrame[]
}

/** What a request says about state that is kept for it. */
export interface SessionRequest {
  /** Absent: the client leaves it to the service. */
  readonly store?: boolean
  readonly background: boolean
  readonly previousResponseId?: string
  readonly conversation?: string
}

export interface CountTokensCodec {
  decodeRequest(wire: WireRequest): GenerateRequest
  /** The question for a provider: what of a generate request counts. */
  encodeRequest(request: GenerateRequest, target: TargetContext): EncodedRequest
  encodeResponse(count: { readonly inputTokens: number; readonly cachedTokens?: number }): string
  decodeResponse(wire: WireResponse): { readonly inputTokens: number }
}

export interface EmbedCodec {
  /** Every text to embed with its byte span; absent where `GenerateCodec.leaves` reads such requests as well. */
  leaves?(request: TextsRequest): readonly Leaf[]
  decodeRequest(wire: WireRequest): EmbedRequest
  encodeRequest(request: EmbedRequest, target: TargetContext): EncodedRequest
  decodeResponse(wire: WireResponse, request: EmbedRequest): EmbedResponse
  encodeResponse(response: EmbedResponse, request: EmbedRequest): string
}

/** One model in a list, protocol-independent. */
export interface ListedModel {
  readonly id: string
  readonly provider: string
  readonly displayName?: string
  readonly created?: number
  readonly contextWindow?: number
  readonly maxOutputTokens?: number
  readonly operations: readonly Operation[]
}

export interface ModelsCodec {
  /** `query` carries the protocol's paging (`limit`, `after_id`, `pageSize`, `pageToken`). */
  encodeList(models: readonly ListedModel[], query: URLSearchParams): string
  encodeOne(model: ListedModel): string
}
