import type { ModelFamily } from '../../catalog/index.ts'
import type { Provider } from '../../providers/index.ts'

/** The newest model of a family among those that the configured providers list; undefined where there is none. */
export const newestOf = (
  name: string,
  families: readonly ModelFamily[],
  providers: Iterable<Provider>,
): string | undefined => {
  const family = families.find((one) => one.name === name)
  if (family === undefined) return undefined
  let newest: { readonly id: string; readonly version: readonly number[] } | undefined
  for (const provider of providers) {
    for (const { id } of provider.listedModels()) {
      const version = versionOf(id, family)
      if (version === undefined) continue
      if (newest === undefined || compareVersions(version, newest.version) > 0) newest = { id, version }
    }
  }
  return newest?.id
}

/** `4-5`, `5.1`, `6`; a date in its place is a snapshot and no version. */
const versionOf = (id: string, { prefix, suffix }: ModelFamily): readonly number[] | undefined => {
  if (!id.startsWith(prefix) || !id.endsWith(suffix) || id.length <= prefix.length + suffix.length)
    return undefined
  const text = id.slice(prefix.length, id.length - suffix.length)
  return /^\d{1,2}(?:[.-]\d{1,2})*$/.test(text) ? text.split(/[.-]/).map(Number) : undefined
}

const compareVersions = (a: readonly number[], b: readonly number[]): number => {
  for (let place = 0; place < Math.max(a.length, b.length); place++) {
    const difference = (a[place] ?? 0) - (b[place] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
