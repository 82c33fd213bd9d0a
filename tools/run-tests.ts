/**
 * Runs the tests and ends with one line, `N passed, N failed, N skipped`. A run without a report is a failure: a test
 * that ends the process would look like success.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Run by their own commands (`test:heavy`, `test:clients`): they take minutes, and the second needs the network. */
const apart = ['heavy', 'clients']
const everything = (): readonly string[] => [
  './src',
  ...readdirSync('test')
    .filter((name) => !apart.includes(name))
    .map((name) => `./test/${name}`),
]

const folder = mkdtempSync(join(tmpdir(), 'tollgate-tests-'))
const report = join(folder, 'report.xml')
const given = process.argv.slice(2)
const child = Bun.spawn(
  [
    process.execPath,
    'test',
    '--reporter=junit',
    `--reporter-outfile=${report}`,
    '--timeout=60000',
    ...(given.length === 0 ? everything() : given),
  ],
  // A proxy of the machine must not get between the tests and their servers.
  {
    stdio: ['ignore', 'inherit', 'inherit'],
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

const count = (attribute: string, text: string): number =>
  Number(new RegExp(`<testsuites[^>]*\\b${attribute}="(\\d+)"`).exec(text)?.[1] ?? 0)

const text = existsSync(report) ? readFileSync(report, 'utf8') : ''
rmSync(folder, { recursive: true, force: true })
const tests = count('tests', text)
const skipped = count('skipped', text)
const reported = count('failures', text) + count('errors', text)
// A file that could not be loaded is in no report.
const failed = reported > 0 ? reported : code === 0 && tests > 0 ? 0 : 1
console.log(`${Math.max(0, tests - skipped - reported)} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed > 0 ? 1 : 0)
