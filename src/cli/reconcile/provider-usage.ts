/**
 * Usage and costs as providers export them, in one shape. A file tells some of the figures only: those that it does
 * not tell are absent, and are not compared.
 *
 * - OpenAI, `GET /v1/organization/usage/completions` and `GET /v1/organization/costs`:
 *   https://developers.openai.com/api/docs/api-reference/usage, 2026-11; the CSV files that the usage dashboard
 *   exports have the same fields as columns (https://help.openai.com/en/articles/8554956, 2026-11).
 * - Anthropic, `GET /v1/organizations/usage_report/messages` and `GET /v1/organizations/cost_report`:
 *   https://platform.claude.com/docs/en/manage-claude/usage-cost-api and
 *   https://platform.claude.com/docs/en/api/admin/cost_report, 2026-11; the CSV files of the console's pages Usage and
 *   Cost: https://support.claude.com/en/articles/9534590, 2026-11.
 */
import { z } from 'zod'
import { GatewayError } from '../../errors.ts'
import { parseCsv } from './csv.ts'
import { nanoUsd } from './nano-usd.ts'

/** What may be compared: tokens by class, and money. `input` has the cached tokens in it, `uncached` has not. */
export const figureNames = [
  ...(['input', 'uncached', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h', 'output', 'cost'] as const),
] as const

export type FigureName = (typeof figureNames)[number]

/** Tokens, and nano-USD for `cost`. */
export type Figures = { readonly [name in FigureName]?: bigint }

export interface ProviderRow {
  /** `2026-11-21`, UTC. */
  readonly day: string
  /** Null where the file does not tell models apart. */
  readonly model: string | null
  readonly figures: Figures
}

export interface ProviderUsage {
  readonly rows: readonly ProviderRow[]
  /** Every day that the file is about, also those on which nothing was used. */
  readonly days: readonly string[]
  /** The file says that there is more than it has. */
  readonly isCut: boolean
}

/** Reads one file. Throws `gateway_request_invalid`, naming the shapes that are known. */
export const readProviderUsage = (text: string, file: string): ProviderUsage => {
  const trimmed = text.replace(/^\uFEFF/, '').trim()
  const usage = /^[[{]/.test(trimmed) ? readJson(trimmed, file) : readCsv(trimmed, file)
  if (usage.days.length > 0) return usage
  throw unknownShape(file, 'it has no day in it')
}

const readJson = (text: string, file: string): ProviderUsage => {
  const pages = jsonPages(text)
  if (pages === undefined) throw unknownShape(file, 'it is not JSON')
  const parsed = z.array(page).safeParse(pages)
  if (!parsed.success) throw unknownShape(file, 'its JSON is of another shape')
  const buckets = parsed.data.flatMap(({ data }) => data)
  return {
    rows: buckets.flatMap((bucket) =>
      bucket.results.map((result) => rowOf(dayOf(bucket), result, 'starting_at' in bucket, file)),
    ),
    days: buckets.map(dayOf),
    isCut: parsed.data.at(-1)?.has_more === true,
  }
}

/** One page, a list of pages, or one page a line. */
const jsonPages = (text: string): readonly unknown[] | undefined => {
  try {
    return [JSON.parse(text)].flat()
  } catch {
    try {
      return text.split(/\r?\n/).flatMap((line): unknown[] => (line.trim() === '' ? [] : [JSON.parse(line)]))
    } catch {
      return undefined
    }
  }
}

const result = z.record(z.string(), z.unknown())
const bucket = z.union([
  z.looseObject({ start_time: z.number(), results: z.array(result) }),
  z.looseObject({ starting_at: z.string(), results: z.array(result) }),
])
const page = z.looseObject({ data: z.array(bucket), has_more: z.boolean().nullish() })

const dayOf = (one: z.output<typeof bucket>): string =>
  'starting_at' in one && typeof one.starting_at === 'string'
    ? dayAt(Date.parse(one.starting_at))
    : dayAt(Number(one['start_time']) * 1000)

const dayAt = (time: number): string =>
  Number.isFinite(time) ? new Date(time).toISOString().slice(0, 10) : 'unknown day'

const rowOf = (
  day: string,
  fields: Readonly<Record<string, unknown>>,
  isAnthropic: boolean,
  file: string,
): ProviderRow => {
  const model = textOf(fields['model'])
  if (isAnthropic) {
    // "123.45" are cents: https://platform.claude.com/docs/en/api/admin/cost_report, 2026-11
    if ('amount' in fields) return { day, model, figures: { cost: nanoUsd(fields['amount'], 2) } }
    const created = result.safeParse(fields['cache_creation'])
    const writes = created.success ? created.data : {}
    return {
      ...{ day, model },
      figures: {
        uncached: count(fields['uncached_input_tokens'], file),
        cacheRead: count(fields['cache_read_input_tokens'], file),
        cacheWrite5m: count(writes['ephemeral_5m_input_tokens'], file),
        cacheWrite1h: count(writes['ephemeral_1h_input_tokens'], file),
        output: count(fields['output_tokens'], file),
      },
    }
  }
  const amount = result.safeParse(fields['amount'])
  if (amount.success)
    return {
      day,
      model: lineItemModel(fields['line_item']),
      figures: { cost: nanoUsd(amount.data['value'], 0) },
    }
  return { day, model, figures: openaiTokens(fields, file) }
}

const openaiTokens = (fields: Readonly<Record<string, unknown>>, file: string): Figures => ({
  input: count(fields['input_tokens'], file),
  cacheRead: count(fields['input_cached_tokens'], file),
  output: count(fields['output_tokens'], file),
})

/** `gpt-5.1-2025-11-13, cached input` is about a model; `web search tool calls` is a model of its own here. */
const lineItemModel = (item: unknown): string | null => textOf(item)?.split(', ')[0] ?? null

const readCsv = (text: string, file: string): ProviderUsage => {
  const [heading = [], ...lines] = parseCsv(text)
  const names = heading.map((name) => name.trim().toLowerCase())
  const has = (name: string) => names.includes(name)
  const read = csvShape(has, file)
  if (read === undefined) throw unknownShape(file, 'its columns are of another shape')
  const rows = lines
    .filter((cells) => cells.some((cell) => cell !== ''))
    .map((cells) => read(Object.fromEntries(names.map((name, place) => [name, cells[place] ?? '']))))
  return {
    // A day on which nothing was used is a line without figures.
    rows: rows.filter(
      ({ model, figures }) => model !== null || Object.values(figures).some((one) => one !== 0n),
    ),
    days: rows.map(({ day }) => day),
    isCut: false,
  }
}

type Line = Readonly<Record<string, string>>

const csvShape = (
  has: (name: string) => boolean,
  file: string,
): ((line: Line) => ProviderRow) | undefined => {
  if (has('usage_date_utc') && has('cost_usd'))
    return (line) => ({
      ...{ day: dayAt(Date.parse(line['usage_date_utc'] ?? '')), model: textOf(line['model']) },
      figures: { cost: nanoUsd(line['cost_usd'], 0) },
    })
  if (has('usage_date_utc') && has('usage_output_tokens'))
    return (line) => ({
      ...{ day: dayAt(Date.parse(line['usage_date_utc'] ?? '')), model: textOf(line['model_version']) },
      figures: {
        uncached: count(line['usage_input_tokens_no_cache'], file),
        cacheRead: count(line['usage_input_tokens_cache_read'], file),
        cacheWrite5m: count(line['usage_input_tokens_cache_write_5m'], file),
        cacheWrite1h: count(line['usage_input_tokens_cache_write_1h'], file),
        output: count(line['usage_output_tokens'], file),
      },
    })
  if (!has('start_time')) return undefined
  const day = (line: Line) => dayAt(Number(line['start_time']) * 1000)
  if (has('amount_value'))
    return (line) => ({
      ...{ day: day(line), model: lineItemModel(line['line_item']) },
      figures: { cost: nanoUsd(line['amount_value'], 0) },
    })
  if (has('input_tokens') && has('output_tokens'))
    return (line) => ({ day: day(line), model: textOf(line['model']), figures: openaiTokens(line, file) })
  return undefined
}

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** An absent counter is none; one that is no whole number is a wrong file. */
const count = (value: unknown, file: string): bigint => {
  if (value === null || value === undefined || value === '') return 0n
  const text = String(value)
  if (/^\d{1,18}(?:\.0+)?$/.test(text)) return BigInt(text.split('.')[0] ?? '0')
  throw unknownShape(file, `"${text.slice(0, 30)}" is not a number of tokens`)
}

const unknownShape = (file: string, reason: string): GatewayError =>
  new GatewayError(
    'gateway_request_invalid',
    `${file}: ${reason}; known are the answers of OpenAI’s usage and costs API and of Anthropic’s usage_report and cost_report (JSON), and the CSV files of their dashboards`,
  )
