import { expect, test } from 'bun:test'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { filesBelow, type Sample, samplesOf, spread, tell, type Verdict } from './corpus.ts'
import { acornTree, typescriptTree } from './javascript-trees.ts'

const modules = realpathSync(join(import.meta.dir, '../../../node_modules'))
const wanted = 2_400

const judge = (samples: readonly Sample[], trees: (text: string) => string | undefined): Verdict => {
  let files = 0
  let equal = 0
  let changed = 0
  let notUnderstood = 0
  const unequal: string[] = []
  for (const { path, before, after, isUnderstood } of samples) {
    const tree = trees(before)
    // A file that its own parser refuses proves nothing.
    if (tree === undefined) continue
    files++
    if (!isUnderstood) notUnderstood++
    if (before === after) equal++
    else {
      changed++
      if (trees(after) === tree) equal++
      else unequal.push(path)
    }
  }
  return { files, equal, changed, notUnderstood, unequal }
}

/** Both parsers must agree with themselves, where both read the file. */
const bothTrees = (text: string): string | undefined => {
  const own = typescriptTree(text, ts.ScriptKind.JSX)
  return own === undefined ? acornTree(text) : `${own}\n${acornTree(text) ?? 'not read'}`
}

const javascriptFiles = spread(filesBelow(modules, /\.[cm]?js$/), wanted)
const typescriptFiles = spread(filesBelow(modules, /(?<!\.d)\.[cm]?ts$/), wanted)
const declarations = spread(filesBelow(modules, /\.d\.[cm]?ts$/), 600)

for (const [name, files, tag, tree] of [
  ['javascript', javascriptFiles, 'javascript', bothTrees],
  ['typescript', typescriptFiles, 'typescript', (text: string) => typescriptTree(text, ts.ScriptKind.TS)],
  [
    'typescript declarations',
    declarations,
    'typescript',
    (text: string) => typescriptTree(text, ts.ScriptKind.TS),
  ],
  [
    'typescript read as tsx',
    typescriptFiles,
    'tsx',
    (text: string) => typescriptTree(text, ts.ScriptKind.TSX),
  ],
] as const) {
  for (const dedent of [false, true]) {
    const label = `${name}${dedent ? ', de-indented' : ''}`
    test(`${label}: the tree stays what it was`, () => {
      const verdict = judge(samplesOf(files, tag, dedent), tree)
      tell(label, verdict)
      expect(verdict.unequal).toEqual([])
      expect(verdict.equal).toBe(verdict.files)
      expect(verdict.changed).toBeGreaterThan(verdict.files / 4)
      expect(verdict.notUnderstood).toBeLessThan(verdict.files / 50)
      if (name === 'javascript' || name === 'typescript') expect(verdict.files).toBeGreaterThanOrEqual(2_000)
    }, 900_000)
  }
}
