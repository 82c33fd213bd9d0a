import { z } from 'zod'
import type { PriceCard } from '../catalog/index.ts'

/** A card as JSON. Amounts are written like `3000000000n`: no other text of a card looks like that. */
export const encodeCard = (card: PriceCard): string =>
  JSON.stringify(card, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))

/** Reads what `encodeCard` wrote, of this release or an earlier one. */
export const decodeCard = (text: string): PriceCard => {
  const value: unknown = JSON.parse(text, (_, member: unknown) =>
    typeof member === 'string' && /^\d+n$/.test(member) ? BigInt(member.slice(0, -1)) : member,
  )
  // Only our own stores hold such texts; what a card must have is looked at, the rest is shown as it is.
  return head.parse(value) as unknown as PriceCard
}

const head = z.looseObject({ version: z.string(), source: z.string() })
