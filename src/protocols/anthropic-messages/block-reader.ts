import type { JsonObject, Part, PartNode } from '../../ir/index.ts'
import type { JsonDocument } from '../../wire/index.ts'
import { isEmpty, type MemberReader, readMembers } from './members.ts'
import { own, ownIfAny } from './own.ts'

/** What a block's decoder needs of its surroundings. */
export interface BlockSource {
  readonly document: JsonDocument
  /** Decodes blocks that stand inside the block, in its `member` (`content`, `source.content`). */
  readonly parts: (blocks: readonly unknown[], member: string) => readonly Part[]
}

/** @returns undefined for a block that is not shaped as its type promises */
export type BlockDecoder = (block: JsonObject, source: BlockSource) => Part | undefined

/** A reader that has taken the `type`. */
export const open = (block: JsonObject): MemberReader => {
  const reader = readMembers(block)
  reader.string('type')
  return reader
}

/** The cache mark, and the rest as an extension where there is any. `nested` are rests of inner objects. */
export const close = (
  reader: MemberReader,
  nested: Readonly<Record<string, JsonObject>>,
): Pick<PartNode, 'cache' | 'extensions'> => {
  const { cache, rest } = readCacheMark(reader)
  const inner = Object.entries(nested).filter(([, member]) => !isEmpty(member))
  return { ...cache, ...ownIfAny({ ...reader.rest(), ...rest, ...Object.fromEntries(inner) }) }
}

/** As `close`, with the extension always there: these blocks have defaults that must not be filled in. */
export const closeOwn = (reader: MemberReader): Pick<PartNode, 'cache' | 'extensions'> => {
  const { cache, rest } = readCacheMark(reader)
  return { ...cache, ...own({ ...reader.rest(), ...rest }) }
}

/** `cache_control: {type: 'ephemeral', ttl?}`; anything else about it is rest. */
export const readCacheMark = (
  reader: MemberReader,
): { readonly cache: Pick<PartNode, 'cache'>; readonly rest: JsonObject } => {
  const mark = reader.object('cache_control')
  if (mark === undefined) return { cache: {}, rest: {} }
  const inner = readMembers(mark)
  if (!inner.exactly('type', 'ephemeral')) return { cache: {}, rest: { cache_control: mark } }
  const ttl = inner.string('ttl')
  const rest = inner.rest()
  return {
    cache: { cache: ttl === undefined ? {} : { ttl } },
    rest: isEmpty(rest) ? {} : { cache_control: rest },
  }
}
