import { afterAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeyRing } from './key-ring.ts'
import { createKeyStore } from './key-store.ts'
import { masterKeysOf } from './purpose-key-store.ts'
import { rotateMasterKey, rotationSteps } from './rotate-master-key.ts'
import { openSealed } from './rotation-child.ts'

const folders: string[] = []
const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-rotation-'))
  folders.push(folder)
  return folder
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

type Environment = Readonly<Record<string, string>>

const child = (folder: string, mode: string, env: Environment) =>
  Bun.spawn([process.execPath, join(import.meta.dir, 'rotation-child.ts'), folder, mode], {
    stdout: 'pipe',
    stderr: 'inherit',
    env: { PATH: process.env['PATH'] ?? '', ...env },
  })

const run = async (folder: string, mode: string, env: Environment) => {
  const { stdout, exited } = child(folder, mode, env)
  const text = await new Response(stdout).text()
  await exited
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Record<string, string> => JSON.parse(line))
}

/** Everything that was sealed opens for a process that starts now, and one master key wraps it all. */
const expectWhole = async (folder: string, env: Environment, sealed: Record<string, string>) => {
  const { database, store, master, digest, credentials } = await openSealed(folder, env)
  try {
    expect(await masterKeysOf(store)).toEqual([master.id])
    const ring = createKeyRing(createKeyStore(database), digest)
    await ring.load()
    expect(ring.find(sealed['key'] ?? '')).toBeDefined()
    const opened = await credentials.reveal(sealed['credential'] ?? '')
    expect(opened?.secret.reveal()).toBe('sk-crash-0123')
    return master.id
  } finally {
    await database.close()
  }
}

const environments: readonly (readonly [string, Environment])[] = [
  ['a file', {}],
  [
    'a key from outside',
    {
      TGW_MASTER_KEY: randomBytes(32).toString('base64'),
      TGW_NEXT_MASTER_KEY: randomBytes(32).toString('base64'),
    },
  ],
]

describe.each(environments)('with %s', (_, env) => {
  test.each([...rotationSteps])(
    'a rotation that dies when it has "%s" is as if it never began, or is finished by the next start',
    async (step) => {
      const folder = newFolder()
      const [sealed = {}] = await run(folder, 'seal', env)
      const first = await expectWhole(folder, env, sealed)
      // Dies at the same place again and again, as in a crash loop.
      for (let round = 0; round < 2; round += 1) {
        const said = await run(folder, step, env)
        // From outside there is one key to come: once it is in, a rotation is asked for in vain, and does not begin.
        const isOver = env['TGW_MASTER_KEY'] !== undefined && round > 0 && isCommitted(step)
        if (!isOver) expect(said.at(-1)).toEqual({ step })
        const master = await expectWhole(folder, env, sealed)
        expect(master === first).toBe(!isCommitted(step))
      }
      const { database, store, source } = await openSealed(folder, env)
      const { after } = await rotateMasterKey({ ...source, store })
      await database.close()
      expect(await expectWhole(folder, env, sealed)).toBe(after)
      expect(readdirSync(folder).filter((name) => name.endsWith('.draft'))).toEqual([])
    },
    60_000,
  )
})

const isCommitted = (step: string): boolean => step === 'rewrapped' || step === 'swapped'

test('rotations that are killed at any moment leave a vault that opens', async () => {
  const folder = newFolder()
  const [sealed = {}] = await run(folder, 'seal', {})
  let rotations = 0
  for (let round = 0; round < 6; round += 1) {
    const working = child(folder, 'work', {})
    let acknowledged = ''
    const decoder = new TextDecoder()
    let rest = ''
    for await (const bytes of working.stdout) {
      rest += decoder.decode(bytes, { stream: true })
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      rotations += lines.length
      acknowledged = JSON.parse(lines.at(-1) ?? 'null')?.after ?? acknowledged
      if (rotations % 5 === round % 5 || lines.length > 3) working.kill('SIGKILL')
    }
    await working.exited
    const master = await expectWhole(folder, {}, sealed)
    // What was acknowledged counts, or the one after it that could not be any more.
    expect(readdirSync(folder)).toContain(`master.key.${acknowledged}`)
    expect(master).not.toBe('')
  }
  expect(rotations).toBeGreaterThan(6)
}, 120_000)
