import { expect, test } from 'bun:test'
import { join } from 'node:path'

const fixture = join(import.meta.dir, 'stderr-output.fixture.ts')
test('lines are JSON when standard error is no terminal, and none is lost at exit', async () => {
  const child = Bun.spawn([process.execPath, fixture, 'many-then-exit'], { stderr: 'pipe', stdin: 'ignore' })
  const lines = (await new Response(child.stderr).text()).split('\n').slice(0, -1)
  expect(await child.exited).toBe(0)
  expect(lines).toHaveLength(2000)
  expect(lines.map((line) => JSON.parse(line).index)).toEqual(
    Array.from({ length: 2000 }, (_, index) => index),
  )
})

test('a reader that does not read stops neither the process nor its memory', async () => {
  // The shell holds the pipe open and reads only after two seconds.
  const child = Bun.spawn(
    ['bash', '-c', '"$0" "$1" stalled 2> >(sleep 2; cat >/dev/null)', process.execPath, fixture],
    { stdout: 'pipe', stderr: 'inherit', stdin: 'ignore' },
  )
  const report = JSON.parse(await new Response(child.stdout).text())
  // 150 MB were logged meanwhile.
  expect(report.ticks).toBe(50)
  expect(report.grownMegabytes).toBeLessThan(75)
  await child.exited
})

test('a reader that went away ends nothing', async () => {
  const child = Bun.spawn(['bash', '-c', '"$0" "$1" reader-gone 2> >(exit 0)', process.execPath, fixture], {
    stdout: 'pipe',
    stderr: 'inherit',
    stdin: 'ignore',
  })
  expect(await new Response(child.stdout).text()).toBe('still here\n')
  expect(await child.exited).toBe(0)
})
