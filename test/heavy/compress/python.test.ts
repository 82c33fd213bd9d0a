import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { filesBelow, samplesOf, spread, tell } from './corpus.ts'

const read = (command: readonly string[]): string | undefined => {
  try {
    const { success, stdout } = Bun.spawnSync([...command], { stderr: 'ignore' })
    return success ? stdout.toString().trim() : undefined
  } catch {
    return undefined
  }
}

/** The newest one that is there knows the newest syntax. */
const python = ['python3.14', 'python3.13', 'python3.12', 'python3'].find(
  (name) => read([name, '-c', 'import ast']) !== undefined,
)
const folders =
  python === undefined
    ? []
    : (read([
        python,
        '-c',
        'import sysconfig as s; print(s.get_path("stdlib")); print(s.get_path("purelib"))',
      ])
        ?.split('\n')
        .filter((folder, index, all) => all.indexOf(folder) === index) ?? [])
/** The default one has more packages installed than the newest. */
const packages = read(['python3', '-c', 'import sysconfig as s; print(s.get_path("purelib"))'])
const paths = [
  ...new Set(
    [...folders, ...(packages === undefined ? [] : [packages])].flatMap((folder) =>
      filesBelow(folder, /\.py$/, /lib2to3\/tests\/data|bad_coding|badsyntax/),
    ),
  ),
]
if (python === undefined) console.log('SKIPPED: there is no python3, nothing is compared with its parser')

interface Answer {
  readonly files: number
  readonly equal: number
  readonly unequal: readonly string[]
}

for (const dedent of [false, true]) {
  const label = `python${dedent ? ', de-indented' : ''}`
  test.skipIf(python === undefined)(
    `${label}: the tree stays what it was`,
    async () => {
      const samples = samplesOf(spread(paths, 2_600), 'python', dedent)
      const child = Bun.spawn([python ?? '', join(import.meta.dir, 'python_trees.py')], {
        stdin: 'pipe',
        stdout: 'pipe',
      })
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
