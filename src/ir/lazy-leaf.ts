import type { Leaf } from './leaf.ts'

/** A leaf whose text is decoded when somebody asks for it: most were looked at in an earlier turn. */
export const lazyLeaf = (
  { id, role, kind, start, end }: Omit<Leaf, 'text' | 'source' | 'json'>,
  source: string,
  decode: (source: string) => string,
): Leaf => {
  let text: string | undefined
  return {
    id,
    role,
    kind,
    get text() {
      text ??= decode(source)
      return text
    },
    source,
    start,
    end,
  }
}
