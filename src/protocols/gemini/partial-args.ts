import { isJsonObject, type JsonObject } from '../../ir/index.ts'

/**
 * Puts a call's arguments together from `partialArgs` (Vertex, `streamFunctionCallArguments`): values by JSON path,
 * strings in pieces. Objects have no prototype, so that no path can reach one.
 */
export interface PartialArgs {
  add(pieces: readonly unknown[]): void
  /** The arguments so far as JSON text. */
  text(): string
}

type Slot = Map<string, Slot> | Slot[] | string | number | boolean | null | undefined

/** Bounds for hostile paths: arrays grow to their largest index, and writing recurses. */
const largestIndex = 1000
const mostSteps = 64

export const partialArgs = (): PartialArgs => {
  const root = new Map<string, Slot>()
  return {
    add(pieces) {
      for (const piece of pieces) {
        if (!isJsonObject(piece) || typeof piece['jsonPath'] !== 'string') continue
        const value = pieceValue(piece)
        const path = stepsOf(piece['jsonPath'])
        if (path.length > 0 && path.length <= mostSteps && value !== undefined) put(root, path, value)
      }
    },
    text: () => write(root),
  }
}

const pieceValue = (piece: JsonObject): string | number | boolean | null | undefined => {
  for (const key of ['stringValue', 'numberValue', 'boolValue'] as const) {
    const value = piece[key]
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  }
  return 'nullValue' in piece ? null : undefined
}

/** `$.operations[0].action`, `$['a b']` → steps. */
const stepsOf = (path: string): readonly (string | number)[] => {
  const steps: (string | number)[] = []
  for (const match of path.matchAll(
    /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/g,
  )) {
    const [, name, index, single, double] = match
    if (index !== undefined) steps.push(Math.min(Number(index), largestIndex))
    else steps.push(name ?? (single ?? double ?? '').replace(/\\(.)/g, '$1'))
  }
  return steps
}

const put = (root: Map<string, Slot>, path: readonly (string | number)[], value: Slot): void => {
  let at: Map<string, Slot> | Slot[] = root
  path.forEach((step, position) => {
    const old: Slot = get(at, step)
    if (position === path.length - 1) {
      // Pieces of one string follow each other.
      set(at, step, typeof old === 'string' && typeof value === 'string' ? old + value : value)
      return
    }
    const next: Map<string, Slot> | Slot[] =
      old instanceof Map || Array.isArray(old) ? old : typeof path[position + 1] === 'number' ? [] : new Map()
    set(at, step, next)
    at = next
  })
}

const get = (at: Map<string, Slot> | Slot[], step: string | number): Slot =>
  at instanceof Map ? at.get(String(step)) : typeof step === 'number' ? at[step] : undefined

const set = (at: Map<string, Slot> | Slot[], step: string | number, value: Slot): void => {
  if (at instanceof Map) at.set(String(step), value)
  else if (typeof step === 'number') at[step] = value
}

const write = (slot: Slot): string => {
  if (slot instanceof Map) {
    return `{${[...slot].map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`).join(',')}}`
  }
  if (Array.isArray(slot)) return `[${Array.from(slot, write).join(',')}]`
  return JSON.stringify(slot ?? null)
}
