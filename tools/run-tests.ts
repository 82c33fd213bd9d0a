/**
 * Runs the tests and ends with one line, `N passed, N failed, N skipped`. Without arguments two processes share them,
 * where there are two cores. A run without a report is a failure: a test that ends the process would look like success.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Run by their own commands (`test:heavy`, `test:clients`): they take minutes, and the second needs the network. */
const apart = ['heavy', 'clients']
const wholeGateway = (): readonly string[] =>
  readdirSync('test')
    .filter((name) => !apart.includes(name))
    .map((name) => `./test/${name}`)

const groupsOf = (given: readonly string[]): readonly (readonly string[])[] => {
  if (given.length > 0) return [given]
  return availableParallelism() > 1 ? [['./src'], wholeGateway()] : [['./src', ...wholeGateway()]]
}

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** @param output where its words go; absent: to the terminal at once */
const run = async (paths: readonly string[], folder: string, output?: string): Promise<Counts> => {
  const report = join(folder, `${paths.length}-${paths[0]?.replaceAll('/', '-')}.xml`)
  const words = output === undefined ? 'inherit' : Bun.file(output)
  const child = Bun.spawn(
    [
      process.execPath,
      'test',
      '--reporter=junit',
      `--reporter-outfile=${report}`,
      '--timeout=60000',
      ...paths,
    ],
    // A proxy of the machine must not get between the tests and their servers.
    {
      stdio: ['ignore', words, words],
      env: {
        ...process.env,
        // Tests open more requests at once than a process may by default.
        BUN_CONFIG_MAX_HTTP_REQUESTS: '65336',
        NO_PROXY: '127.0.0.1,localhost,::1',
        no_proxy: '127.0.0.1,localhost,::1',
      },
    },
  )
  const code = await child.exited
  const text = existsSync(report) ? readFileSync(report, 'utf8') : ''
  const tests = count('tests', text)
  const skipped = count('skipped', text)
  const reported = count('failures', text) + count('errors', text)
  // A file that could not be loaded is in no report.
  const failed = reported > 0 ? reported : code === 0 && tests > 0 ? 0 : 1
  return { passed: Math.max(0, tests - skipped - reported), failed, skipped }
}

const count = (attribute: string, text: string): number =>
  Number(new RegExp(`<testsuites[^>]*\\b${attribute}="(\\d+)"`).exec(text)?.[1] ?? 0)

const folder = mkdtempSync(join(tmpdir(), 'tollgate-tests-'))
const results = await Promise.all(
  groupsOf(process.argv.slice(2)).map(async (paths, at) => {
    // Two at once would mix their lines: all but the first are shown when they are over.
    const output = at === 0 ? undefined : join(folder, `${at}.log`)
    const counts = await run(paths, folder, output)
    return { counts, words: output === undefined ? '' : readFileSync(output, 'utf8') }
  }),
)
// All of it, before the process may end.
for (const { words } of results) await Bun.write(Bun.stdout, words)
rmSync(folder, { recursive: true, force: true })
const sum = (name: keyof Counts): number => results.reduce((total, { counts }) => total + counts[name], 0)
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
process.exitCode = sum('failed') > 0 ? 1 : 0
