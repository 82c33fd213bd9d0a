import { type ConfigProblem, parsePath, type SettingPath } from '../config/index.ts'
import { type Draft, valueAt } from './draft.ts'

/** What is wrong with settings; empty when they are valid. */
export type AskSchema = (settings: unknown) => readonly ConfigProblem[]

/** Each round takes one thing away, and no file of people has so many wrong. */
const mostRounds = 2000

/**
 * Takes away what this release refuses, be it a section that it does not have yet or a value of the file that is none,
 * and notes it with the line that it came from. Returns what remains wrong: nothing, but for a defect here.
 */
export const fitToSchema = (draft: Draft, ask: AskSchema): readonly ConfigProblem[] => {
  for (let round = 0; round < mostRounds; round += 1) {
    const problems = ask(draft.settings)
    const [problem] = problems
    if (problem === undefined) return []
    const path = problem.path === '' ? [] : deepestPresent(draft.settings, parsePath(problem.path))
    if (path.length === 0) return problems
    for (const part of partsOf(draft.settings, path))
      draft.retract(part, `\`${problem.path}\` ${problem.message}`)
    takeAway(draft.settings, path)
  }
  return ask(draft.settings)
}

/** All that goes with a setting: what is told of each is where it came from. */
const partsOf = (settings: unknown, path: SettingPath): readonly SettingPath[] => {
  const value = valueAt(settings, path)
  if (typeof value !== 'object' || value === null) return [path]
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value)
  return [path, ...[...keys].flatMap((key) => partsOf(settings, [...path, key]))].filter(
    (part, index) => index === 0 || part.length <= path.length + 3,
  )
}

const deepestPresent = (settings: unknown, path: SettingPath): SettingPath => {
  for (let length = path.length; length > 0; length -= 1) {
    const part = path.slice(0, length)
    if (valueAt(settings, part) !== undefined) return part
  }
  return []
}

/** A section that holds nothing any more goes too; a list stays, since its being empty may be what is wrong next. */
const takeAway = (settings: unknown, path: SettingPath): void => {
  const last = path.at(-1)
  const parent = path.slice(0, -1)
  const holder = valueAt(settings, parent)
  if (last === undefined || typeof holder !== 'object' || holder === null) return
  if (Array.isArray(holder)) holder.splice(Number(last), 1)
  else Reflect.deleteProperty(holder, last)
  if (parent.length > 0 && !Array.isArray(holder) && Object.keys(holder).length === 0)
    takeAway(settings, parent)
}
