import type { Finding } from '../finding.ts'
import type { PlaceholderMap } from './placeholder-map.ts'

/**
 * Of what was found in an answer, what the answer itself brings: not the values that were only put back, which the
 * client knows because it sent them.
 * @param text the restored text that the findings count in
 */
export const newFindings = (
  text: string,
  findings: readonly Finding[],
  map: PlaceholderMap,
): readonly Finding[] => {
  if (findings.length === 0 || !map.restores) return findings
  // A detector may see less of a value than the one that found it in the request, so a part of one counts as well.
  const known = map
    .entries()
    .flatMap(({ value }) => (value === undefined ? [] : [value]))
    .join('\0')
  return findings.filter(({ start, end }) => !known.includes(text.slice(start, end)))
}
