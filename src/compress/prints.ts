import type { Leaf } from '../ir/index.ts'

/**
 * A print of what was said up to and with each of some leaves, whatever the system prompt and the tools are: they may
 * change without the conversation being another one.
 * @param wanted some of the leaves, in their order
 */
export const printsOf = (leaves: readonly Leaf[], wanted: readonly Leaf[]): readonly string[] => {
  const prints: string[] = []
  let chain = 0n
  for (const leaf of leaves) {
    const next = wanted[prints.length]
    if (next === undefined) break
    if (leaf.role === 'system') continue
    chain = BigInt(Bun.hash.wyhash(leaf.text, Bun.hash.wyhash(leaf.role, chain)))
    if (leaf === next) prints.push(chain.toString(36))
  }
  return prints
}
