/** Differences between two JSON values, and the tables in which a test lists the ones it knows by name. */

export interface Difference {
  /** `messages[2].content[0].text`; `` is the root. */
  readonly path: string
  readonly change: 'missing' | 'added' | 'changed'
  readonly expected: unknown
  readonly actual: unknown
}

/** A difference that is known and has a reason. `Context` is what the test knows beside the two values. */
export interface NamedDifference<Context = void> {
  /** Path pattern: `*` stands for one key or index, `**` for any number of them. */
  readonly at: string
  readonly change?: Difference['change']
  readonly reason: string
  /** Narrows the pattern, e.g. to one expected value. */
  readonly when?: (difference: Difference, context: Context) => boolean
}

/** Every place at which `actual` is not what `expected` is. Members that are undefined count as absent. */
export const differences = (expected: unknown, actual: unknown, path = ''): readonly Difference[] => {
  if (Object.is(expected, actual)) return []
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const found: Difference[] = []
    for (let index = 0; index < Math.max(expected.length, actual.length); index++) {
      found.push(...memberDifferences(expected[index], actual[index], `${path}[${index}]`))
    }
    return found
  }
  if (isPlainObject(expected) && isPlainObject(actual)) {
    const found: Difference[] = []
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const at = path === '' ? key : `${path}.${key}`
      found.push(...memberDifferences(ownMember(expected, key), ownMember(actual, key), at))
    }
    return found
  }
  // JSON knows one zero, and -0 survives a parse.
  if (expected === actual) return []
  return [{ path, change: 'changed', expected, actual }]
}

const memberDifferences = (expected: unknown, actual: unknown, path: string): readonly Difference[] => {
  if (expected === undefined && actual === undefined) return []
  if (actual === undefined) return [{ path, change: 'missing', expected, actual }]
  if (expected === undefined) return [{ path, change: 'added', expected, actual }]
  return differences(expected, actual, path)
}

const ownMember = (value: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(value, key) ? value[key] : undefined

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Checks differences against a table and remembers which of its rows occurred. */
export class DifferenceLedger<Context = void> {
  readonly #rows: readonly { readonly row: NamedDifference<Context>; readonly pattern: RegExp }[]
  readonly #seen = new Map<NamedDifference<Context>, number>()

  constructor(rows: readonly NamedDifference<Context>[]) {
    this.#rows = rows.map((row) => ({ row, pattern: patternOf(row.at) }))
  }

  /** The differences that no row names. */
  unlisted(found: readonly Difference[], context: Context): readonly Difference[] {
    return found.filter((difference) => {
      const match = this.#rows.find(
        ({ row, pattern }) =>
          pattern.test(difference.path) &&
          (row.change === undefined || row.change === difference.change) &&
          (row.when === undefined || row.when(difference, context)),
      )
      if (match === undefined) return true
      this.#seen.set(match.row, (this.#seen.get(match.row) ?? 0) + 1)
      return false
    })
  }

  /** Rows that never occurred: they are out of date. */
  unused(): readonly NamedDifference<Context>[] {
    return this.#rows.map(({ row }) => row).filter((row) => !this.#seen.has(row))
  }

  /** How often each row occurred. */
  counts(): readonly { readonly at: string; readonly reason: string; readonly count: number }[] {
    return [...this.#seen].map(([row, count]) => ({ at: row.at, reason: row.reason, count }))
  }
}

const patternOf = (at: string): RegExp => {
  const source = at
    .split(/(\*\*|\*)/)
    .map((piece) =>
      piece === '**' ? '.*' : piece === '*' ? '[^.[\\]]*' : piece.replace(/[.+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('')
  return new RegExp(`^${source}$`)
}

/** Differences as text for an assertion's message. */
export const describeDifferences = (found: readonly Difference[]): string =>
  found
    .slice(0, 12)
    .map(({ path, change, expected, actual }) => {
      const show = (value: unknown) => (JSON.stringify(value) ?? 'undefined').slice(0, 160)
      return `${change} at ${path}: expected ${show(expected)}, got ${show(actual)}`
    })
    .join('\n')
