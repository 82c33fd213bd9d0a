import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { Command, Option } from 'commander'
import { GatewayError } from '../../errors.ts'
import { addServerOptions, connect, type ServerOptions } from '../admin-client.ts'
import type { TextSink } from '../cli-context.ts'
import { exitCodes } from '../exit-codes.ts'
import { addLedgerFilters, type LedgerFilterOptions, ledgerQuery } from '../ledger-filters.ts'
import { answer } from '../output.ts'
import type { CommandMaker } from '../program.ts'
import { countText } from '../table.ts'

interface Options extends ServerOptions, LedgerFilterOptions {
  readonly format: string
  readonly output?: string
}

export const ledgerExportCommand: CommandMaker = (context, done) => {
  const command = new Command('export')
    .description('write every row that matches, the oldest first, for spreadsheets and scripts')
    .addOption(new Option('--format <format>', 'one row a line').choices(['csv', 'jsonl']).default('csv'))
    .option(
      '-o, --output <file>',
      'write to this file, which is there only when it is whole (default: standard output)',
    )
  addServerOptions(addLedgerFilters(command)).addHelpText(
    'after',
    '\nWithout -o, standard output has the rows and nothing else; --json then tells nothing.\n\nExamples:\n  $ tgw ledger export --from 2026-11-01 --to 2026-12-01 -o november.csv\n  $ tgw ledger export --format jsonl --filter provider=openai | jq .cost_usd\n',
  )
  return command.action(async (options: Options) => {
    const query = ledgerQuery(options)
    query.set('format', options.format)
    const stream = await connect(context, options).stream(`/entries/export?${query}`)
    if (options.output === undefined) {
      await writeTo(context.stdout, stream)
    } else {
      const { output } = options
      const rows = await writeFile(output, stream, options.format === 'csv' ? csvRows() : textLines())
      answer(context, options, { file: output, rows }, () => `${countText(rows)} rows in ${output}\n`)
    }
    done(exitCodes.ok)
  })
}

const writeTo = async (sink: TextSink, stream: ReadableStream<Uint8Array>): Promise<void> => {
  const decoder = new TextDecoder()
  for await (const bytes of stream) {
    if (sink.write(decoder.decode(bytes, { stream: true })) !== false || sink.once === undefined) continue
    // A slow reader: what waits for it must not pile up here.
    await new Promise<void>((resolve) => {
      sink.once?.('drain', resolve)
      sink.once?.('error', resolve)
    })
  }
}

/** Answers the number of rows. A half-written file never has the name that was asked for. */
const writeFile = async (
  path: string,
  stream: ReadableStream<Uint8Array>,
  rows: (bytes: Uint8Array) => number,
): Promise<number> => {
  const part = `${path}.part`
  let file: number
  try {
    file = openSync(part, 'w', 0o600)
  } catch (error) {
    throw new GatewayError('gateway_request_invalid', `${part} cannot be written`, { cause: error })
  }
  let count = 0
  try {
    for await (const bytes of stream) {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
      count += rows(bytes)
    }
    closeSync(file)
    renameSync(part, path)
    return count
  } catch (error) {
    rmSync(part, { force: true })
    throw error
  }
}

const [lineEnd, quote] = [10, 34]

const textLines =
  () =>
  (bytes: Uint8Array): number => {
    let count = 0
    for (const byte of bytes) if (byte === lineEnd) count += 1
    return count
  }

/** Counts rows below the heading; a line break within quotes ends none. */
const csvRows = (): ((bytes: Uint8Array) => number) => {
  let isQuoted = false
  let heading = 1
  return (bytes) => {
    let count = 0
    for (const byte of bytes) {
      if (byte === quote) isQuoted = !isQuoted
      else if (byte === lineEnd && !isQuoted) count += 1
    }
    const rows = count - Math.min(count, heading)
    heading -= Math.min(count, heading)
    return rows
  }
}
