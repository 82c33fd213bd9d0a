import type { Scanner } from '../scan.ts'
import { scanGo } from './go.ts'
import { scanJavascript, scanTsx, scanTypescript } from './javascript.ts'
import { scanPython } from './python.ts'

export type LanguageId = 'go' | 'python' | 'javascript' | 'typescript' | 'tsx'

export interface Language {
  readonly id: LanguageId
  readonly scan: Scanner
}

const go: Language = { id: 'go', scan: scanGo }
const python: Language = { id: 'python', scan: scanPython }
const javascript: Language = { id: 'javascript', scan: scanJavascript }
const typescript: Language = { id: 'typescript', scan: scanTypescript }
const tsx: Language = { id: 'tsx', scan: scanTsx }

/** By the word behind a fence, in lower case. */
const byTag: ReadonlyMap<string, Language> = new Map([
  ...['go', 'golang'].map((tag) => [tag, go] as const),
  ...['python', 'py', 'python3', 'py3'].map((tag) => [tag, python] as const),
  ...['javascript', 'js', 'jsx', 'mjs', 'cjs', 'node', 'nodejs'].map((tag) => [tag, javascript] as const),
  ...['typescript', 'ts', 'mts', 'cts'].map((tag) => [tag, typescript] as const),
  ['tsx', tsx],
])

/** The language that a fence names; undefined for all that is left alone. */
export const languageOf = (tag: string): Language | undefined => byTag.get(tag.toLowerCase())
