import { createHash } from 'node:crypto'
import {
  type Catalog,
  comparePrices,
  createCatalog,
  type ImportedPrices,
  indexPrices,
  type PriceCard,
  type PriceData,
  type PriceDiff,
  priceData,
  readPrices,
} from '../catalog/index.ts'
import { GatewayError } from '../errors.ts'
import { encodeCard } from './card-text.ts'
import type { PriceStore, StoredImport, StoredVersion } from './price-store.ts'

/** The imported prices, shared by all processes through the database, and the cards that were billed with. */
export interface PriceBook {
  /** The prices of this moment, for the catalogue. Another object after another import. */
  readonly imported: () => ImportedPrices | undefined
  readonly current: () => CurrentImport | undefined
  /** Picks up what another process imported. */
  readonly reload: () => Promise<void>
  /** What a file would change, and where `apply` is set, changes it. Throws `prices_invalid`, `prices_implausible`. */
  readonly import: (request: ImportRequest) => Promise<ImportReport>
  /** Takes the imported prices out of use; they stay in the database. */
  readonly clear: (actor: string) => Promise<void>
  /** Remembers the card of a bill, so that its version can be shown. Returns at once and never throws. */
  readonly noteBilled: (provider: string, model: string, card: PriceCard) => void
  readonly flush: () => Promise<void>
}

export interface CurrentImport {
  readonly number: number
  readonly version: string
  readonly source: string
  readonly actor: string
  readonly at: number
  readonly data: PriceData
}

export interface ImportRequest {
  readonly text: string
  /** Where it was read from, for people. */
  readonly source: string
  readonly actor: string
  readonly apply: boolean
  /** Takes what looks like a mistake too. */
  readonly force: boolean
}

export interface ImportReport extends PriceDiff {
  readonly applied: boolean
  readonly format: string
  readonly version: string
  readonly models: number
  readonly notices: readonly string[]
}

export interface PriceBookOptions {
  readonly store: PriceStore
  readonly onProblem: (message: string, error: unknown) => void
  readonly now: () => number
}

/** So many billed cards are remembered as written. One that was forgotten is written again, and changes nothing. */
const remembered = 10_000

export const createPriceBook = ({ store, onProblem, now }: PriceBookOptions): PriceBook => {
  let current: CurrentImport | undefined
  let index: ImportedPrices | undefined
  let lastNumber = 0
  const noted = new Set<string>()
  let waiting: StoredVersion[] = []
  let writing: Promise<void> | undefined

  const adopt = (row: StoredImport): void => {
    if (row.number <= lastNumber) return
    lastNumber = row.number
    if (row.body === '') {
      current = undefined
      index = undefined
      return
    }
    let data: PriceData
    try {
      data = priceData(JSON.parse(row.body))
    } catch (error) {
      onProblem('the imported prices were written by another release and do not count here', error)
      return
    }
    const version = versionOf(row.digest)
    const { number, source, actor, at } = row
    current = { number, version, source, actor, at, data }
    index = indexPrices(data, version)
  }

  const reload = async (): Promise<void> => {
    const newest = await store.newest(lastNumber)
    if (newest !== undefined) adopt(newest)
  }

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const rows = waiting.slice(0, 500)
      try {
        await store.noteVersions(rows)
        waiting = waiting.slice(rows.length)
      } catch (error) {
        onProblem('the prices of a bill could not be written down, they will be tried again', error)
        return
      }
    }
  }
  const startWriting = (): Promise<void> => {
    writing ??= write().finally(() => {
      writing = undefined
    })
    return writing
  }

  return {
    imported: () => index,
    current: () => current,
    reload,
    async import({ text, source, actor, apply, force }) {
      const { format, data, notices } = readPrices(text)
      const body = JSON.stringify(data)
      const digest = createHash('sha256').update(body).digest('hex')
      const version = versionOf(digest)
      await reload()
      const lists = current === undefined ? [data] : [current.data, data]
      const diff = comparePrices(catalogueOf(index), catalogueOf(indexPrices(data, version)), lists, now())
      const models = Object.values(data.providers).reduce(
        (sum, list) => sum + Object.keys(list.models).length,
        0,
      )
      const applies = apply && current?.version !== version
      if (applies && diff.implausible.length > 0 && !force) throw implausible(diff.implausible)
      if (applies) {
        const row = { digest, source: source.slice(0, 500), actor, at: now(), body }
        adopt({ ...row, number: await store.append(row) })
      }
      return { ...diff, applied: apply, format, version, models, notices }
    },
    async clear(actor) {
      await reload()
      if (current === undefined) return
      const row = { digest: '', source: 'none', actor, at: now(), body: '' }
      adopt({ ...row, number: await store.append(row) })
    },
    noteBilled(provider, model, card) {
      const name = `${provider}\n${model}\n${card.version}`
      if (noted.has(name)) return
      if (noted.size >= remembered) for (const oldest of noted) if (noted.delete(oldest)) break
      noted.add(name)
      waiting.push({ provider, model, version: card.version, card: encodeCard(card), firstAt: now() })
      void startWriting()
    },
    flush: startWriting,
  }
}

const versionOf = (digest: string): string => `import@${digest.slice(0, 12)}`

/** Prices as they are below the operator's own. */
const catalogueOf = (imported: ImportedPrices | undefined): Catalog =>
  createCatalog({ overrides: [], imported: () => imported })

const implausible = (models: readonly string[]): GatewayError =>
  new GatewayError(
    'prices_implausible',
    `the prices of ${models.slice(0, 5).join(', ')}${models.length > 5 ? ` and ${models.length - 5} more` : ''} ` +
      'change by a factor of a thousand or more, or to nothing: look at the difference, and force it if it is right',
  )
