/**
 * One event of the ledger as one line of JSON. The same text is appended to the spool and sent to the storage
 * Worker. A spool file starts with a header that names the columns, so that another version can replay it.
 */
import type { AttemptRow, ClosedRow, OpenedRow } from './entry.ts'
import {
  attemptColumns,
  attemptValues,
  closedColumns,
  closedValues,
  openedColumns,
  openedValues,
  type Value,
} from './row-format.ts'

/** Rows of many exchanges, ready for one transaction. */
export interface Batch {
  readonly opened: readonly (readonly Value[])[]
  readonly attempts: readonly (readonly Value[])[]
  readonly closed: readonly (readonly Value[])[]
  /** Whatever the caller gave to be stored together with its exchange. */
  readonly handles: readonly unknown[]
}

export const openedLine = (row: OpenedRow): string => stringify(['o', openedValues(row)])

export const closedLine = (
  row: ClosedRow,
  attempts: readonly AttemptRow[],
  handles: readonly unknown[],
): string => {
  const values = closedValues(row)
  const attemptRows = attempts.map((attempt) => attemptValues(attempt, row.tenant))
  return stringify(handles.length === 0 ? ['c', values, attemptRows] : ['c', values, attemptRows, handles])
}

/** The first line of a spool file. */
export const headerLine = (): string =>
  JSON.stringify(['h', { format: 1, opened: openedColumns, attempt: attemptColumns, closed: closedColumns }])

/**
 * Lines as one text for the storage Worker: text crosses threads several times faster than a structure. `segments`
 * are the spool files that hold them; null when one of them is in no file.
 */
export const batchText = (lines: readonly string[], segments: readonly string[] | null): string =>
  `[${[JSON.stringify(segments), ...lines].join(',')}]`

/** Reads what `batchText` wrote. */
export const parseBatch = (
  text: string,
): { readonly batch: Batch; readonly segments: readonly string[] | null } => {
  const [segments, ...events] = readArray(JSON.parse(text))
  return {
    batch: toBatch(events.map(readArray), sameOrder),
    segments: segments === null ? null : readArray(segments).map(String),
  }
}

/**
 * Reads the lines of a spool file. A line cut by a crash or a full disk is left out: it was never acknowledged.
 * `onBroken` is told about each one.
 */
export const parseSpool = (
  lines: readonly string[],
  order: ColumnOrder,
  onBroken: (line: string) => void,
): Batch => {
  const events = lines.flatMap((line) => {
    const event = parseLine(line)
    if (event === undefined) onBroken(line)
    return event === undefined ? [] : [event]
  })
  return toBatch(events, order)
}

/** Puts the values of a line in the order of today's columns. */
export interface ColumnOrder {
  readonly opened: Reorder
  readonly attempt: Reorder
  readonly closed: Reorder
}

type Reorder = (values: readonly Value[]) => readonly Value[]

/** How to read the lines of a file with this header; undefined when it is no header of ours. */
export const columnOrder = (header: string): ColumnOrder | undefined => {
  const [type, columns] = parseLine(header) ?? []
  if (type !== 'h' || typeof columns !== 'object' || columns === null) return undefined
  return {
    opened: reorder(openedColumns, namesIn(columns, 'opened')),
    attempt: reorder(attemptColumns, namesIn(columns, 'attempt')),
    closed: reorder(closedColumns, namesIn(columns, 'closed')),
  }
}

const sameOrder: ColumnOrder = {
  opened: (values) => values,
  attempt: (values) => values,
  closed: (values) => values,
}

const reorder = (wanted: readonly string[], found: readonly string[]): Reorder => {
  if (wanted.length === found.length && wanted.every((name, place) => name === found[place])) {
    return (values) => values
  }
  const places = wanted.map((name) => found.indexOf(name))
  return (values) => places.map((place) => values[place] ?? null)
}

const namesIn = (columns: object, field: string): readonly string[] =>
  readArray(Reflect.get(columns, field)).map(String)

const toBatch = (events: readonly (readonly unknown[])[], order: ColumnOrder): Batch => {
  // Keyed by exchange: PostgreSQL refuses to update one row twice in a statement. Reservations only grow, so the
  // last line is the one that counts.
  const opened = new Map<Value, readonly Value[]>()
  const attempts: (readonly Value[])[] = []
  const closed: (readonly Value[])[] = []
  const handles: unknown[] = []
  for (const [type, values, attemptRows, handleList] of events) {
    if (type === 'o') {
      const row = order.opened(readValues(values))
      opened.set(row[0] ?? null, row)
    } else if (type === 'c') {
      closed.push(order.closed(readValues(values)))
      for (const attempt of readArray(attemptRows)) attempts.push(order.attempt(readValues(attempt)))
      if (handleList !== undefined) handles.push(...readArray(handleList))
    }
  }
  return { opened: [...opened.values()], attempts, closed, handles }
}

const parseLine = (line: string): readonly unknown[] | undefined => {
  try {
    const event: unknown = JSON.parse(line)
    return Array.isArray(event) ? event : undefined
  } catch {
    return undefined
  }
}

const readArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const readValues = (value: unknown): readonly Value[] =>
  readArray(value).map((item) => (typeof item === 'string' || typeof item === 'number' ? item : null))

/** PostgreSQL refuses U+0000 and half surrogate pairs in text, and a client may put them in a model name. */
const stringify = (event: unknown): string => {
  const text = JSON.stringify(event)
  // Both are escaped in JSON, so text without an escape needs no second look.
  if (!text.includes('\\u')) return text
  return JSON.stringify(event, (_, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed().replaceAll('\u0000', '\ufffd') : value,
  )
}
