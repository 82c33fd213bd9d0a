import type { Leaf } from './leaf.ts'

/** A leaf whose text is decoded when somebody asks for it: most were looked at in an earlier turn. */
export const lazyLeaf = (
  place: Omit<Leaf, 'text' | 'source' | 'json'>,
  source: string,
  decode: (source: string) => string,
): Leaf => new LazyLeaf(place, source, decode)

// A class for its getter: one that each object has of its own costs twice as much as all the rest of it.
class LazyLeaf implements Leaf {
  readonly id: string
  readonly role: Leaf['role']
  readonly kind: Leaf['kind']
  readonly source: string
  readonly start: number
  readonly end: number
  private readonly decode: (source: string) => string
  private decoded: string | undefined

  constructor(
    { id, role, kind, start, end }: Omit<Leaf, 'text' | 'source' | 'json'>,
    source: string,
    decode: (source: string) => string,
  ) {
    this.id = id
    this.role = role
    this.kind = kind
    this.source = source
    this.start = start
    this.end = end
    this.decode = decode
  }

  get text(): string {
    this.decoded ??= this.decode(this.source)
    return this.decoded
  }
}
