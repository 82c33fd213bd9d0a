import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cliActions } from '../cli-actions.ts'
import { helpPage } from './help-page.ts'
import { createProgram, forEachCommand } from './program.ts'

const actions = cliActions({ env: {}, cwd: '/', home: '/' })

test('docs/cli.md is what the commands say of themselves', () => {
  const page = readFileSync(join(import.meta.dir, '..', '..', 'docs', 'cli.md'), 'utf8')
  // Run tools/build-cli-docs.ts when this fails.
  expect(page).toBe(helpPage(actions))
})

test('every command has an example, and every one that does something has --json', () => {
  const sink = { write: () => undefined }
  const program = createProgram(
    { env: {}, cwd: '/', home: '/', stdout: sink, stderr: sink, actions },
    () => undefined,
  )
  const page = helpPage(actions)
  let seen = 0
  forEachCommand(program, (command) => {
    if (command === program) return
    seen += 1
    const section = page.split(`${command.name()}\`\n`)[1]?.split('\n## ')[0] ?? ''
    expect(section).toContain('  $ tgw ')
    if (command.commands.length === 0) expect(command.options.map(({ long }) => long)).toContain('--json')
  })
  expect(seen).toBe(92)
})
