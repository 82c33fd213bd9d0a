import { compressCode, withoutRemovals } from './compress-code.ts'
import { type Language, languageOf } from './languages/index.ts'

export const languageNamed = (tag: string): Language => {
  const language = languageOf(tag)
  if (language === undefined) throw new Error(`no language ${tag}`)
  return language
}

/** Code without what the compressor takes from it. */
export const stripped = (tag: string, code: string, dedent = false): string =>
  withoutRemovals(code, compressCode(code, languageNamed(tag), { dedent }))
