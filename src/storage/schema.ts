/**
 * The tables of both databases, as Kysely sees them. Portable column types only: text, and int8 for every
 * integer (bigint when read; bigint or a safe integer when written). Times are milliseconds since 1970, money is
 * nano-USD, booleans are 0 or 1, JSON is text.
 */
import type { ColumnType } from 'kysely'

export type Integer = ColumnType<bigint, bigint | number, bigint | number>
export type NullableInteger = ColumnType<
  bigint | null,
  bigint | number | null | undefined,
  bigint | number | null
>
export type NullableText = ColumnType<string | null, string | null | undefined, string | null>

/** Who a row belongs to. Every row of the ledger has it from the first migration on. */
export interface TenantColumns {
  organisation_id: string
  team_id: NullableText
  user_id: NullableText
  key_id: NullableText
}

/** Running gateway processes. A lease that ran out means that the process is dead. */
export interface InstancesTable {
  instance: string
  started_at: Integer
  lease_until: Integer
  /** Nothing that this instance opened before this time is still open. */
  open_since: Integer
}

/** One row when an exchange starts to cost money. */
export interface ExchangeOpenedTable extends TenantColumns {
  exchange: string
  instance: string
  at: Integer
  kind: string
  direction: string
  counterparty: NullableText
  session: NullableText
  /** A JSON array of texts; null for none. */
  tags: NullableText
  operation: string
  client_protocol: string
  model_asked: NullableText
  provider: NullableText
  model: NullableText
  upstream_protocol: NullableText
  credential: NullableText
  reserved_nano_usd: NullableInteger
  reserved_input_tokens: NullableInteger
  reserved_output_tokens: NullableInteger
  request_bytes: Integer
}

interface UsageColumns {
  input_tokens: NullableInteger
  output_tokens: NullableInteger
  cache_read_tokens: NullableInteger
  cache_write_tokens: NullableInteger
  cache_write_long_tokens: NullableInteger
  reasoning_tokens: NullableInteger
  /** The remaining counters as a JSON object, or null. */
  usage_other: NullableText
  usage_source: NullableText
  cost_nano_usd: NullableInteger
  price_version: NullableText
}

/** One row per upstream call. */
export interface ExchangeAttemptsTable extends TenantColumns, UsageColumns {
  exchange: string
  number: Integer
  at: Integer
  provider: string
  credential: NullableText
  protocol: string
  model_sent: string
  model_answered: NullableText
  status: NullableInteger
  error: NullableText
  latency_ms: Integer
  ttft_ms: NullableInteger
  upstream_request_id: NullableText
  /** In the words of `protocol`. */
  finish_reason: NullableText
  /** What the provider bills, where a margin makes `cost_nano_usd` another amount. */
  provider_cost_nano_usd: NullableInteger
}

/** The one final row of an exchange. */
export interface ExchangeClosedTable extends TenantColumns, UsageColumns {
  exchange: string
  instance: string
  at: Integer
  opened_at: Integer
  kind: string
  direction: string
  counterparty: NullableText
  session: NullableText
  /** A JSON array of texts; null for none. */
  tags: NullableText
  operation: string
  client_protocol: string
  upstream_protocol: NullableText
  model_asked: NullableText
  model_answered: NullableText
  provider: NullableText
  credential: NullableText
  outcome: string
  status: NullableInteger
  error: NullableText
  stage: NullableText
  streamed: Integer
  attempts: Integer
  latency_ms: Integer
  ttft_ms: NullableInteger
  request_bytes: Integer
  response_bytes: Integer
  warnings: NullableText
  client_agent: NullableText
  /** A JSON list of what was found, without the values; null for nothing. */
  firewall: NullableText
  /** What the cache of answers did, as JSON; null where it was off. */
  cache: NullableText
  /** What asking a provider would have cost; null where the cache knew nothing. */
  cache_saved_nano_usd: NullableInteger
  /** Of the blocks that the compressor changed; null where it changed none. Tokens are estimated. */
  compress_bytes_before: NullableInteger
  compress_bytes_after: NullableInteger
  compress_tokens_before: NullableInteger
  compress_tokens_after: NullableInteger
}

/** What providers' caches did to an exchange; the views do not have it. */
interface CacheColumns {
  /** Nano-USD that tokens read would have cost more as plain input. */
  prompt_cache_saved_nano_usd: NullableInteger
  /** Nano-USD that tokens written cost more than plain input. */
  prompt_cache_lost_nano_usd: NullableInteger
  /** Nano-USD that tokens cost more which the provider had kept and did not read. */
  prompt_cache_missed_nano_usd: NullableInteger
  /** JSON: why it did not read them. */
  prompt_cache_break: NullableText
}

