import { dirname } from 'node:path'
import type { z } from 'zod'
import { type ConfigNode, changeNode, mergeNodes, nodeAt, nodeAtPath } from './config-node.ts'
import type { Finding } from './explain-issues.ts'
import { resolvePath } from './find-files.ts'
import { walkSettings } from './walk-settings.ts'

export interface Folders {
  readonly cwd: string
  readonly home: string
}

/**
 * The tree with every path setting absolute, defaults too: `~` from the home folder, a relative path from the
 * folder of the file that says it, or from the working folder.
 */
export const expandPaths = (
  schema: z.core.$ZodType,
  tree: ConfigNode,
  settings: unknown,
  folders: Folders,
): { readonly tree: ConfigNode; readonly findings: readonly Finding[] } => {
  const findings: Finding[] = []
  let changed = tree
  for (const { path, value, outline } of walkSettings(schema, settings)) {
    const kind = outline?.meta.path
    if (kind === undefined || typeof value !== 'string') continue
    const node = nodeAt(changed, path)
    const origin = node?.origin ?? { type: 'default' }
    const folder = origin.type === 'file' ? dirname(origin.file) : folders.cwd
    const [, prefix = '', written = value] =
      kind === 'sqlite' ? (/^(sqlite:)(?!:)(.+)$/.exec(value) ?? ['', '', '']) : []
    if (written === '') continue
    if (/^~[^/\\]/.test(written))
      findings.push({ path, message: '`~` with a user name is not expanded; write the path out' })
    const content = { type: 'scalar', value: prefix + resolvePath(written, folder, folders.home) } as const
    changed =
      node === undefined
        ? mergeNodes(changed, nodeAtPath(path.map(String), { origin, literal: true, content }))
        : (changeNode(changed, path, () => ({ ...node, content })) ?? changed)
  }
  return { tree: changed, findings }
}
