/** One record of a CSV file: its fields, and the line it begins on, from 1. */
export interface CsvRecord {
  readonly line: number
  readonly fields: readonly string[]
}

export interface CsvFile {
  readonly records: readonly CsvRecord[]
  /** Where the file stops being CSV: nothing after it was read. */
  readonly fault: { readonly line: number; readonly reason: string } | undefined
}

/**
 * Reads comma-separated values as RFC 4180 has them: fields in double quotes may hold commas, line ends and doubled
 * quotes. Lines end with LF, CRLF or CR; a byte order mark and empty lines are skipped.
 */
export const parseCsv = (text: string): CsvFile => {
  const records: CsvRecord[] = []
  const end = text.length
  let at = text.startsWith('\ufeff') ? 1 : 0
  let line = 1
  while (at < end) {
    const started = line
    const fields: string[] = []
    for (;;) {
      if (text[at] === '"') {
        const quoted = quotedField(text, at)
        if (quoted === undefined) return fault(records, started, 'a quoted field is not closed')
        fields.push(quoted.value)
        line += lineEnds(quoted.value)
        at = quoted.end
        if (at < end && !/[,\r\n]/.test(text[at] ?? ''))
          return fault(records, line, 'there is text after a quoted field')
      } else {
        const from = at
        while (at < end && !/[,\r\n]/.test(text[at] ?? '')) at += 1
        const field = text.slice(from, at)
        if (field.includes('"')) return fault(records, line, 'there is a quote within a field without quotes')
        fields.push(field)
      }
      if (text[at] !== ',') break
      at += 1
    }
    if (text[at] === '\r' && text[at + 1] === '\n') at += 1
    at += 1
    line += 1
    if (fields.length > 1 || fields[0] !== '') records.push({ line: started, fields })
  }
  return { records, fault: undefined }
}

/** A record with its line end. Fields are quoted where they must be. */
export const formatCsv = (fields: readonly string[]): string => `${fields.map(formatField).join(',')}\r\n`

const quotedField = (text: string, from: number): { value: string; end: number } | undefined => {
  let value = ''
  let at = from + 1
  for (;;) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return undefined
    value += text.slice(at, quote)
    if (text[quote + 1] !== '"') return { value, end: quote + 1 }
    value += '"'
    at = quote + 2
  }
}

const lineEnds = (text: string): number => text.match(/\r\n|\r|\n/g)?.length ?? 0

const formatField = (field: string): string =>
  /[",\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field

const fault = (records: readonly CsvRecord[], line: number, reason: string): CsvFile => ({
  records,
  fault: { line, reason },
})
