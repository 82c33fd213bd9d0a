import type { Part, Turn } from '../../ir/index.ts'

/**
 * Leading system turns belong into the `system` field. Later ones stay where they are, or the prefix cache and the
 * order are lost.
 */
export const hoisted = (turns: readonly Turn[]): readonly Turn[] => {
  const firstOther = turns.findIndex((turn) => turn.role !== 'system')
  // There must be a message: of system text alone, the last says what is asked.
  const end = firstOther < 0 ? turns.length - 1 : firstOther
  return turns.map((turn, index) =>
    turn.role === 'system' ? { ...turn, placement: index < end ? 'preamble' : 'inline' } : turn,
  )
}

/**
 * Later system turns (translation.md §4.1, S3): a model that takes system messages takes them between a user's
 * message and an assistant's or the end. Anywhere else, and of any other model, the words become a user's, marked as
 * what they are. Efforts go along with such a message, or alone in one.
 */
export const systemInPlace = (turns: readonly Turn[], midSystem: boolean): readonly Turn[] => {
  const result: Turn[] = []
  let run: Turn[] = []
  for (const turn of turns) {
    if (turn.role !== 'assistant') {
      run.push(turn)
      continue
    }
    result.push(...placedRun(run, midSystem), turn)
    run = []
  }
  return [...result, ...placedRun(run, midSystem)]
}

/** Turns between two assistant's. */
const placedRun = (run: readonly Turn[], midSystem: boolean): readonly Turn[] => {
  if (!run.some((turn) => turn.role === 'system')) return run
  const lastUser = run.findLastIndex((turn) => turn.role === 'user')
  const isKept = (turn: Turn, index: number): boolean =>
    midSystem && lastUser >= 0 && index > lastUser && turn.parts.every((part) => part.type === 'text')
  const effort = run.findLast((turn) => turn.reasoning?.effort !== undefined)?.reasoning
  const ending = run.filter((turn, index) => turn.role === 'system' && isKept(turn, index))
  const before = run.flatMap((turn, index): Turn[] => {
    if (turn.role !== 'system') return [turn]
    return isKept(turn, index) || turn.parts.length === 0 ? [] : [reminder(turn)]
  })
  if (!midSystem || lastUser < 0) return before
  const [first] = ending
  const words = ending.flatMap((turn) => turn.parts)
  if (words.length === 0 && effort === undefined) return before
  const isOneString = first?.form === 'string' && words.length === 1
  const system: Turn = {
    role: 'system',
    placement: 'inline',
    parts: words,
    ...(isOneString ? { form: 'string' } : {}),
    ...(effort === undefined ? {} : { reasoning: effort }),
    ...(first?.at === undefined ? {} : { at: first.at }),
  }
  return [...before, system]
}

const reminder = (turn: Turn): Turn => ({
  role: 'user',
  parts: turn.parts.map(
    (part): Part => (part.type === 'text' ? { ...part, text: asReminder(part.text) } : part),
  ),
  ...(turn.at === undefined ? {} : { at: turn.at }),
})

const asReminder = (text: string): string => `<system-reminder>\n${text}\n</system-reminder>`

/** The effort that holds at the end, for a model that takes it only for the whole request. */
export const lastEffort = (turns: readonly Turn[]): string | undefined =>
  turns.findLast((turn) => turn.reasoning?.effort !== undefined)?.reasoning?.effort
