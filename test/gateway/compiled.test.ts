import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, waitFor } from '../support/gateway.ts'

const folder = mkdtempSync(join(tmpdir(), 'tollgate-compiled-'))
/** The run of all tests has built it. */
const given = process.env['TGW_TEST_PROGRAM']
const program = given ?? join(folder, 'bin', 'tgw')
const empty = mkdtempSync(join(tmpdir(), 'tollgate-empty-'))

beforeAll(() => {
  if (given !== undefined) return
  const built = Bun.spawnSync(
    [process.execPath, '--no-env-file', join(root, 'tools/build.ts'), '--outfile', program],
    { stderr: 'pipe' },
  )
  if (built.exitCode !== 0) throw new Error(built.stderr.toString())
}, 120_000)

afterAll(() => {
  for (const one of [folder, empty]) rmSync(one, { recursive: true, force: true })
})

test('one executable runs the gateway from an empty folder, and reads nothing that lies there', async () => {
  // A foreign repository: its settings must not become ours.
  writeFileSync(join(empty, '.env'), 'TGW_PORT=1\n')
  writeFileSync(join(empty, 'bunfig.toml'), 'preload = ["./evil.ts"]\n')
  writeFileSync(join(empty, 'evil.ts'), 'require("node:fs").writeFileSync("evil-ran", "")\n')
  const home = join(folder, 'home')
  const server = Bun.spawn([program, 'start', '--port', '0'], {
    cwd: empty,
    env: { HOME: home, NO_PROXY: '127.0.0.1' },
    stdout: 'ignore',
    stderr: 'ignore',
  })
  try {
    const port = await waitFor(() => {
      try {
        const lock = JSON.parse(readFileSync(join(home, '.tollgate/tollgate.lock'), 'utf8'))
        return lock.ready?.ports?.facade as number | undefined
      } catch {
        return undefined
      }
    }, 20_000)
    const text = await waitFor(() => {
      try {
        return readFileSync(join(home, '.tollgate/first-start.txt'), 'utf8')
      } catch {
        return undefined
      }
    })
    const key = /tgw-sk-\w+/.exec(text)?.[0] ?? ''
    const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: '{"model":"loopback","messages":[{"role":"user","content":"hello"}]}',
    })
    expect(await answer.text()).toContain('You said: hello')
    expect(readdirSync(empty).sort()).toEqual(['.env', 'bunfig.toml', 'evil.ts'])
    const status = Bun.spawnSync([program, 'status', '--json'], {
      cwd: empty,
      env: { HOME: home, NO_PROXY: '127.0.0.1' },
    })
    expect(JSON.parse(status.stdout.toString())).toMatchObject({ status: 'ok' })
  } finally {
    server.kill('SIGTERM')
    expect(await server.exited).toBe(0)
  }
}, 60_000)