/** Replaces the final row of an orphan when the truth arrives later. Same columns as the row it replaces. */
export interface ExchangeCorrectionsTable extends ExchangeClosedTable, CacheColumns {
  recorded_at: Integer
}

/** View: the row that counts for each exchange, corrected where a correction exists. */
export interface ExchangeEntriesView extends ExchangeClosedTable {
  corrected: Integer
}

/** One row: the number of the last change to keys and admin tokens. Taking the next one serialises such changes. */
export interface AccountVersionsTable {
  name: string
  version: Integer
}

export interface OrganisationsTable {
  id: string
  name: string
  created_at: Integer
}

export interface TeamsTable {
  id: string
  organisation_id: string
  name: string
  created_at: Integer
}

export interface UsersTable {
  id: string
  organisation_id: string
  team_id: NullableText
  name: string
  /** In lower case; unique in an organisation among those that are not deleted. */
  email: NullableText
  role: string
  /** `invited`, `active`, `suspended` or `deleted`. */
  state: string
  /** 1 for who may see all organisations. */
  root: Integer
  created_at: Integer
  updated_at: Integer
  last_login_at: NullableInteger
  deleted_at: NullableInteger
}

/** Who is signed in to the console. */
export interface UserSessionsTable {
  id: string
  organisation_id: string
  user_id: string
  /** HMAC-SHA-256 of the cookie's token, in base64. */
  digest: string
  address: string
  agent: string
  created_at: Integer
  last_used_at: Integer
  expires_at: Integer
  revoked_at: NullableInteger
}

/** Sign-in links that nobody has used yet. */
export interface LoginLinksTable {
  /** HMAC-SHA-256 of the link's token, in base64. */
  digest: string
  organisation_id: string
  user_id: string
  created_at: Integer
  expires_at: Integer
}

/** What clients hold. `scopes`, `options` and `metadata` are JSON objects; rows are never deleted, only revoked. */
export interface VirtualKeysTable {
  id: string
  organisation_id: string
  team_id: NullableText
  user_id: NullableText
  name: string
  prefix: string
  scopes: string
  options: string
  metadata: string
  /** `created`, `preset`, `replaced-preset` or `first-start`. */
  made_by: string
  disabled: Integer
  /** 1 while the user that it belongs to is suspended. */
  suspended: ColumnType<bigint, bigint | number | undefined, bigint | number>
  expires_at: NullableInteger
  revoked_at: NullableInteger
  last_used_at: NullableInteger
  created_at: Integer
  updated_at: Integer
  version: Integer
}

/** The secrets of a virtual key: one, or two while a rotation overlaps. */
export interface KeySecretsTable {
  /** HMAC-SHA-256 of the secret, in base64. */
  digest: string
  key_id: string
  organisation_id: string
  created_at: Integer
  expires_at: NullableInteger
}

export interface AdminTokensTable {
  id: string
  name: string
  prefix: string
  /** HMAC-SHA-256 of the token, in base64. */
  digest: string
  /** `created`, `preset`, `replaced-preset` or `first-start`. */
  made_by: string
  expires_at: NullableInteger
  revoked_at: NullableInteger
  created_at: Integer
  version: Integer
}

/** At most one row: the pair that the first start made, and when somebody was shown it. */
export interface FirstStartTable {
  id: Integer
  admin_token_id: NullableText
  key_id: NullableText
  created_at: Integer
  shown_at: NullableInteger
}

/** Random keys, wrapped by the master key. */
export interface PurposeKeysTable {
  purpose: string
  wrapped: string
  master_key_id: string
  created_at: Integer
}

/** Providers' keys, sealed in the vault. */
export interface CredentialsTable {
  id: string
  organisation_id: string
  provider: string
  label: string
  sealed: string
  /** What may be displayed of it, e.g. `sk-…1234`. */
  shown: string
  /** The only origin that it may be sent to. */
  origin: string
  /** `ok` or `rejected`. */
  state: string
  created_at: Integer
  updated_at: Integer
  version: Integer
}

/** Ids of upstream state that went out, and who may use them. */
export interface HandlesTable extends TenantColumns {
  id: string
  kind: string
  provider: string
  credential: string
  created_at: Integer
  expires_at: NullableInteger
}

