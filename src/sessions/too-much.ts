import type { Kysely } from 'kysely'
import type { Schema } from '../storage/index.ts'

/** Tables whose rows have a size and an owner. */
type SizedTable = 'responses' | 'conversations' | 'placeholders'

/**
 * What organisations keep beyond `size` bytes each: ids of rows, those first that nobody has touched for the longest
 * time, at most `limit` of each organisation at once.
 */
export const tooMuch = async (
  kysely: Kysely<Schema>,
  table: SizedTable,
  { size, limit }: { readonly size: number; readonly limit: number },
): Promise<readonly { readonly organisation: string; readonly ids: readonly string[] }[]> => {
  const sized = kysely.selectFrom(table)
  const full = await sized
    .select((row) => ['organisation_id as organisation', row.fn.sum<bigint | string>('size').as('total')])
    .groupBy('organisation_id')
    .having((row) => row.fn.sum('size'), '>', BigInt(size))
    .execute()
  const found: { organisation: string; ids: readonly string[] }[] = []
  for (const { organisation, total } of full) {
    const oldest = await sized
      .select(['id', 'size'])
      .where('organisation_id', '=', organisation)
      .orderBy('touched_at')
      .orderBy('id')
      .limit(limit)
      .execute()
    found.push({ organisation, ids: beyond(oldest, Number(total) - size) })
  }
  return found
}

/** The first of them, until so much is gone. */
const beyond = (
  oldest: readonly { readonly id: string; readonly size: bigint | number }[],
  surplus: number,
): readonly string[] => {
  const ids: string[] = []
  let left = surplus
  for (const { id, size } of oldest) {
    if (left <= 0) break
    ids.push(id)
    left -= Number(size)
  }
  return ids
}
