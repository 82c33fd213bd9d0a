import { afterEach, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cleanUp, makeFolder, startProgram } from './running-program.fixture.ts'

afterEach(cleanUp)

/** With the flags of the release build. */
const compile = (dir: string): string => {
  const binary = join(dir, 'tollgate-supervisor-fixture')
  const built = Bun.spawnSync([
    process.execPath,
    'build',
    '--compile',
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    '--compile-exec-argv=--max-http-header-size=65536',
    join(import.meta.dir, 'program.fixture.ts'),
    '--outfile',
    binary,
  ])
  if (built.exitCode !== 0) throw new Error(built.stderr.toString())
  return binary
}

test('the compiled program supervises itself, wherever it is started', async () => {
  const dir = makeFolder()
  const binary = compile(dir)
  writeFileSync(join(dir, 'bunfig.toml'), 'preload = ["./foreign.ts"]')
  writeFileSync(join(dir, 'foreign.ts'), 'console.log(JSON.stringify({ event: "foreign code", pid: 0 }))')
  writeFileSync(join(dir, '.env'), 'FIXTURE_MODE=wrong-config')

  const program = startProgram(
    { FIXTURE_DIR: dir },
    { command: [binary, 'start', '--port', '1 2'], cwd: dir },
  )
  const first = await program.find((event) => event.event === 'ready')
  expect(first).toMatchObject({ supervised: true, requests: '65336', args: ['start', '--port', '1 2'] })
  writeFileSync(join(dir, 'crash'), '')
  const second = await program.find((event) => event.event === 'ready' && event['restarts'] === 1)
  expect(second.pid).not.toBe(first.pid)
  program.signal('SIGHUP')
  await program.find((event) => event.event === 'reload')
  program.signal('SIGTERM')
  expect(await program.exited).toBe(0)
  expect(program.events.map((event) => event.event)).not.toContain('foreign code')
  expect(program.events.at(-1)?.event).toBe('drained')
}, 30_000)
