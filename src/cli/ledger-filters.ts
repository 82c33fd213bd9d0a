import { type Command, InvalidArgumentError } from 'commander'
import { collect, parseMoment } from './parse-time.ts'

export interface LedgerFilterOptions {
  readonly from?: number
  readonly to?: number
  readonly filter?: readonly string[]
}

/** Which rows of the ledger a command is about. */
export const addLedgerFilters = (command: Command): Command =>
  command
    .option(
      '--from <time>',
      'from this time on: 2026-11-01, 2026-11-01T12:00 (UTC), or 7d for seven days ago',
      (text) => parseMoment(text),
    )
    .option('--to <time>', 'before this time', (text) => parseMoment(text))
    .option(
      '--filter <name=value>',
      'only these: provider=openai, key=…, outcome=success (repeatable; the same name twice means either)',
      (text: string, before: readonly string[] | undefined) => {
        if (/^[A-Za-z-]+=/.test(text)) return collect(text, before)
        throw new InvalidArgumentError('give a name and a value, such as provider=openai')
      },
    )

/** The same, as the admin API reads it. */
export const ledgerQuery = ({ from, to, filter = [] }: LedgerFilterOptions): URLSearchParams => {
  const query = new URLSearchParams()
  for (const text of filter) {
    const end = text.indexOf('=')
    const name = text.slice(0, end).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    query.append(name, text.slice(end + 1))
  }
  if (from !== undefined) query.set('from', String(from))
  if (to !== undefined) query.set('to', String(to))
  return query
}
