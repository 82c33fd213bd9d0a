import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compressCode, type LanguageId, languageOf, withoutRemovals } from '../../../src/compress/index.ts'

/** A file of other people's code, and what the compressor makes of it. */
export interface Sample {
  readonly path: string
  readonly before: string
  readonly after: string
  /** The scanner read it to its end. */
  readonly isUnderstood: boolean
}

/** All files below a folder whose names fit, in a steady order; none where there is no such folder. */
export const filesBelow = (folder: string, name: RegExp, skip: RegExp = /^$/): readonly string[] => {
  const found: string[] = []
  const visit = (path: string): void => {
    for (const entry of listing(path)) {
      const child = join(path, entry.name)
      if (skip.test(child)) continue
      if (entry.isDirectory()) visit(child)
      else if (entry.isFile() && name.test(entry.name)) found.push(child)
    }
  }
  visit(folder)
  return found.sort()
}

const listing = (path: string) => {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch {
    return []
  }
}

/** So many of a list, spread over all of it. */
export const spread = <Item>(items: readonly Item[], count: number): readonly Item[] => {
  const step = Math.max(1, items.length / count)
  return Array.from(
    { length: Math.min(count, items.length) },
    (_, index) => items[Math.floor(index * step)],
  ).filter((item): item is Item => item !== undefined)
}

/** Reads and compresses files; those that are not UTF-8, or longer than anybody pastes, are left out. */
export const samplesOf = (paths: readonly string[], tag: LanguageId, dedent = false): readonly Sample[] => {
  const language = languageOf(tag)
  if (language === undefined) throw new Error(`no language ${tag}`)
  return paths.flatMap((path) => {
    const before = readFileSync(path, 'utf8')
    if (before.includes('\ufffd') || before.length > 1_000_000) return []
    const compressed = (code: string): string =>
      withoutRemovals(code, compressCode(code, language, { dedent }))
    const after = compressed(before)
    if (compressed(after) !== after) throw new Error(`compressed again, ${path} becomes another one`)
    return [{ path, before, after, isUnderstood: language.scan(before, false) !== undefined }]
  })
}

/** What a language's corpus came to. */
export interface Verdict {
  readonly files: number
  readonly equal: number
  /** Files that something was removed from. */
  readonly changed: number
  readonly notUnderstood: number
  readonly unequal: readonly string[]
}

export const tell = (language: string, { files, equal, changed, notUnderstood }: Verdict): void => {
  console.log(
    `compress ${language}: ${files} files, ${equal} equal, ${changed} changed, ${notUnderstood} left alone as not understood`,
  )
}
