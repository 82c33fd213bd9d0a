import { globTest } from '../ir/index.ts'

/** Tells whether a name matches one of the globs. `*` stands for any text, everything else for itself. */
export const compileGlobs = (globs: readonly string[]): ((name: string) => boolean) => {
  const tests = globs.map(globTest)
  return (name) => tests.some((test) => test(name))
}
