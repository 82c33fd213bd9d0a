/** Counts purges, so that what was asked before one is told from what was asked behind it. */
export interface Purges {
  /** Changes whenever the organisation's entries, or everybody's, are purged. */
  epoch(organisation: string): string
  count(organisation: string | undefined): void
}

export const createPurges = (): Purges => {
  const own = new Map<string, number>()
  let ofAll = 0
  return {
    epoch: (organisation) => `${ofAll} ${own.get(organisation) ?? 0}`,
    count(organisation) {
      if (organisation === undefined) ofAll++
      else own.set(organisation, (own.get(organisation) ?? 0) + 1)
    },
  }
}
