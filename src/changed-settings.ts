import type { NewAuditEntry } from './accounts/index.ts'
import { getPath, type LoadedConfig, listPaths } from './config/index.ts'

export interface ChangedSetting {
  readonly path: string
  /** Secrets are masked on both sides; undefined where the path is not there. */
  readonly before: unknown
  readonly after: unknown
}

/** What differs between two readings of the configuration. A new secret is a change, too. */
export const changedSettings = <T>(
  before: LoadedConfig<T>,
  after: LoadedConfig<T>,
): readonly ChangedSetting[] => {
  const old = new Map(listPaths(before).map(({ path, value }) => [path, value]))
  const fresh = new Map(listPaths(after).map(({ path, value }) => [path, value]))
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((path) =>
    same(getPath(before.settings, path), getPath(after.settings, path))
      ? []
      : [{ path, before: old.get(path), after: fresh.get(path) }],
  )
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

/** The entry of the audit log for settings that changed without anybody asking for it over the admin API. */
export const settingsEntry = (
  source: string,
  changes: readonly ChangedSetting[],
  at: number,
): NewAuditEntry => ({
  ...{ at, actorType: 'system', actorId: source, actorName: source, address: null, organisation: null },
  ...{ action: 'RELOAD /config', target: '/config', status: null, before: null },
  after: JSON.stringify(changes),
})
