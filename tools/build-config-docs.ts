import { join } from 'node:path'
import { configurationPage, editorSchemaFile } from './config-page.ts'

/** The files that are written from the settings schema, by their path in the repository. */
export const generatedFiles = (): ReadonlyMap<string, string> =>
  new Map([
    ['docs/configuration.md', configurationPage()],
    ['packaging/tollgate.schema.json', editorSchemaFile()],
  ])

if (import.meta.main) {
  const root = join(import.meta.dir, '..')
  for (const [path, text] of generatedFiles()) await Bun.write(join(root, path), text)
}
