import { devNull } from 'node:os'

/**
 * The command line that runs this very program again with other arguments, from source or compiled.
 *
 * From source, Bun would read `bunfig.toml` (whose `preload` runs code) and `.env` in the current folder, which
 * may be anybody's repository: both are off. The compiled program has all three settings built in.
 */
export const selfCommand = (args: readonly string[]): readonly string[] =>
  isCompiled()
    ? [process.execPath, ...args]
    : [
        process.execPath,
        '--no-env-file',
        `--config=${devNull}`,
        '--max-http-header-size=65536',
        Bun.main,
        ...args,
      ]

/** Bun keeps a compiled program's files below a root of its own; `B:/~BUN` is that of Windows. */
export const isCompiled = (): boolean => Bun.main.startsWith('/$bunfs/') || /^B:[/\\]~BUN[/\\]/.test(Bun.main)
