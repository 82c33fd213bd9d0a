import { printableKey } from '../config/index.ts'
import type { Draft } from './draft.ts'
import type { Place, Said, SourceNode } from './source-node.ts'

/**
 * A section of the file, of which every key is asked for once. What nobody asked for is told by `leaveRest`, so that
 * nothing is lost in silence. A value of another type than the one asked for is left, with that as the reason.
 */
export interface Section extends Place {
  readonly keys: readonly string[]
  node(key: string): Said<SourceNode> | undefined
  text(key: string): Said<string> | undefined
  /** Exact, as it is written: `0.10`, `1e-06`. */
  decimal(key: string): Said<string> | undefined
  whole(key: string): Said<number> | undefined
  truth(key: string): Said<boolean> | undefined
  section(key: string): Section | undefined
  list(key: string): readonly Said<SourceNode>[]
  /** `reasons` are of keys that are known; the others are called unknown. */
  leaveRest(reasons: Readonly<Record<string, string>>): void
}

const unknown = 'is no key that this conversion knows'

export const openSection = (node: Said<SourceNode>, draft: Draft): Section => {
  const { content } = node.value
  const entries = content.type === 'map' ? content.entries : new Map<string, SourceNode>()
  if (content.type !== 'map' && !isNothing(node.value)) draft.leave(node, 'is no section')
  const asked = new Set<string>()

  const pathOf = (key: string): string => (node.path === '' ? '' : `${node.path}.`) + printableKey(key)
  const take = (key: string): Said<SourceNode> | undefined => {
    asked.add(key)
    const value = entries.get(key)
    return value === undefined || isNothing(value)
      ? undefined
      : { value, line: value.line, path: pathOf(key) }
  }
  /** `read` returns undefined for a value of another type. */
  const typed = <T>(
    key: string,
    what: string,
    read: (node: SourceNode) => T | undefined,
  ): Said<T> | undefined => {
    const found = take(key)
    if (found === undefined) return undefined
    const value = read(found.value)
    if (value !== undefined) return { value, line: found.line, path: found.path }
    draft.leave(found, `is no ${what}`)
    return undefined
  }

  return {
    line: node.line,
    path: node.path,
    keys: [...entries.keys()],
    node: take,
    text: (key) => typed(key, 'text', textOf),
    decimal: (key) => typed(key, 'number', decimalOf),
    whole: (key) => typed(key, 'whole number', wholeOf),
    truth: (key) => typed(key, 'boolean', truthOf),
    section(key) {
      const found = take(key)
      return found === undefined ? undefined : openSection(found, draft)
    },
    list(key) {
      const found = typed(key, 'list', ({ content: list }) => (list.type === 'list' ? list.items : undefined))
      return (found?.value ?? []).map((value, index) => ({
        value,
        line: value.line,
        path: `${found?.path}[${index}]`,
      }))
    },
    leaveRest(reasons) {
      for (const [key, value] of entries) {
        if (asked.has(key) || isNothing(value)) continue
        draft.leave(
          { line: value.line, path: pathOf(key) },
          Object.hasOwn(reasons, key) ? (reasons[key] ?? unknown) : unknown,
        )
      }
    },
  }
}

export const textOf = ({ content }: SourceNode): string | undefined =>
  content.type === 'scalar' && content.value !== null ? content.text : undefined

export const decimalOf = (node: SourceNode): string | undefined => {
  const text = textOf(node)?.trim()
  return text !== undefined && /^\+?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?$/.test(text) ? text : undefined
}

export const wholeOf = (node: SourceNode): number | undefined => {
  const text = textOf(node)?.trim()
  return text !== undefined && /^\d{1,12}(?:\.0*)?$/.test(text) ? Number(text) : undefined
}

export const truthOf = ({ content }: SourceNode): boolean | undefined => {
  if (content.type !== 'scalar') return undefined
  const word = content.text.trim().toLowerCase()
  if (['true', 'yes', 'on', '1'].includes(word)) return true
  return ['false', 'no', 'off', '0'].includes(word) ? false : undefined
}

/** `key:` with nothing behind it, and empty lists and sections, say nothing. */
export const isNothing = ({ content }: SourceNode): boolean => {
  if (content.type === 'scalar') return content.value === null || content.text.trim() === ''
  return content.type === 'list' ? content.items.length === 0 : content.entries.size === 0
}
