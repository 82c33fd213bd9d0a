/**
 * Entries of the ledger as rows of a table for spreadsheets and scripts. The columns are a promise: new ones come
 * after the last, none is renamed or taken away.
 */
import { formatUsd } from '../ir/index.ts'
import type { Entry } from './read-store.ts'

type Cell = string | number | boolean | null

/** Names in the order of the columns, each with what it shows. Money is a decimal string of US dollars. */
const columns: readonly (readonly [name: string, read: (entry: Entry) => Cell])[] = [
  ['exchange', ({ exchange }) => exchange],
  ['ended_at', ({ at }) => time(at)],
  ['opened_at', ({ openedAt }) => time(openedAt)],
  ['kind', ({ kind }) => kind],
  ['direction', ({ direction }) => direction],
  ['counterparty', ({ counterparty }) => counterparty ?? null],
  ['organisation', ({ tenant }) => tenant.organisation],
  ['team', ({ tenant }) => tenant.team],
  ['user', ({ tenant }) => tenant.user],
  ['key', ({ tenant }) => tenant.key],
  ['session', ({ session }) => session],
  ['client', ({ clientAgent }) => clientAgent],
  ['operation', ({ operation }) => operation],
  ['client_protocol', ({ clientProtocol }) => clientProtocol],
  ['upstream_protocol', ({ upstreamProtocol }) => upstreamProtocol],
  ['provider', ({ provider }) => provider],
  ['credential', ({ credential }) => credential],
  ['model_asked', ({ modelAsked }) => modelAsked],
  ['model_answered', ({ modelAnswered }) => modelAnswered],
  ['outcome', ({ outcome }) => outcome],
  ['status', ({ status }) => status],
  ['error', ({ error }) => error],
  ['stage', ({ stage }) => stage],
  ['streamed', ({ streamed }) => streamed],
  ['attempts', ({ attempts }) => attempts],
  ['input_tokens', ({ usage }) => usage?.inputTokens ?? null],
  ['output_tokens', ({ usage }) => usage?.outputTokens ?? null],
  ['cache_read_tokens', ({ usage }) => usage?.cacheReadTokens ?? null],
  ['cache_write_5m_tokens', ({ usage }) => usage?.cacheWriteTokens ?? null],
  ['cache_write_1h_tokens', ({ usage }) => usage?.cacheWriteLongTokens ?? null],
  ['reasoning_tokens', ({ usage }) => usage?.reasoningTokens ?? null],
  ['usage_source', ({ usageSource }) => usageSource],
  ['cost_usd', ({ costNanoUsd }) => (costNanoUsd === null ? null : formatUsd(costNanoUsd))],
  ['price_version', ({ priceVersion }) => priceVersion],
  ['latency_ms', ({ latencyMs }) => latencyMs],
  ['ttft_ms', ({ ttftMs }) => ttftMs],
  ['request_bytes', ({ requestBytes }) => requestBytes],
  ['response_bytes', ({ responseBytes }) => responseBytes],
  ['corrected', ({ corrected }) => corrected],
  ['firewall', ({ firewall }) => firewall],
  ['cache', ({ cache }) => cache],
  [
    'cache_saved_usd',
    ({ cacheSavedNanoUsd }) => (cacheSavedNanoUsd === null ? null : formatUsd(cacheSavedNanoUsd)),
  ],
  ['compress_bytes_before', ({ compression }) => compression?.bytesBefore ?? null],
  ['compress_bytes_after', ({ compression }) => compression?.bytesAfter ?? null],
  ['compress_tokens_before', ({ compression }) => compression?.tokensBefore ?? null],
  ['compress_tokens_after', ({ compression }) => compression?.tokensAfter ?? null],
]

export const entryColumns: readonly string[] = columns.map(([name]) => name)

/** The first line of a CSV file. */
export const csvHeading = `${entryColumns.join(',')}\r\n`

/** One line of RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe before it. */
export const csvLine = (entry: Entry): string =>
  `${columns.map(([, read]) => csvCell(read(entry))).join(',')}\r\n`

/** One line of JSON Lines, with the same names. */
export const jsonLine = (entry: Entry): string =>
  `${JSON.stringify(Object.fromEntries(columns.map(([name, read]) => [name, read(entry)])))}\n`

const time = (at: number): string => new Date(at).toISOString()

const csvCell = (value: Cell): string => {
  if (value === null) return ''
  if (typeof value !== 'string') return String(value)
  // https://owasp.org/www-community/attacks/CSV_Injection, 2026-11: these begin a formula, also behind a space.
  const safe = /^\s*[=+\-@|%\t\r\n]/.test(value) && !/^-?\d+(?:\.\d+)?$/.test(value) ? `'${value}` : value
  return /[",\r\n;]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe
}
