import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dir, '../..')

/** A program of the repository, from source. */
export const programAt = (file: string): readonly string[] => [
  process.execPath,
  '--no-env-file',
  '--config=/dev/null',
  '--max-http-header-size=65536',
  join(root, file),
]

/**
 * The words that start `tgw` in a process of its own. A run of all tests builds the executable first and names it in
 * `TGW_TEST_PROGRAM`: it starts in a third of the time, and is what users get. A lone test runs the sources.
 */
export const tgwProgram: readonly string[] =
  process.env['TGW_TEST_PROGRAM'] === undefined ? programAt('src/main.ts') : [process.env['TGW_TEST_PROGRAM']]
