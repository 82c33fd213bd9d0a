import { expect, test } from 'bun:test'
import { join } from 'node:path'

test('none of 500 streams breaks when the configuration is read anew and a new worker takes over', async () => {
  // In a process of its own: the test runner's `fetch` keeps 256 connections at most, whatever the environment says.
  const run = Bun.spawn(
    [process.execPath, '--no-env-file', join(import.meta.dir, 'hand-over-run.ts'), '500'],
    {
      env: { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: '65336' },
      stdout: 'pipe',
      stderr: 'inherit',
    },
  )
  const finished = Number((await new Response(run.stdout).text()).trim())
  console.log(`hand-over: ${finished} of 500 streams came to their proper end`)
  expect(finished).toBe(500)
}, 120_000)
