import { afterAll, beforeAll, expect, test } from 'bun:test'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filesBelow, samplesOf, spread, tell } from './corpus.ts'

const goRoot = (): string | undefined => {
  try {
    const { success, stdout } = Bun.spawnSync(['go', 'env', 'GOROOT'], { stderr: 'ignore' })
    return success ? stdout.toString().trim() : undefined
  } catch {
    return undefined
  }
}

const root = goRoot()
if (root === undefined) console.log('SKIPPED: there is no go, nothing is compared with its parser')
const folder = mkdtempSync(join(tmpdir(), 'tollgate-go-trees-'))

beforeAll(() => {
  if (root === undefined) return
  copyFileSync(join(import.meta.dir, 'trees.go'), join(folder, 'main.go'))
  const built = Bun.spawnSync(['go', 'build', '-o', join(folder, 'trees'), join(folder, 'main.go')], {
    cwd: folder,
    env: { ...process.env, GO111MODULE: 'off', GOFLAGS: '', GOTOOLCHAIN: 'local' },
  })
  if (!built.success) throw new Error(built.stderr.toString())
}, 600_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Answer {
  readonly files: number
  readonly equal: number
  readonly unequal: readonly string[]
}

for (const dedent of [false, true]) {
  const label = `go${dedent ? ', de-indented' : ''}`
  test.skipIf(root === undefined)(
    `${label}: tree and directives stay what they were`,
    async () => {
      const paths = spread(filesBelow(join(root ?? '', 'src'), /\.go$/), 3_000)
      const samples = samplesOf(paths, 'go', dedent)
      const child = Bun.spawn([join(folder, 'trees')], { stdin: 'pipe', stdout: 'pipe' })
      const answer = new Response(child.stdout).json()
      for (const { path, before, after } of samples) {
        child.stdin.write(`${JSON.stringify({ path, before, after })}\n`)
        await child.stdin.flush()
      }
      await child.stdin.end()
      const { files, equal, unequal }: Answer = await answer
      const verdict = {
        ...{ files, equal, unequal },
        changed: samples.filter(({ before, after }) => before !== after).length,
        notUnderstood: samples.filter(({ isUnderstood }) => !isUnderstood).length,
      }
      tell(label, verdict)
      expect(unequal).toEqual([])
      expect(equal).toBe(files)
      expect(files).toBeGreaterThanOrEqual(2_000)
      expect(verdict.changed).toBeGreaterThan(files / 4)
      expect(verdict.notUnderstood).toBeLessThan(files / 50)
    },
    900_000,
  )
}
