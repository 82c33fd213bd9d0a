/** What a text of SQL would destroy, in words. Comments do not hide a statement, strings are no statements. */
export const destructiveSql = (text: string): string | undefined => {
  for (const statement of statementsOf(text)) {
    const reason = judge(statement)
    if (reason !== undefined) return reason
  }
  return undefined
}

const judge = (words: readonly string[]): string | undefined => {
  const [verb, object] = words
  if (verb === 'DROP' && objects.has(object ?? '')) return `\`DROP ${object}\` deletes data`
  if (verb === 'TRUNCATE') return '`TRUNCATE` deletes data'
  if (verb === 'DELETE' && object === 'FROM' && !words.includes('WHERE'))
    return '`DELETE` without `WHERE` deletes all rows'
  return verb === 'ALTER' && object === 'TABLE' && words.includes('DROP') && words.includes('COLUMN')
    ? '`DROP COLUMN` deletes data'
    : undefined
}

const objects: ReadonlySet<string> = new Set([
  'TABLE',
  'DATABASE',
  'SCHEMA',
  'USER',
  'ROLE',
  'KEYSPACE',
  'COLLECTION',
])

/** The words of each statement in upper case, without comments and strings. */
const statementsOf = (text: string): readonly (readonly string[])[] => {
  const statements: string[][] = [[]]
  let at = 0
  while (at < text.length) {
    const character = text[at] ?? ''
    if (character === ';') {
      statements.push([])
      at++
    } else if (text.startsWith('--', at)) at = endOf(text, '\n', at)
    else if (text.startsWith('/*', at)) at = endOf(text, '*/', at + 2)
    else if (character === "'") at = endOf(text, "'", at + 1)
    else if (/[A-Za-z_]/.test(character)) {
      const start = at
      while (at < text.length && /\w/.test(text[at] ?? '')) at++
      statements.at(-1)?.push(text.slice(start, at).toUpperCase())
    } else at++
  }
  return statements
}

const endOf = (text: string, mark: string, from: number): number => {
  const end = text.indexOf(mark, from)
  return end < 0 ? text.length : end + mark.length
}
