import { expect, test } from 'bun:test'
import { createSecretKey } from 'node:crypto'
import fc from 'fast-check'
import { onEachDatabase } from '../../test/support/each-database.ts'
import { createPlaceholderRegistry, type KeptPlaceholder } from './placeholder-registry.ts'
import { createPlaceholderStore, type PlaceholderStore } from './placeholder-store.ts'
import { createStateKeys } from './state-keys.ts'

const day = 24 * 3600 * 1000
const keys = createStateKeys((organisation) => createSecretKey(Buffer.alloc(32, organisation)))
const entry = (name: string, value = `value of ${name}`): KeptPlaceholder => ({
  placeholder: `[EMAIL_${name}]`,
  type: 'EMAIL',
  value,
})
const response = (id: string) => ({ kind: 'response', id }) as const
const talk = { kind: 'conversation', id: 'conv_1' } as const

onEachDatabase('the registry of placeholders', (open) => {
  const start = async (store?: PlaceholderStore) => {
    const database = await open()
    const clock = { now: 1_000_000 }
    const problems: string[] = []
    const limits = { lifetime: 30 * day, max_response: 100_000, max_stored: 1_000_000 }
    const registry = () =>
      createPlaceholderRegistry(store ?? createPlaceholderStore(database), keys, {
        limits: () => limits,
        now: () => clock.now,
        onProblem: (message) => problems.push(message),
      })
    return { database, clock, problems, limits, registry }
  }

  test('finds in another process what one kept, for its own organisation alone', async () => {
    const { registry } = await start()
    const entries = [entry('A', 'ada@example.com "\n ü'), { placeholder: '[KEY_B]', type: 'KEY' }]
    expect(await registry().keep('org_a', response('resp_1'), entries)).toBe(true)
    const other = registry()
    expect(await other.load('org_a', [response('resp_1')])).toEqual(entries)
    expect(await other.load('org_b', [response('resp_1')])).toEqual([])
    expect(await other.load('org_a', [response('resp_2')])).toEqual([])
  })

  test('keeps no value in the open, and opens nothing that was moved', async () => {
    const { registry, database } = await start()
    const values = Array.from({ length: 40 }, (_, at) => entry(`${at}`, `secret-${at}-value`))
    await registry().keep('org_a', response('resp_1'), values)
    const { kysely } = database
    const rows = await kysely.selectFrom('placeholders').selectAll().execute()
    const stored = rows.map(({ sealed }) => sealed + Buffer.from(sealed, 'base64').toString('latin1')).join()
    expect(stored).not.toMatch(/secret-|EMAIL/)
    await kysely.updateTable('placeholders').set({ id: 'resp_2' }).execute()
    expect(await registry().load('org_a', [response('resp_2')])).toEqual([])
    await kysely.updateTable('placeholders').set({ id: 'resp_1', organisation_id: 'org_b' }).execute()
    expect(await registry().load('org_b', [response('resp_1')])).toEqual([])
  })

  test('joins what several say, the later one wins, and a conversation grows in all processes', async () => {
    const { registry } = await start()
    const [one, two] = [registry(), registry()]
    await one.keep('org_a', talk, [entry('A'), entry('B')])
    expect(await two.load('org_a', [talk])).toHaveLength(2)
    await two.keep('org_a', talk, [entry('C'), entry('A', 'changed')])
    const all = [entry('A', 'changed'), entry('B'), entry('C')]
    expect(await registry().load('org_a', [talk])).toEqual(all)
    expect(new Set((await one.load('org_a', [talk])).map(({ placeholder }) => placeholder))).toEqual(
      new Set(all.map(({ placeholder }) => placeholder)),
    )
    await one.keep('org_a', response('resp_1'), [entry('B', 'of the answer')])
    await two.keep('org_a', response('resp_1'), [entry('D')])
    expect(await registry().load('org_a', [response('resp_1')])).toHaveLength(2)
    expect(await two.load('org_a', [talk, response('resp_1')])).toContainEqual(entry('B', 'of the answer'))
  })

  test('loses nothing where many write to one conversation', async () => {
    const { registry } = await start()
    const names = Array.from({ length: 6 }, (_, at) => `${at}`)
    const kept = await Promise.all(names.map((name) => registry().keep('org_a', talk, [entry(name)])))
    expect(kept).toEqual(names.map(() => true))
    expect(await registry().load('org_a', [talk])).toHaveLength(names.length)
  })

  test('forgets at the end of its time, which begins anew when the state is used', async () => {
    const { registry, clock, database } = await start()
    const one = registry()
    await one.keep('org_a', response('resp_1'), [entry('A')])
    await one.keep('org_a', response('resp_2'), [entry('A')])
    clock.now += 20 * day
    expect(await registry().load('org_a', [response('resp_1')])).toHaveLength(1)
    // The longer life is written in the background.
    for (let tries = 0; tries < 500; tries++) {
      const { expires_at } = await database.kysely
        .selectFrom('placeholders')
        .select('expires_at')
        .where('id', '=', 'resp_1')
        .executeTakeFirstOrThrow()
      if (Number(expires_at) === clock.now + 30 * day) break
      await Bun.sleep(10)
    }
    clock.now += 20 * day
    expect(await registry().load('org_a', [response('resp_1')])).toHaveLength(1)
    for (const each of [one, registry()]) expect(await each.load('org_a', [response('resp_2')])).toEqual([])
    expect(await one.purge()).toBe(1)
    await one.forget('org_a', 'resp_1')
    expect(await one.load('org_a', [response('resp_1')])).toEqual([])
  })

  test('goes on from memory where the store is away, and says so without a value', async () => {
    const away = () => Promise.reject(new Error('away'))
    const store = {
      ...{ write: away, find: away, touch: away, remove: away, purge: away, trim: away },
    } satisfies PlaceholderStore
    const { registry, problems } = await start(store)
    const one = registry()
    expect(await one.keep('org_a', response('resp_1'), [entry('A')])).toBe(false)
    expect(problems).toEqual(['placeholders cannot be written'])
    expect(await one.load('org_a', [response('resp_1')])).toEqual([entry('A')])
    expect(await one.keep('org_a', talk, [entry('B')])).toBe(false)
    expect(await one.load('org_a', [talk])).toEqual([entry('B')])
    expect(problems.at(-1)).toBe('placeholders cannot be read, memory has to do')
    await expect(one.load('org_a', [response('resp_2')])).rejects.toThrow('away')
  })

  test('keeps no more of an organisation than it may, those unused longest go first', async () => {
    const { registry, clock, limits } = await start()
    limits.max_stored = 1_000
    for (let at = 0; at < 10; at++) {
      clock.now += 1
      await registry().keep('org_a', response(`resp_${at}`), [entry(`${at}`, `${at}`.repeat(80))])
    }
    const purged = await registry().purge()
    expect(purged).toBeGreaterThan(2)
    const left = await registry().load('org_a', [response('resp_0'), response('resp_9')])
    expect(left.map(({ placeholder }) => placeholder)).toEqual(['[EMAIL_9]'])
  })

  test('keeps no map that is larger than an answer may be', async () => {
    const { registry, problems, limits } = await start()
    limits.max_response = 1_000
    const many = Array.from({ length: 50 }, (_, at) => entry(`${at}`))
    expect(await registry().keep('org_a', talk, many)).toBe(false)
    expect(problems[0]).toContain('too many')
  })

  test('says after any order of turns what a single process would say', async () => {
    const { registry } = await start()
    const turn = fc.record({ process: fc.nat(1), name: fc.nat(5), value: fc.string({ minLength: 1 }) })
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { maxLength: 6 }), async (turns) => {
        const processes = [registry(), registry()]
        const state = { kind: 'conversation', id: `conv_${run++}` } as const
        const expected = new Map<string, KeptPlaceholder>()
        for (const { process, name, value } of turns) {
          const one = entry(`${name}`, value)
          expected.set(one.placeholder, one)
          const own = processes[process]
          // A request loads before it keeps, and keeps both.
          const before = (await own?.load('org_a', [state])) ?? []
          expect(new Map(before.map((each) => [each.placeholder, each.value])).size).toBe(before.length)
          await own?.keep('org_a', state, [
            ...before.filter((each) => each.placeholder !== one.placeholder),
            one,
          ])
        }
        const found = await registry().load('org_a', [state])
        expect(new Map(found.map((each) => [each.placeholder, each]))).toEqual(expected)
      }),
      { numRuns: 15 },
    )
  })
})
