import { padding } from './scan.ts'

/**
 * Units at which reading stops: 1 for them, 0 for all others. A look-up costs the same whatever the unit is; comparing
 * costs a wrong guess of the processor wherever letters, blanks and signs change.
 */
export type Stops = Uint8Array

/** @param characters each of one unit; the padding always stops */
export const stopsOf = (characters: string): Stops => {
  const stops = new Uint8Array(0x10000)
  for (let index = 0; index < characters.length; index++) stops[characters.charCodeAt(index)] = 1
  stops[padding.charCodeAt(0)] = 1
  return stops
}

/** The first stop from here on; within padded code there always is one. */
export const stopAt = (stops: Stops, padded: string, from: number): number => {
  let at = from
  while (stops[padded.charCodeAt(at)] === 0) at++
  return at
}
