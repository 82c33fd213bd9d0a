import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CrashLine, openInstallation } from './crash-child.ts'
import {
  createAdminTokenStore,
  createAdminTokens,
  createFirstStartStore,
  createKeyRing,
  createKeyStore,
  firstStart,
} from './index.ts'

const folders: string[] = []
const newFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-crash-'))
  folders.push(folder)
  return folder
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** Starts the child, kills it with SIGKILL as soon as `enough` says so, and answers all that it had said. */
const runUntilKilled = async (
  folder: string,
  mode: string,
  enough: (lines: readonly CrashLine[]) => boolean,
) => {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'crash-child.ts'), folder, mode], {
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const lines: CrashLine[] = []
  let rest = ''
  const decoder = new TextDecoder()
  for await (const bytes of child.stdout) {
    rest += decoder.decode(bytes, { stream: true })
    const parts = rest.split('\n')
    rest = parts.pop() ?? ''
    // The child is this folder's own program: its lines are what it says they are.
    for (const part of parts) lines.push(JSON.parse(part) as CrashLine)
    if (enough(lines)) child.kill('SIGKILL')
  }
  await child.exited
  return lines
}

/** What a process that starts now lets in. */
const inspectInstallation = async (folder: string) => {
  const { database, digest } = await openInstallation(folder)
  const ring = createKeyRing(createKeyStore(database), digest)
  const admins = createAdminTokens(createAdminTokenStore(database), digest)
  const start = () => firstStart({ store: createFirstStartStore(database), digest })
  return {
    start,
    load: () => Promise.all([ring.load(), admins.load()]),
    letsIn: (text: string) => (ring.find(text) ?? admins.find(text)) !== undefined,
    close: () => database.close(),
  }
}

test.each(['begun', 'vault', 'offered', 'shown', 'done'])(
  'an installation killed after it said "%s" is completed by the next start, with one working pair',
  async (step) => {
    const folder = newFolder()
    // Killed at the same place again and again, as a crash loop would be.
    for (let round = 0; round < 2; round += 1) {
      const lines = await runUntilKilled(folder, 'install', (lines) =>
        lines.some((line) => line.step === step),
      )
      const shown = lines.find((line) => line.step === 'shown')?.found ?? []
      if (lines.some((line) => line.step === 'done') && shown.length > 0) break
    }
    const installation = await inspectInstallation(folder)
    const pair = await installation.start()
    await installation.load()
    if (pair !== undefined) {
      expect(installation.letsIn(pair.adminToken?.reveal() ?? '')).toBe(true)
      expect(installation.letsIn(pair.virtualKey?.reveal() ?? '')).toBe(true)
      expect(await pair.markShown()).toBe(true)
    }
    expect(await installation.start()).toBeUndefined()
    await installation.close()
  },
  30_000,
)

test('a pair that was shown and marked survives the kill', async () => {
  const folder = newFolder()
  const lines = await runUntilKilled(folder, 'install', (lines) => lines.some((line) => line.step === 'done'))
  const shown = lines.find((line) => line.step === 'shown')?.found ?? []
  expect(shown.length).toBe(2)
  const installation = await inspectInstallation(folder)
  expect(await installation.start()).toBeUndefined()
  await installation.load()
  expect(shown.filter((text) => !installation.letsIn(text))).toEqual([])
  await installation.close()
}, 30_000)

test('no acknowledged change to a key is lost when the process is killed', async () => {
  const folder = newFolder()
  const found = new Set<string>()
  const gone = new Set<string>()
  for (let round = 0; round < 4; round += 1) {
    const lines = await runUntilKilled(folder, 'work', (lines) => lines.length >= 15 + round * 10)
    for (const line of lines) {
      for (const text of line.found ?? []) found.add(text)
      for (const text of line.gone ?? []) {
        found.delete(text)
        gone.add(text)
      }
    }
    // The change that ran when the process died may have been made without a word: it concerns the last key only.
    const last = lines.at(-1)?.found?.[0]
    const installation = await inspectInstallation(folder)
    await installation.load()
    expect([...found].filter((text) => text !== last && !installation.letsIn(text))).toEqual([])
    expect([...gone].filter((text) => installation.letsIn(text))).toEqual([])
    await installation.close()
    if (last !== undefined) found.delete(last)
  }
  expect(found.size).toBeGreaterThan(10)
  expect(gone.size).toBeGreaterThan(10)
}, 60_000)