/** What models thought on their way to a tool call, sealed, for clients that cannot send it back. */
export interface ReasoningTable {
  organisation_id: string
  call_key: string
  sealed: string
  created_at: Integer
  expires_at: Integer
}

/** Answers that the gateway keeps itself; `sealed` holds the answer and what was asked. */
export interface ResponsesTable extends TenantColumns {
  id: string
  /** `running` while a background job writes it, else `done`. */
  state: string
  sealed: string
  /** Of `sealed`, in characters. */
  size: Integer
  created_at: Integer
  /** Last written, continued, or reported to be still running. */
  touched_at: Integer
  expires_at: Integer
}

/** What placeholders stand for in conversations that providers keep; `sealed` holds the values. */
export interface PlaceholdersTable {
  organisation_id: string
  /** The provider's id of a response or a conversation. */
  id: string
  /** How often it was written. */
  version: Integer
  sealed: string
  /** Of `sealed`, in characters. */
  size: Integer
  /** Last written, or continued. */
  touched_at: Integer
  expires_at: Integer
}

/** Conversations that the gateway keeps itself; `sealed` holds their metadata. */
export interface ConversationsTable extends TenantColumns {
  id: string
  sealed: string
  /** Of its items, in characters as they are stored. */
  size: Integer
  created_at: Integer
  touched_at: Integer
  expires_at: Integer
}

export interface ConversationItemsTable {
  organisation_id: string
  conversation_id: string
  /** Rises in the order in which items were added. */
  position: Integer
  id: string
  sealed: string
}

/** Copies of exchanges that went to another target to see how it answers. No word of prompts or answers. */
export interface ShadowCopiesTable extends TenantColumns {
  /** The copy's own exchange. */
  copy: string
  /** The exchange that was copied. */
  exchange: string
  at: Integer
  route: string
  primary_provider: string
  primary_model: string
  primary_latency_ms: Integer
  primary_cost_nano_usd: NullableInteger
  provider: string
  model: string
  reserved_nano_usd: NullableInteger
  /** Null while it is under way. */
  result: NullableText
  error: NullableText
  latency_ms: NullableInteger
  cost_nano_usd: NullableInteger
  same_stop: NullableInteger
  same_tool_calls: NullableInteger
  primary_json: NullableInteger
  copy_json: NullableInteger
  primary_length: NullableInteger
  copy_length: NullableInteger
  /** Millionths: the databases share no type for fractions. */
  similarity_ppm: NullableInteger
}

/** Exchanges that were to be copied and were not. */
export interface ShadowDropsTable {
  route: string
  /** Start of the hour. */
  hour: Integer
  reason: string
  count: Integer
}

/** The last change of each series of an upstream that was announced. */
export interface DriftAnnouncementsTable {
  provider: string
  model: string
  series: string
  changed_at: Integer
  announced_at: Integer
}

/** When each canary was last run, by whichever process. */
export interface CanaryTurnsTable {
  canary: string
  at: Integer
}

/** What canary prompts came to. No word of prompts or answers. */
export interface CanaryRunsTable {
  exchange: string
  canary: string
  at: Integer
  provider: string
  model: string
  /** `passed`, `failed` or `no_answer`. */
  result: string
  error: NullableText
}

/** What providers reported of calls, beside what was counted here. No word of prompts or answers. */
export interface CountChecksTable {
  exchange: string
  attempt: Integer
  at: Integer
  provider: string
  model: string
  protocol: string
  /** `counted` or `estimated`. */
  method: string
  edition: Integer
  reported_input: NullableInteger
  counted_input: NullableInteger
  reported_output: NullableInteger
  counted_output: NullableInteger
  hidden_reasoning: NullableInteger
}

/** Budgets that are made while the gateway runs. `settings` is JSON. */
export interface BudgetsTable {
  id: string
  organisation_id: NullableText
  settings: string
  created_at: Integer
  updated_at: Integer
}

/** Prices that were imported, whole, in the order of `number`; the last one counts. */
export interface PriceImportsTable {
  number: Integer
  /** SHA-256 of `body`, in hexadecimal. */
  digest: string
  /** Where it was read from: a file name or an address. */
  source: string
  /** Who applied it. */
  actor: string
  at: Integer
  /** JSON. */
  body: string
}

/** Every card that something was billed with, under the version that the ledger's rows name. */
export interface PriceVersionsTable {
  provider: string
  model: string
  version: string
  /** JSON. */
  card: string
  first_at: Integer
}

