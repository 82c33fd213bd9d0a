import { isJsonArray } from './members.ts'

/** A chunk in front of the answer that has no id yet (Azure: prompt filter results). */
export const isUnnamed = (chunk: { readonly [key: string]: unknown }): boolean =>
  chunk['id'] === '' && isJsonArray(chunk['choices']) && chunk['choices'].length === 0
