import { Hono } from 'hono'
import { csvHeading, csvLine, type Entry, exportEntries, jsonLine } from '../../ledger/index.ts'
import type { AdminParts } from '../admin-parts.ts'
import { readFilters } from '../filters.ts'
import { type AdminEnvironment, permit } from '../permit.ts'
import { invalid } from '../read-input.ts'

/**
 * `GET /entries/export?format=csv|jsonl&from&to&filter…`: final rows of the ledger, the oldest first, page by page:
 * every exchange that had ended when it began, once, however long it takes and whatever is written meanwhile.
 */
export const entriesExportRoutes = ({ reader, now }: AdminParts): Hono<AdminEnvironment> =>
  new Hono<AdminEnvironment>().get('/entries/export', permit('usage:read'), async (context) => {
    const format = context.req.query('format') ?? 'csv'
    if (format !== 'csv' && format !== 'jsonl') throw invalid('format', 'format must be csv or jsonl')
    const filters = readFilters(context, ['format'])
    const begun = now()
    const pages = exportEntries(
      reader,
      // Rows that come while it runs would go on for ever.
      { ...filters, to: Math.min(filters.to ?? begun + 1, begun + 1) },
      { order: 'oldest', asOf: begun - settling },
    )
    const line = format === 'csv' ? csvLine : jsonLine
    // The first page is read before the answer begins, so that a failure is an error and no broken file.
    const first = await pages.next()
    return context.body(lines(format === 'csv' ? csvHeading : '', first, pages, line), 200, {
      'content-type': format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/jsonl',
      'content-disposition': `attachment; filename="ledger.${format}"`,
    })
  })

/** A commit takes less: what was recorded so long ago is visible, and stays as it is. Milliseconds. */
const settling = 10_000

type Pages = AsyncGenerator<readonly Entry[]>

/** One page in memory at a time: the next is read when the reader of the answer has taken the one before. */
const lines = (
  heading: string,
  first: IteratorResult<readonly Entry[]>,
  pages: Pages,
  line: (entry: Entry) => string,
): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder()
  let waiting: IteratorResult<readonly Entry[]> | undefined = first
  let isFirst = true
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const page = waiting ?? (await pages.next())
        waiting = undefined
        const text = page.done === true ? '' : page.value.map(line).join('')
        const whole = isFirst ? heading + text : text
        isFirst = false
        if (whole !== '') controller.enqueue(encoder.encode(whole))
        if (page.done === true) controller.close()
      },
      async cancel() {
        await pages.return(undefined)
      },
    },
    { highWaterMark: 1 },
  )
}
