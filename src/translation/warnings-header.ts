import type { Warning } from '../ir/index.ts'

/** Bound of the header, in bytes. */
const maximum = 2048

/**
 * `x-tollgate-warnings`: one entry for each feature, with the first place and how many there are
 * (translation.md §1.8): `dropped; feature="input_examples"; path="tools[2].input_examples"; reason="no counterpart"`.
 * Undefined where nothing was lost.
 */
export const warningsHeader = (warnings: readonly Warning[]): string | undefined => {
  if (warnings.length === 0) return undefined
  const groups = new Map<string, { readonly first: Warning; count: number }>()
  for (const warning of warnings) {
    const id = `${warning.code}\u0000${warning.feature}\u0000${warning.reason}`
    const group = groups.get(id)
    if (group === undefined) groups.set(id, { first: warning, count: 1 })
    else group.count++
  }
  let header = ''
  let left = groups.size
  for (const { first, count } of groups.values()) {
    const entry = entryOf(first, count)
    if (header.length + entry.length + 2 > maximum - moreRoom) break
    header += header === '' ? entry : `, ${entry}`
    left--
  }
  return left === 0 ? header : `${header}${header === '' ? '' : ', '}more=${left}`
}

/** Room for `, more=123`. */
const moreRoom = 16

const entryOf = ({ code, feature, path, reason }: Warning, count: number): string =>
  [
    code,
    `feature=${quoted(feature)}`,
    `path=${quoted(path)}`,
    ...(count === 1 ? [] : [`count=${count}`]),
    `reason=${quoted(reason)}`,
  ].join('; ')

/** Paths hold names that clients chose; a header holds printable ASCII. */
const quoted = (text: string): string =>
  `"${text
    .slice(0, 200)
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/["\\]/g, "'")}"`
