/** Columns aligned for people. A column whose heading ends in `>` (left out of the output) is aligned to the right. */
export const table = (
  headings: readonly string[],
  rows: readonly (readonly (string | number | null | undefined)[])[],
): string => {
  const right = headings.map((heading) => heading.endsWith('>'))
  const titles = headings.map((heading) => heading.replace(/>$/, ''))
  const lines = [titles, ...rows.map((row) => titles.map((_, index) => cell(row[index])))]
  const widths = titles.map((_, index) =>
    Math.max(...lines.map((line) => Bun.stringWidth(line[index] ?? ''))),
  )
  return lines
    .map((line) =>
      line
        .map((text, index) => {
          const padding = ' '.repeat((widths[index] ?? 0) - Bun.stringWidth(text))
          return right[index] === true ? padding + text : text + padding
        })
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

const cell = (value: string | number | null | undefined): string =>
  value === null || value === undefined || value === '' ? '-' : printable(String(value))

/** Names come from clients and files: no control character of theirs reaches the terminal. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (found) => `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}`)

/** `2026-11-21 03:36`, in UTC like everything in the ledger. */
export const timeText = (time: number | null | undefined): string =>
  typeof time === 'number' ? new Date(time).toISOString().slice(0, 16).replace('T', ' ') : ''

/** `1,234,567` */
export const countText = (count: number | null | undefined): string =>
  typeof count === 'number' ? String(count).replace(/\B(?=(?:\d{3})+$)/g, ',') : ''
