/** Builds `dist/tgw`, one self-contained executable. `--target bun-linux-arm64` and the like build for others. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { target: { type: 'string' }, outfile: { type: 'string', default: 'dist/tgw' } },
})
const root = join(import.meta.dir, '..')
mkdirSync(join(root, 'dist'), { recursive: true })

const child = Bun.spawnSync(
  [
    process.execPath,
    'build',
    '--compile',
    '--minify',
    '--production',
    // Starts in a third of the time for a quarter more of bytes; only modules of today's form may wait at top level.
    '--bytecode',
    '--format=esm',
    // Without these two the program would read .env and run a bunfig's preload in whatever folder it is started.
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    '--compile-exec-argv=--max-http-header-size=65536',
    'src/main.ts',
    // Each Worker is an entry of its own.
    'src/storage-worker.ts',
    'src/count-worker.ts',
    '--outfile',
    values.outfile,
    ...(values.target === undefined ? [] : [`--target=${values.target}`]),
  ],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
)
process.exit(child.exitCode ?? 1)