/** One row: how far the sums of the ledger go. Times are starts of quarters of an hour. */
export interface UsageRollupTable {
  id: Integer
  /** Rows that arrive from now on and ended before this time are noted in `usage_late`. */
  sealed_until: Integer
  /** Sums exist for every quarter before this time; never more than `sealed_until`. */
  rolled_until: Integer
  /** Rises whenever sums are written. */
  version: Integer
}

/** Rows that arrived, or stopped counting, in quarters that may have been summed up already. */
export interface UsageLateTable {
  quarter: Integer
  exchange: string
  /** `closed`, `corrected` or `superseded`. */
  reason: string
}

interface UsageSumColumns {
  requests: Integer
  input_tokens: Integer
  output_tokens: Integer
  cache_read_tokens: Integer
  cache_write_tokens: Integer
  cache_write_long_tokens: Integer
  reasoning_tokens: Integer
  cost_nano_usd: Integer
  unpriced: Integer
  reported: Integer
  counted: Integer
  estimated: Integer
  prompt_cache_saved_nano_usd: ColumnType<bigint, bigint | number | undefined, bigint | number>
  prompt_cache_lost_nano_usd: ColumnType<bigint, bigint | number | undefined, bigint | number>
  prompt_cache_missed_nano_usd: ColumnType<bigint, bigint | number | undefined, bigint | number>
  cache_breaks: ColumnType<bigint, bigint | number | undefined, bigint | number>
}

/** Sums of the ledger per hour, by model. */
export interface UsageByModelTable extends UsageSumColumns {
  start: Integer
  /** Tells the rows of one start apart; means nothing. */
  number: Integer
  organisation_id: string
  kind: string
  direction: string
  provider: NullableText
  model_asked: NullableText
  model_answered: NullableText
}

/** Sums of the ledger per quarter of an hour, by everything that does not change with each exchange. */
export interface UsageByKeyTable extends UsageByModelTable {
  team_id: NullableText
  user_id: NullableText
  key_id: NullableText
  counterparty: NullableText
  credential: NullableText
  operation: string
  client_protocol: string
  upstream_protocol: NullableText
  outcome: string
  client_agent: NullableText
}

/** Every change that an administrator made; the database refuses to change rows. */
export interface AuditLogTable {
  /** From 1, without gaps. */
  number: Integer
  at: Integer
  actor_type: string
  actor_id: string
  actor_name: string
  address: NullableText
  /** The organisation that it is about; null for the whole gateway. */
  organisation_id: NullableText
  action: string
  target: string
  status: NullableInteger
  /** JSON, without secrets. */
  before: NullableText
  after: NullableText
  previous_hash: string
  hash: string
}

/** One row: the last entry of the audit log, so that one that is cut off is missed. */
export interface AuditLogHeadTable {
  id: Integer
  number: Integer
  hash: string
}

export interface Schema {
  instances: InstancesTable
  exchange_opened: ExchangeOpenedTable
  exchange_attempts: ExchangeAttemptsTable
  exchange_closed: ExchangeClosedTable & CacheColumns
  exchange_corrections: ExchangeCorrectionsTable
  exchange_entries: ExchangeEntriesView
  account_versions: AccountVersionsTable
  organisations: OrganisationsTable
  teams: TeamsTable
  users: UsersTable
  user_sessions: UserSessionsTable
  login_links: LoginLinksTable
  virtual_keys: VirtualKeysTable
  key_secrets: KeySecretsTable
  admin_tokens: AdminTokensTable
  first_start: FirstStartTable
  purpose_keys: PurposeKeysTable
  credentials: CredentialsTable
  handles: HandlesTable
  reasoning: ReasoningTable
  responses: ResponsesTable
  conversations: ConversationsTable
  conversation_items: ConversationItemsTable
  placeholders: PlaceholdersTable
  shadow_copies: ShadowCopiesTable
  shadow_drops: ShadowDropsTable
  drift_announcements: DriftAnnouncementsTable
  canary_turns: CanaryTurnsTable
  canary_runs: CanaryRunsTable
  count_checks: CountChecksTable
  budgets: BudgetsTable
  price_imports: PriceImportsTable
  price_versions: PriceVersionsTable
  usage_rollup: UsageRollupTable
  usage_late: UsageLateTable
  usage_by_model: UsageByModelTable
  usage_by_key: UsageByKeyTable
  audit_log: AuditLogTable
  audit_log_head: AuditLogHeadTable
}
