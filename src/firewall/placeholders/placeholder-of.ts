import { idOf, shortestId, writePlaceholder } from './placeholder.ts'

/** What stands for a value outside a request: the same tag that `createRedaction` begins with. */
export const placeholderOf = (key: Uint8Array, type: string, value: string): string =>
  writePlaceholder('tag', type, idOf(key, type, value), shortestId)
