import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The YAML and JSON files of a folder in the order of their names. Throws when it cannot be read. */
export const mapFilesIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter(isMapFile)
    .sort()
    .map((name) => join(folder, name))

/** Hidden files belong to editors, and to what mounts the folder. */
export const isMapFile = (name: string): boolean => /^[^.].*\.(?:yaml|yml|json)$/i.test(name)
