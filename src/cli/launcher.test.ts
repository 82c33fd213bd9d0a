import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clearPlaces, makePlace } from './running-cli.fixture.ts'

const root = join(import.meta.dir, '..', '..')
const node = Bun.which('node')
if (node === null) console.warn('skipped: there is no node, so bin/tgw.mjs is not tried')
const folder = mkdtempSync(join(tmpdir(), 'tollgate-launcher-'))

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await clearPlaces()
})

const run = async (file: string, args: readonly string[], env: Readonly<Record<string, string>>) => {
  const child = Bun.spawn([node ?? 'node', file, ...args], {
    cwd: folder,
    env,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: 30_000,
  })
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, stdout, stderr }
}

describe.skipIf(node === null)('bin/tgw.mjs', () => {
  const launcher = join(root, 'bin', 'tgw.mjs')

  test('hands arguments, output and exit code through, also as the link that npm makes', async () => {
    const { env } = makePlace()
    const link = join(folder, 'tgw')
    symlinkSync(launcher, link)
    expect(await run(link, ['--version'], env)).toMatchObject({ code: 0, stderr: '' })
    expect((await run(launcher, ['status'], env)).code).toBe(3)
  })

  test('runs nothing of the folder that it is started in', async () => {
    const { env } = makePlace()
    writeFileSync(join(folder, 'bunfig.toml'), 'preload = ["./evil.ts"]\n')
    writeFileSync(join(folder, 'evil.ts'), 'console.log("evil")\n')
    writeFileSync(join(folder, '.env'), 'TGW_LOG_LEVEL=debug\n')
    const { stdout } = await run(launcher, ['config', 'get', 'telemetry.log.level'], env)
    expect(stdout).toBe('info\n')
  })

  test('hands a signal on, and the server ends well', async () => {
    const { env, dataDir, tgw } = makePlace()
    const child = Bun.spawn([node ?? 'node', launcher, 'start'], {
      env,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'ignore'],
      timeout: 60_000,
    })
    let code = -1
    for (const end = Date.now() + 50_000; code !== 0 && Date.now() < end; await Bun.sleep(50)) {
      code = (await tgw(['status', '--data-dir', dataDir])).code
    }
    expect(code).toBe(0)
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
    expect((await tgw(['status'])).code).toBe(3)
  })

  test('says what to do when bun is missing, or was installed without its program', async () => {
    const copy = join(folder, 'package')
    mkdirSync(join(copy, 'bin'), { recursive: true })
    cpSync(launcher, join(copy, 'bin', 'tgw.mjs'))
    writeFileSync(join(copy, 'package.json'), '{}')
    const missing = await run(join(copy, 'bin', 'tgw.mjs'), [], {})
    expect(missing.code).toBe(1)
    expect(missing.stderr).toContain('npm ci')

    const bin = join(copy, 'node_modules', 'bun', 'bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(copy, 'node_modules', 'bun', 'package.json'), '{ "name": "bun" }')
    writeFileSync(join(bin, 'bun.exe'), 'echo "Error: Bun\'s postinstall script was not run."\nexit 1\n')
    chmodSync(join(bin, 'bun.exe'), 0o755)
    const stub = await run(join(copy, 'bin', 'tgw.mjs'), [], {})
    expect(stub.code).toBe(1)
    expect(stub.stderr).toContain('npm rebuild bun')
  })
})
