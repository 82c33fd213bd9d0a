import type { JsonScan } from './json-scan.ts'
import type { Splice } from './splice.ts'

/** The edit that gives a member of the root object this JSON text, whether it is there already or not. */
export const memberSplice = (scan: JsonScan, key: string, json: string): Splice => {
  const known = scan.top.get(key)
  if (known !== undefined) return { start: known.start, end: known.end, text: json }
  const inside = scan.text.indexOf('{') + 1
  return {
    start: inside,
    end: inside,
    text: `${JSON.stringify(key)}:${json}${scan.top.size === 0 ? '' : ','}`,
  }
}
