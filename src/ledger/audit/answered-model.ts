/**
 * How the name of the model that answered relates to the one that was asked for. `version`: the asked name stands for
 * a dated or numbered release of it (`gpt-4o` → `gpt-4o-2024-08-06`, `claude-x-latest` → `claude-x-20250929`).
 */
export type NameMatch = 'same' | 'version' | 'other'

export const matchNames = (asked: string, answered: string): NameMatch => {
  const [wanted, given] = [plain(asked), plain(answered)]
  if (wanted === given) return 'same'
  return withoutVersion(wanted) === withoutVersion(given) && !(isDated(wanted) && isDated(given))
    ? 'version'
    : 'other'
}

/** Vendors write names with and without a path before them (`models/gemini-2.5-pro`, `openai/gpt-5`). */
const plain = (name: string): string => name.toLowerCase().replace(/^.*\//, '')

const versionSuffix = /(?:-latest|[-@](?:19|20)\d{2}-?\d{2}-?\d{2}|-\d{3,4}|-(?:preview|exp)-\d{2}-\d{2})$/

const withoutVersion = (name: string): string => name.replace(versionSuffix, '')

/** Two different releases are two models. */
const isDated = (name: string): boolean => versionSuffix.test(name) && !name.endsWith('-latest')
