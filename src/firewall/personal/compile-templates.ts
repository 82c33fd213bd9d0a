import type { Identifier } from './identifier.ts'

/** Classes of bytes that templates tell apart. */
const other = 0
const digit = 1
const letter = 2
const separators = '- ./:+()'
const firstSeparator = 3
const classes = firstSeparator + separators.length

/** That a template ends here. */
export interface Ending {
  readonly identifier: Identifier
  /** How many separators its template has. */
  readonly separators: number
}

/** A deterministic automaton over classes of bytes. */
export interface TemplateMachine {
  /** Class of each byte. */
  readonly classOf: Uint8Array
  readonly classes: number
  /** `next[state * classes + class]`; 0 is dead, 1 the start. */
  readonly next: Uint16Array
  readonly endings: readonly (readonly Ending[])[]
}

interface Step {
  readonly accepts: readonly number[]
  readonly isOptional: boolean
}

/**
 * Compiles how identifiers are written into one automaton. In a template `#` is a digit, `A` a letter, `*` either, each
 * followed by how often it stands (once, where nothing follows); `~` is a separator (`-`, space or `.`) that may be
 * missing; `- . / : + ( )` and space stand for themselves.
 */
export const compileTemplates = (identifiers: readonly Identifier[]): TemplateMachine => {
  const templates = identifiers.flatMap((identifier) =>
    identifier.templates.map((template) => {
      const steps = stepsOf(template)
      const ending = {
        identifier,
        separators: steps.filter(({ accepts }) => accepts.every(isSeparator)).length,
      }
      return { steps, ending }
    }),
  )
  // A place is (template, step); a state is a set of places, told by its name.
  const next: number[] = new Array(classes * 2).fill(0)
  const endings: Ending[][] = [[], []]
  const states = new Map<string, number>()
  const reach = (places: readonly number[]): readonly number[] => {
    const reached = new Set<number>()
    for (const place of places) {
      const steps = templates[place >> 8]?.steps ?? []
      for (let at = place & 255, isOpen = true; isOpen && at <= steps.length; at++) {
        reached.add((place & ~255) | at)
        isOpen = steps[at]?.isOptional === true
      }
    }
    return [...reached].sort((a, b) => a - b)
  }
  const start = reach(templates.map((_, index) => index << 8))
  states.set(start.join(), 1)
  const open: { state: number; places: readonly number[] }[] = [{ state: 1, places: start }]
  for (let work = open.pop(); work !== undefined; work = open.pop()) {
    for (let kind = digit; kind < classes; kind++) {
      const moved = work.places.filter((place) =>
        templates[place >> 8]?.steps[place & 255]?.accepts.includes(kind),
      )
      if (moved.length === 0) continue
      const places = reach(moved.map((place) => place + 1))
      const name = places.join()
      let state = states.get(name)
      if (state === undefined) {
        state = endings.length
        states.set(name, state)
        open.push({ state, places })
        next.push(...new Array(classes).fill(0))
        endings.push(
          places.flatMap((place) => {
            const template = templates[place >> 8]
            return template !== undefined && (place & 255) === template.steps.length ? [template.ending] : []
          }),
        )
      }
      next[work.state * classes + kind] = state
    }
  }
  return { classOf: classTable(), classes, next: Uint16Array.from(next), endings }
}

const isSeparator = (kind: number): boolean => kind >= firstSeparator

const classTable = (): Uint8Array => {
  const table = new Uint8Array(256).fill(other)
  table.fill(digit, 0x30, 0x3a)
  table.fill(letter, 0x41, 0x5b)
  table.fill(letter, 0x61, 0x7b)
  for (let index = 0; index < separators.length; index++) {
    table[separators.charCodeAt(index)] = firstSeparator + index
  }
  return table
}

const stepsOf = (template: string): readonly Step[] => {
  const steps: Step[] = []
  for (const [, sign = '', times = '1'] of template.matchAll(/([#A*~\-./:+() ])(\d*)/g)) {
    const step = { accepts: acceptsOf(sign), isOptional: sign === '~' }
    for (let count = Number(times || '1'); count > 0; count--) steps.push(step)
  }
  return steps
}

const acceptsOf = (sign: string): readonly number[] => {
  if (sign === '#') return [digit]
  if (sign === 'A') return [letter]
  if (sign === '*') return [digit, letter]
  if (sign === '~') return [firstSeparator, firstSeparator + 1, firstSeparator + 2]
  return [firstSeparator + separators.indexOf(sign)]
}
