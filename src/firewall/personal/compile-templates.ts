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
  /** One bit for each class that fits. */
  readonly accepts: number
  readonly isOptional: boolean
}

/**
 * Compiles how identifiers are written into one automaton. In a template `#` is a digit, `A` a letter, `*` either, each
 * followed by how often it stands (once, where nothing follows); `~` is a separator (`-`, space or `.`) that may be
 * missing; `- . / : + ( )` and space stand for themselves.
 */
export const compileTemplates = (identifiers: readonly Identifier[]): TemplateMachine => {
  const templates: { readonly steps: readonly Step[]; readonly ending: Ending }[] = []
  for (const identifier of identifiers) {
    for (const template of identifier.templates) {
      const steps = stepsOf(template)
      const separators = steps.filter(({ accepts }) => accepts >= 1 << firstSeparator).length
      templates.push({ steps, ending: { identifier, separators } })
    }
  }
  // A place is (template, step); a state is a set of places, told by its name.
  const next: number[] = new Array(classes * 2).fill(0)
  const endings: Ending[][] = [[], []]
  const states = new Map<string, number>()
  const add = (places: number[], place: number): void => {
    const steps = templates[place >> 8]?.steps ?? []
    for (let at = place & 255; at <= steps.length; at++) {
      const reached = (place & ~255) | at
      if (!places.includes(reached)) places.push(reached)
      if (steps[at]?.isOptional !== true) break
    }
  }
  const start: number[] = []
  for (let index = 0; index < templates.length; index++) add(start, index << 8)
  const open: { readonly state: number; readonly places: readonly number[] }[] = [{ state: 1, places: start }]
  for (let work = open.pop(); work !== undefined; work = open.pop()) {
    const moved: number[][] = Array.from({ length: classes }, () => [])
    for (const place of work.places) {
      const accepts = templates[place >> 8]?.steps[place & 255]?.accepts ?? 0
      for (let kind = digit; kind < classes; kind++) {
        if ((accepts & (1 << kind)) !== 0) add(moved[kind] ?? [], place + 1)
      }
    }
    for (let kind = digit; kind < classes; kind++) {
      const places = moved[kind] ?? []
      if (places.length === 0) continue
      const name = places.join()
      let state = states.get(name)
      if (state === undefined) {
        state = endings.length
        states.set(name, state)
        open.push({ state, places })
        for (let count = 0; count < classes; count++) next.push(0)
        const ended: Ending[] = []
        for (const place of places) {
          const template = templates[place >> 8]
          if (template !== undefined && (place & 255) === template.steps.length) ended.push(template.ending)
        }
        endings.push(ended)
      }
      next[work.state * classes + kind] = state
    }
  }
  return { classOf: classTable(), classes, next: Uint16Array.from(next), endings }
}

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

const acceptsOf = (sign: string): number => {
  if (sign === '#') return 1 << digit
  if (sign === 'A') return 1 << letter
  if (sign === '*') return (1 << digit) | (1 << letter)
  if (sign === '~') return 7 << firstSeparator
  return 1 << (firstSeparator + separators.indexOf(sign))
}
