import type { Operation, ProtocolId } from '../ir/index.ts'
import type { ListedModel, WireRequest } from '../protocols/index.ts'

/**
 * Who answers: one configured instance of a provider. Everything that differs between providers is behind these
 * few questions; HTTP itself is done by the gateway, unless the provider has a `send` of its own.
 */
export interface Provider {
  /** The name in the configuration; also the path prefix and the price table's key for built-in kinds. */
  readonly id: string
  readonly kind: string
  /** The protocols in which it serves this operation for this model, best first. */
  speaks(model: string, operation: Operation): readonly ProtocolId[]
  /** Does the provider serve this model, as far as its name tells? */
  serves(model: string): boolean
  /** Where a request goes. Never depends on anything that the client could choose but path and query of the protocol. */
  url(call: UpstreamAddress): URL
  /** Puts the credential where this provider and protocol want it. */
  authorize(headers: Headers, credential: Credential, protocol: ProtocolId): void
  /**
   * A call that costs nothing and that only a valid credential gets an answer to: mostly the list of models. Absent
   * where there is none.
   */
  readonly credentialCheck?: () => CredentialCheck | undefined
  /** Answers without HTTP (loopback, mesh, market). */
  readonly send?: (call: UpstreamCall) => Promise<UpstreamReply>
  /** Names worth listing and suggesting; not a limit. */
  listedModels(): readonly ListedModel[]
  /** How this provider takes `stream_options.include_usage`: `ask` adds it where the client left it out. */
  readonly streamUsage: 'ask' | 'always' | 'never'
}

export interface UpstreamAddress {
  readonly protocol: ProtocolId
  readonly operation: Operation
  /** The model name to send. */
  readonly model: string
  /** Vendor path with all parameters filled in, e.g. `/v1beta/models/gemini-2.5-pro:generateContent`. */
  readonly path: string
  readonly query: URLSearchParams
}

/** A `GET`, but for the credential. */
export interface CredentialCheck {
  readonly protocol: ProtocolId
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

/** A provider's key in this process. `secret` is absent for providers that need none. */
export interface Credential {
  readonly id: string
  /** Counts the secrets that this id has had; absent for those that only a restart changes. */
  readonly version?: number
  /** The origin it may be sent to. */
  readonly origin: string
  readonly reveal?: () => string
}

export interface UpstreamCall extends UpstreamAddress {
  readonly request: WireRequest
  readonly stream: boolean
  readonly id: string
  readonly signal: AbortSignal
}

export interface UpstreamReply {
  readonly status: number
  readonly headers: Headers
  /** Whole, or the stream's bytes as they come. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
}
