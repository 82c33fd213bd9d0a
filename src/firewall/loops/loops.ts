import { GatewayError } from '../../errors.ts'
import type { Change, Edit, GenerateRequest, Leaf } from '../../ir/index.ts'
import { compileGlobs } from '../glob.ts'
import { type ResultPlace, type Step, stepsOf } from './steps.ts'

export interface LoopOptions {
  /** So many equal calls in a row: the model is told. 0: never. */
  readonly warnAt: number
  /** So many: the request is refused. 0: never. */
  readonly stopAt: number
  /** Tools that may answer the same for ever, as globs on their names: those that wait or look whether something ended. */
  readonly exempt: readonly string[]
}

/** Codex CLI's and Claude Code's tools that wait for something. */
export const defaultLoopOptions: LoopOptions = {
  warnAt: 3,
  stopAt: 5,
  exempt: ['wait', 'wait_agent', 'sleep', 'write_stdin', 'BashOutput', 'TaskOutput', 'KillShell'],
}

export interface LoopReport {
  /** How often the last call, or the last calls in parallel, came in a row with the same results; 0 without calls. */
  readonly count: number
  /** Its tools. */
  readonly names: readonly string[]
  /** Is the request to be refused? */
  readonly isStopped: boolean
  /** What to append to results, those of earlier runs included. */
  readonly warnings: readonly LoopWarning[]
}

export interface LoopWarning extends ResultPlace {
  readonly text: string
}

/**
 * Calls in a row with the same name, the same arguments and the same results, since the user last said something. It is
 * a pure function of the history, and what is appended to an earlier result stays the same in every later request.
 */
export const loopsOf = (request: GenerateRequest, options: LoopOptions): LoopReport => {
  const isExempt = compileGlobs(options.exempt)
  const warnings: LoopWarning[] = []
  let count = 0
  let names: readonly string[] = []
  for (const steps of stepsOf(request)) {
    let last: string | undefined
    count = 0
    names = []
    for (const step of steps) {
      const sign = signOf(step, isExempt)
      count = sign !== undefined && sign === last ? count + 1 : 1
      last = sign
      names = [...new Set(step.map((call) => call.name))]
      const place = step[0]?.place
      if (count === options.warnAt && place !== undefined) {
        warnings.push({ ...place, text: warningText(names, count) })
      }
    }
  }
  return { count, names, isStopped: options.stopAt > 0 && count >= options.stopAt, warnings }
}

/** What makes two steps equal: parallel calls may come back in another order. Undefined: equal to none. */
const signOf = (step: Step, isExempt: (name: string) => boolean): string | undefined => {
  if (step.some((call) => call.result === undefined || isExempt(call.name))) return undefined
  return step
    .map((call) => `${call.call}\0\0${call.result}`)
    .sort()
    .join('\0\0\0')
}

const warningText = (names: readonly string[], count: number): string =>
  `\n\n[gateway] ${said(names)} ${names.length === 1 ? 'was' : 'were'} called ${count} times in a row with the same arguments and gave the same result each time. Calling again will not change it. Try another way, or say what is missing.`

const said = (names: readonly string[]): string => names.map((name) => `\`${name.slice(0, 100)}\``).join(', ')

/**
 * The warnings as edits.
 * @param warnings of a request that was decoded with locations
 * @param leaves of the same request
 */
export const loopEdits = (warnings: readonly LoopWarning[], leaves: readonly Leaf[]): readonly Edit[] => {
  if (warnings.length === 0) return []
  const outputs = leaves.filter((leaf) => leaf.kind === 'tool-output')
  return warnings.flatMap(({ at, text }): readonly Edit[] => {
    if (at === undefined) return []
    const path = at.replace(/\.(\d+)(?=\.|$)/g, '[$1]')
    const leaf = outputs.findLast(({ id }) => id.startsWith(path) && /^$|^[.[#]/.test(id.slice(path.length)))
    if (leaf === undefined) return []
    const change = leaf.json === true ? memberAdded(leaf.text, text) : added(leaf.text, text)
    const edited = leaf.text.slice(0, change.start) + change.text + leaf.text.slice(change.end)
    return [{ leaf, text: edited, changes: [change] }]
  })
}

const added = (old: string, text: string): Change => ({ start: old.length, end: old.length, text })

/** An object gets a member more, a list an item. */
const memberAdded = (source: string, text: string): Change => {
  const end = source.trimEnd().length - 1
  const isEmpty = /[[{]\s*$/.test(source.slice(0, end).slice(-20))
  const member = source[end] === '}' ? '"gateway_notice":' : ''
  return { start: end, end, text: `${isEmpty ? '' : ','}${member}${JSON.stringify(text.trim())}` }
}

/** The refusal of a request that goes on with a loop. */
export const loopError = ({ count, names }: LoopReport): GatewayError =>
  new GatewayError(
    'gateway_tool_loop',
    `the tool call ${said(names)} was repeated ${count} times in a row with the same arguments and the same result; tell the agent to try another way, or start a new conversation`,
  )
