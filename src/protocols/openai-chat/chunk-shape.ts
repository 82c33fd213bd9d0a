/**
 * How the source cut a stream into chunks, and what a chunk holds beyond its events. A decoded stream carries it in an
 * extension event in front of a chunk's events, so that the same protocol can write the same chunks again. Everybody
 * else ignores it.
 */
import { type Extensions, isJsonObject, type JsonObject } from '../../ir/index.ts'
import { protocol } from './encode-parts.ts'
import { arrayOf, numberOf, objectOf, stringOf } from './members.ts'

const shapeKey = '~chunk'
const frameKey = '~frame'
const endKey = '~end'

/** Members that every chunk repeats; the rest is a chunk's own. `id` only where it is not in this protocol's form. */
export const headKeys = ['id', 'system_fingerprint', 'provider'] as const

export interface ChunkShape {
  /** How many of the events that follow make this chunk. */
  readonly events: number
  /** Indexes of the choices that the chunk holds, in order. */
  readonly choices: readonly number[]
  /** What the chunk has otherwise than its events say. */
  readonly rest: JsonObject
  /** The frame's `event:` field. */
  readonly event?: string
}

/** For the start event: what every chunk repeats, and that the chunks' own shapes follow. */
export const startExtension = (members: JsonObject): Extensions => ({
  [protocol]: { ...members, [shapeKey]: 'follows' },
})

/** Do the chunks' shapes follow? Then the start event writes nothing of its own. */
export const hasShapes = (extensions: Extensions | undefined): boolean =>
  extensions?.[protocol]?.[shapeKey] === 'follows'

export const shapeExtension = (shape: ChunkShape): Extensions => ({
  [protocol]: {
    [shapeKey]: {
      events: shape.events,
      choices: shape.choices,
      rest: shape.rest,
      ...(shape.event === undefined ? {} : { event: shape.event }),
    },
  },
})

export const shapeOf = (extensions: Extensions | undefined): ChunkShape | undefined => {
  const wire = objectOf(extensions?.[protocol]?.[shapeKey])
  const rest = objectOf(wire?.['rest'])
  if (wire === undefined || rest === undefined) return undefined
  const event = stringOf(wire['event'])
  return {
    events: numberOf(wire['events']) ?? 0,
    choices: arrayOf(wire['choices']).map(Number),
    rest,
    ...(event === undefined ? {} : { event }),
  }
}

/** A frame that is no chunk, kept as it is. */
export const frameExtension = (data: string, event: string | undefined): Extensions => ({
  [protocol]: { [frameKey]: { data, ...(event === undefined ? {} : { event }) } },
})

export const frameOf = (
  extensions: Extensions | undefined,
): { readonly data: string; readonly event?: string } | undefined => {
  const wire = extensions?.[protocol]?.[frameKey]
  const data = isJsonObject(wire) ? stringOf(wire['data']) : undefined
  if (!isJsonObject(wire) || data === undefined) return undefined
  const event = stringOf(wire['event'])
  return event === undefined ? { data } : { data, event }
}

/** Marks an end that the source did not write: the stream was over after its finish reason, without `[DONE]`. */
export const silentEnd: Extensions = { [protocol]: { [endKey]: 'silent' } }

export const isSilentEnd = (extensions: Extensions | undefined): boolean =>
  extensions?.[protocol]?.[endKey] === 'silent'
