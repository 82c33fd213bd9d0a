import { stringEnd } from '../wire/index.ts'

/**
 * Where the part of a request ends that its client marked for a provider's cache: behind the last object with a mark.
 * 0 where nothing is marked. A mark on the request itself covers all of it, wherever it stands.
 * @param json the request's bytes as latin1 text, well formed
 */
export const markedEnd = (json: string): number => {
  let end = 0
  for (const mark of marks) {
    // Marks inside of an object that is marked itself end before it does: each byte is read once.
    for (let at = json.indexOf(mark); at >= 0; ) {
      const objectsEnd = objectEnd(json, at)
      end = Math.max(end, objectsEnd)
      at = json.indexOf(mark, objectsEnd)
    }
  }
  return end
}

const marks = ['"cache_control"', '"prompt_cache_breakpoint"', '"cachePoint"']

/** Behind the object that a member stands in. */
const objectEnd = (json: string, member: number): number => {
  let depth = 0
  for (let at = member; at < json.length; at++) {
    switch (json[at]) {
      case '"':
        at = stringEnd(json, at) - 1
        break
      case '{':
      case '[':
        depth++
        break
      case '}':
      case ']':
        if (depth-- === 0) return at + 1
        break
    }
  }
  return json.length
}
