import { expect, test } from 'bun:test'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { createCatalog } from '../catalog/index.ts'
import { GatewayError } from '../errors.ts'
import { adminPrices } from './admin-prices.ts'
import { createPriceBook, type PriceBook } from './price-book.ts'
import { createPriceStore, type PriceStore } from './price-store.ts'

const now = Date.UTC(2026, 10, 21, 12)
const file = (input: string, model = 'm') =>
  `{"${model}":{"litellm_provider":"openai","input_cost_per_token":${input},"output_cost_per_token":1e-6}}`

const bookOn = (store: PriceStore): PriceBook =>
  createPriceBook({
    store,
    now: () => now,
    onProblem: (message) => {
      throw new Error(message)
    },
  })

const asked = (text: string, more: object = {}) => ({
  ...{ text, source: 'a.json', actor: 'me', apply: true, force: false },
  ...more,
})

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof GatewayError ? error.code : error),
  )

onEachDatabase('imported prices', (open) => {
  test('count at once here, and in every other process after its next look', async () => {
    const database = await open()
    const [one, other] = [bookOn(createPriceStore(database)), bookOn(createPriceStore(database))]
    const catalog = createCatalog({ overrides: [], imported: other.imported })
    expect(catalog.price('openai', 'm', now)).toBeUndefined()
    const dry = await one.import(asked(file('1e-6'), { apply: false }))
    expect(dry).toMatchObject({ applied: false, models: 1, changes: [{ change: 'added' }] })
    await other.reload()
    expect(catalog.price('openai', 'm', now)).toBeUndefined()
    const done = await one.import(asked(file('1e-6')))
    expect(done.applied).toBe(true)
    await other.reload()
    expect(catalog.price('openai', 'm', now)).toMatchObject({
      version: done.version,
      inputPerMtok: 1_000_000_000n,
    })
    expect(other.current()).toMatchObject({ source: 'a.json', actor: 'me', at: now, number: 1 })
  })

  test('stand above the catalogue and below the configuration, and can be taken out of use', async () => {
    const book = bookOn(createPriceStore(await open()))
    await book.import(asked(file('9e-6', 'gpt-5')))
    const layered = (overrides: Parameters<typeof createCatalog>[0]['overrides']) =>
      createCatalog({ overrides, imported: book.imported })
    const plain = layered([])
    expect(plain.price('openai', 'gpt-5', now)?.inputPerMtok).toBe(9_000_000_000n)
    const own = layered([{ match: 'gpt-5', prices: { inputPerMtok: 7n, outputPerMtok: 7n } }])
    expect(own.price('openai', 'gpt-5', now)?.inputPerMtok).toBe(7n)
    await book.clear('me')
    expect(plain.price('openai', 'gpt-5', now)?.inputPerMtok).toBe(1_250_000_000n)
    expect(book.current()).toBeUndefined()
  })

  test('change nothing when the file is broken or looks like a mistake', async () => {
    const store = createPriceStore(await open())
    const book = bookOn(store)
    await book.import(asked(file('1e-6')))
    expect(await codeOf(book.import(asked(file('-1'))))).toBe('prices_invalid')
    expect(await codeOf(book.import(asked('{')))).toBe('prices_invalid')
    expect(await codeOf(book.import(asked(file('1e-2'))))).toBe('prices_implausible')
    expect((await store.newest(0))?.number).toBe(1)
    expect((await book.import(asked(file('1e-2'), { apply: false }))).implausible).toEqual(['openai/m'])
    await book.import(asked(file('1e-2'), { force: true }))
    expect((await store.newest(0))?.number).toBe(2)
  })

  test('are applied once when the same file comes again', async () => {
    const store = createPriceStore(await open())
    const book = bookOn(store)
    await book.import(asked(file('1e-6')))
    expect((await book.import(asked(file('1e-6')))).same).toBe(1)
    expect((await store.newest(0))?.number).toBe(1)
  })

  test('are numbered one after the other when several come at once', async () => {
    const store = createPriceStore(await open())
    const row = { digest: 'd', source: 's', actor: 'a', at: now, body: '' }
    const numbers = await Promise.all([1, 2, 3].map(() => store.append(row)))
    expect(numbers.toSorted()).toEqual([1, 2, 3])
  })

  test('stay to be shown under the version that a bill names, when they have long been replaced', async () => {
    const store = createPriceStore(await open())
    const book = bookOn(store)
    const catalog = createCatalog({
      overrides: [],
      imported: book.imported,
      margins: [{ organisation: 'acme', percent: '20' }],
    })
    const bill = (): string => {
      const card = catalog.price('openai', 'm', now, 'acme')
      if (card === undefined) throw new Error('no price')
      book.noteBilled('openai', 'm', card)
      book.noteBilled('openai', 'm', card)
      return card.version
    }
    await book.import(asked(file('1e-6')))
    const before = bill()
    await book.import(asked(file('2e-6')))
    const after = bill()
    await book.flush()
    expect(after).not.toBe(before)
    const admin = adminPrices({
      book,
      store: async () => store,
      fetchPrices: () => Promise.reject(new Error('not asked')),
      source: () => undefined,
      catalog: () => catalog,
      providers: () => ['openai'],
      named: () => [],
      now: () => now,
    })
    const shown = await admin.show({ model: 'm', version: `${before}+class=flex` })
    expect(shown.prices).toMatchObject([
      {
        provider: 'openai',
        service: { class: 'flex' },
        card: {
          version: before,
          prices: { input: '1.00' },
          margin: { percent: '20', perRequestUsd: '0.00' },
        },
      },
    ])
    expect(shown.versions.map(({ version }) => version).toSorted()).toEqual([after, before].toSorted())
    expect((await admin.show({ model: 'm' })).prices[0]?.card.prices['input']).toBe('2.00')
    expect(await codeOf(admin.show({ model: 'm', version: 'import@000000000000' }))).toBe('not_found')
    expect(await codeOf(admin.show({ model: 'nobody-knows' }))).toBe('not_found')
    const listed = admin.list({ text: 'M' }).prices.find(({ model }) => model === 'm')
    expect(listed?.card.prices).toMatchObject({ input: '2.00', output: '1.00' })
  })
})

test('prices that another release wrote do not count, loudly', async () => {
  const told: string[] = []
  const row = { number: 1, digest: 'd', source: 's', actor: 'a', at: 0, body: '{"strange":1}' }
  const book = createPriceBook({
    store: {
      newest: async (after) => (after < 1 ? row : undefined),
      append: async () => 2,
      noteVersions: async () => undefined,
      versions: async () => [],
      unpriced: async () => [],
    },
    now: () => now,
    onProblem: (message) => told.push(message),
  })
  await book.reload()
  await book.reload()
  expect(book.imported()).toBeUndefined()
  expect(told).toEqual(['the imported prices were written by another release and do not count here'])
})
