#!/usr/bin/env node
// Starts the program on the Bun of this package. Plain JavaScript that also an old Node understands.
import { spawn } from 'node:child_process'
import { closeSync, existsSync, fstatSync, openSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants, devNull } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))))

/** npm puts Bun beside or above this package; in its place may stand a stub of some hundred bytes. */
const findBun = () => {
  let folder
  try {
    folder = dirname(createRequire(join(root, 'package.json')).resolve('bun/package.json'))
  } catch {
    return { problem: `bun is not installed beside it: run \`npm ci\` (or \`npm install\`) in ${root}` }
  }
  const file = join(folder, 'bin', 'bun.exe')
  const stub =
    'bun is installed without its program, as `npm --ignore-scripts` leaves it: run `npm rebuild bun` in '
  return existsSync(file) && sizeOf(file) > 100000 ? { file } : { problem: stub + dirname(dirname(folder)) }
}

const sizeOf = (file) => {
  const handle = openSync(file, 'r')
  try {
    return fstatSync(handle).size
  } finally {
    closeSync(handle)
  }
}

const { file, problem } = findBun()
if (problem !== undefined) {
  process.stderr.write(`tgw: ${problem}\n`)
  process.exit(1)
}

// A bunfig.toml or .env in the current folder may be anybody's, and would run code or set variables.
const fixed = [
  '--no-env-file',
  `--config=${devNull}`,
  '--max-http-header-size=65536',
  join(root, 'src', 'main.ts'),
]
const child = spawn(file, [...fixed, ...process.argv.slice(2)], { stdio: 'inherit' })

// A terminal sends its signals to both; `kill` only to this one, so they are handed on.
// Two interrupts would mean: at once.
const hasTerminal = () => {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !hasTerminal()) child.kill(signal)
  })
}

child.on('error', (error) => {
  process.stderr.write(`tgw: ${file} cannot be run (${error.code}): run \`npm rebuild bun\` in ${root}\n`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code)
  process.exit(128 + (constants.signals[signal] || 0))
})
