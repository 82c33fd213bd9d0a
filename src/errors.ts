/**
 * Every error of ours: one class, one table. The table's `kind` is what a protocol's error codec turns into
 * the vendor's status, type and code (translation.md §13.1); the code itself travels in `x-tollgate-error`.
 */

/** Canonical error classes; each protocol maps them to its own status and type. */
export type ErrorKind =
  | 'bad_request'
  | 'context_too_long'
  | 'bad_key'
  | 'payment'
  | 'forbidden'
  | 'unknown_model'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'rate_limit'
  | 'quota'
  | 'client_gone'
  | 'internal'
  | 'overloaded'
  | 'timeout'
  | 'upstream'

export interface ErrorRow {
  readonly kind: ErrorKind
  /** Our own HTTP status, used where no protocol's shape applies (admin API, health). */
  readonly status: number
  /** May the same request succeed later without a change? Becomes `x-should-retry`. */
  readonly retryable: boolean
  /** What it means and what to do, for docs/errors.md. */
  readonly help: string
}

const row = (kind: ErrorKind, status: number, retryable: boolean, help: string): ErrorRow => ({
  kind,
  status,
  retryable,
  help,
})

export const errorTable = {
  gateway_key_missing: row(
    'bad_key',
    401,
    false,
    'Send a virtual key (`tgw-sk-…`) where your SDK puts its API key.',
  ),
  gateway_key_invalid: row(
    'bad_key',
    401,
    false,
    'The key is unknown, disabled, revoked or expired. `tgw keys list` shows which keys exist.',
  ),
  gateway_admin_token_invalid: row(
    'bad_key',
    401,
    false,
    'The admin API wants the admin token as `Authorization: Bearer`.',
  ),
  gateway_session_invalid: row(
    'bad_key',
    401,
    false,
    'The session of the console has ended: it was revoked, idle or old. Sign in again.',
  ),
  gateway_login_invalid: row(
    'bad_key',
    401,
    false,
    'The sign-in link is unknown, was used, or is older than ten minutes. Ask for another one.',
  ),
  gateway_login_limited: row(
    'rate_limit',
    429,
    true,
    'Too many sign-in links were asked for or tried, for this e-mail address or from this network address.',
  ),
  gateway_csrf_denied: row(
    'forbidden',
    403,
    false,
    'A browser asked for a change, and not from a page of this gateway. Behind a proxy, set `login.url` and `listen.trusted_proxies`.',
  ),
  gateway_permission_denied: row(
    'forbidden',
    403,
    false,
    'Whoever asked the admin API does not have the role for it; the message names the permission.',
  ),
  gateway_scope_denied: row(
    'forbidden',
    403,
    false,
    'The key may not use this model, endpoint, provider or tag. Ask for a wider scope.',
  ),
  gateway_address_denied: row(
    'forbidden',
    403,
    false,
    'The key may be used from certain addresses only (`allowedAddresses`). Behind a proxy, `listen.trusted_proxies` decides which address counts.',
  ),
  gateway_origin_denied: row(
    'forbidden',
    403,
    false,
    'With `auth: off` only loopback hosts and origins are served.',
  ),
  gateway_budget_exceeded: row(
    'payment',
    402,
    false,
    'A budget has no room for the request; the message names it, its limit and when it resets. `tgw budgets` shows all.',
  ),
  gateway_cost_unbounded: row(
    'payment',
    402,
    false,
    'A budget holds, and what the request costs at most cannot be told: no price, or a tool of the provider. See docs/budgets.md.',
  ),
  gateway_rate_limited: row(
    'rate_limit',
    429,
    true,
    'A rate limit has no room for the request; the message names it, `retry-after` says when there is. `tgw limits` shows all.',
  ),
  gateway_concurrency_limited: row(
    'rate_limit',
    429,
    true,
    'As many requests as a limit allows are under way. Wait for one to end; `tgw limits` shows all limits.',
  ),
  gateway_runaway_client: row(
    'rate_limit',
    429,
    true,
    'The same body came too often in one session (`limits_runaway`): the client seems to be stuck in a loop.',
  ),
  gateway_firewall_refused: row(
    'bad_request',
    400,
    false,
    'The firewall found what the policy forbids; the message says which detector, what kind of thing, and where. Take it out, or see docs/firewall.md.',
  ),
  gateway_firewall_unavailable: row(
    'overloaded',
    503,
    true,
    'A sidecar that has to look at the request or the answer gives no usable answer (`firewall.sidecars`, `on_error`). Try again; `tgw doctor` says which one is away.',
  ),
  gateway_tool_loop: row(
    'bad_request',
    400,
    false,
    'The agent calls the same tool with the same arguments again and again and gets the same result. Say something new to it, or exempt a tool that polls (`firewall.loops.exempt`).',
  ),
  gateway_model_unknown: row(
    'unknown_model',
    404,
    false,
    'No route leads to this model. `tgw models` lists the ones that exist.',
  ),
  gateway_model_missing: row('bad_request', 400, false, 'The request names no model.'),
  gateway_route_unknown: row('not_found', 404, false, 'The path is not one that the gateway serves.'),
  gateway_method_not_allowed: row(
    'bad_request',
    405,
    false,
    'The path exists, but not with this HTTP method.',
  ),
  gateway_handle_unknown: row(
    'not_found',
    404,
    false,
    'The id was not issued to this organisation, or what it names was not kept, was deleted, or has expired.',
  ),
  gateway_json_invalid: row('bad_request', 400, false, 'The body is not valid JSON; the message says where.'),
  gateway_request_invalid: row(
    'bad_request',
    400,
    false,
    'A field of the request has a wrong type or value; the message names it.',
  ),
  gateway_content_type_invalid: row('bad_request', 415, false, 'Send `content-type: application/json`.'),
  gateway_body_too_large: row('too_large', 413, false, 'The body exceeds `listen.max_body`.'),
  gateway_body_timeout: row('timeout', 408, true, 'The body did not arrive in time.'),
  gateway_websocket_unsupported: row(
    'bad_request',
    426,
    false,
    'Use HTTP with server-sent events instead of a WebSocket.',
  ),
  gateway_overloaded: row(
    'overloaded',
    503,
    true,
    'Too many exchanges run at once (`listen.concurrent_exchanges`). Try again soon.',
  ),
  gateway_draining: row('overloaded', 503, true, 'The gateway is shutting down. Try again soon.'),
  gateway_storage_unavailable: row(
    'overloaded',
    503,
    true,
    'The ledger can neither write its database nor its spool (disk full?), or the firewall cannot read what it redacted earlier in this conversation. Nothing was sent upstream.',
  ),
  gateway_state_unavailable: row(
    'overloaded',
    503,
    true,
    'What the processes of a gateway share, over Redis (`redis.url`) or their supervisor, cannot be reached. Each goes on alone; clients see this only where limits or budgets refuse without it.',
  ),
  gateway_translation_unsupported: row(
    'bad_request',
    400,
    false,
    'Client and provider speak different protocols, and the message says what of the request the provider cannot be told.',
  ),
  gateway_media_unavailable: row(
    'bad_request',
    400,
    false,
    'A picture or document is named by an address that could not be fetched for a provider which does not fetch itself: the message says why. Only public addresses are fetched. Send the bytes instead.',
  ),
  gateway_protocol_unsupported: row('bad_request', 400, false, 'The provider does not serve this operation.'),
  gateway_upstream_unreachable: row(
    'upstream',
    502,
    true,
    'The provider could not be reached (refused, DNS, TLS).',
  ),
  gateway_upstream_timeout: row('timeout', 504, true, 'The provider did not answer in time.'),
  gateway_upstream_died: row(
    'upstream',
    502,
    true,
    'The provider broke the connection in the middle of its answer.',
  ),
  gateway_upstream_invalid: row(
    'upstream',
    502,
    true,
    'The provider answered with something that is not its protocol.',
  ),
  gateway_upstream_redirect: row(
    'upstream',
    502,
    false,
    'The provider answered with a redirect; redirects are never followed. Correct `base_url`.',
  ),
  gateway_upstream_credentials_exhausted: row(
    'upstream',
    502,
    false,
    "Your key is fine; the gateway's own credential for this provider was refused or is missing.",
  ),
  gateway_client_gone: row(
    'client_gone',
    499,
    false,
    'The client closed the connection before the answer was complete.',
  ),
  gateway_hedge_lost: row(
    'client_gone',
    499,
    false,
    'Of two upstream calls for one exchange (`hedge`) the other answered first. It stands in the ledger, clients do not see it.',
  ),
  gateway_internal: row('internal', 500, true, 'A defect of the gateway. The log has the request id.'),
  vault_master_key_invalid: row(
    'internal',
    500,
    false,
    'The master key is malformed, readable by others, lost, or not the one that this database was sealed with; the message says which and what to restore.',
  ),
  vault_value_invalid: row(
    'internal',
    500,
    false,
    'A sealed value was changed or moved and does not open. Set it again, or restore the row from a backup.',
  ),
  config_invalid: row(
    'bad_request',
    400,
    false,
    'The configuration is wrong; the message names file, line and reason.',
  ),
  prices_invalid: row(
    'bad_request',
    400,
    false,
    'A file of prices is broken or in no known format; the message says what and where. Nothing was changed.',
  ),
  prices_implausible: row(
    'bad_request',
    409,
    false,
    'A file of prices changes some by a factor that is likely a mistake; look at them, and force it if they are right. Nothing was changed.',
  ),
  prices_source_unavailable: row(
    'upstream',
    502,
    false,
    'The address of a file of prices cannot be fetched, or answers with too much. Nothing was changed.',
  ),
  credential_refused: row(
    'bad_request',
    400,
    false,
    'The provider refused a credential that was to be stored. Check the key, or store it all the same with `--force`.',
  ),
  not_found: row('not_found', 404, false, 'The thing does not exist.'),
  conflict: row(
    'conflict',
    409,
    false,
    'The thing exists already, or is in another state than the call needs.',
  ),
  server_not_running: row(
    'overloaded',
    503,
    true,
    'The command needs a running server, and none runs in this data folder. Start one with `tgw start --daemon`.',
  ),
  start_failed: row(
    'internal',
    500,
    true,
    'The server did not start; the message ends with the last lines of its log.',
  ),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof errorTable

export interface ErrorDetail {
  /** JSON path in the client's request that is at fault, e.g. `messages[3].content`. */
  readonly param?: string
  /** Seconds after which a retry makes sense. */
  readonly retryAfter?: number
  /** More headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>
  /** The provider may have received the request, so that asking again could do something twice. */
  readonly wasSent?: boolean
  readonly cause?: unknown
}

/** The one error class. `message` is lower case, without full stop, secret or prompt text. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly param: string | undefined
  readonly retryAfter: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly wasSent: boolean
  /** The upstream calls that came to nothing before it, for `x-tollgate-attempts`. */
  attempts: string | undefined

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'GatewayError'
    this.code = code
    this.param = detail.param
    this.retryAfter = detail.retryAfter
    this.headers = detail.headers ?? {}
    this.wasSent = detail.wasSent ?? false
  }

  get row(): ErrorRow {
    return errorTable[this.code]
  }
}

/** Turns anything thrown into a GatewayError; what is not ours becomes `gateway_internal` without its text. */
export const toGatewayError = (error: unknown): GatewayError =>
  error instanceof GatewayError
    ? error
    : new GatewayError('gateway_internal', 'internal error', { cause: error })
