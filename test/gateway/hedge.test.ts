import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { seeded } from '../compatibility/seeded.ts'
import { ledgerEntries, startGateway, type TestGateway, testKey, waitFor } from '../support/gateway.ts'
import { type Behaviour, type RacingUpstream, startRacingUpstream } from '../support/racing-upstream.ts'

let one: RacingUpstream
let two: RacingUpstream
let gateway: TestGateway

const provider = (name: string, url: string, more = 'api_key: k'): string =>
  `  ${name}: { kind: openai-compatible, protocols: [openai-chat], base_url: "${url}/v1", ${more}, models: ["nothing"] }`

beforeAll(async () => {
  one = await startRacingUpstream('one')
  two = await startRacingUpstream('two')
  gateway = await startGateway({
    config: [
      'retry: { backoff: 10ms, longest_wait: 50ms, budget: 1 }',
      'circuits: { failures: 0 }',
      'telemetry: { log: { access: false } }',
      'providers:',
      provider('one', one.url),
      provider('two', two.url),
      provider('keys', one.url, 'api_keys: [k1, k2]'),
      provider('plain', one.url),
      `  claude: { kind: anthropic-compatible, base_url: "${one.url}", api_key: k, models: ["nothing"] }`,
      'routes:',
      '  - { match: race, hedge: { after: 150ms }, targets: [{ provider: one, model: m }, { provider: two, model: m }] }',
      '  - { match: keys, hedge: { after: 150ms }, targets: [{ provider: keys, model: m }] }',
      '  - { match: alone, hedge: { after: 50ms }, targets: [{ provider: plain, model: m }] }',
      '  - { match: usual, hedge: { at_least: 100ms }, targets: [{ provider: one, model: u }, { provider: two, model: u }] }',
      '  - { match: random, hedge: { after: 60ms }, targets: [{ provider: one, model: m }, { provider: two, model: m }] }',
      '  - { match: calm, targets: [{ provider: one, model: m }, { provider: two, model: m }] }',
      'prices:',
      '  - { match: "*", input_per_mtok: "1", output_per_mtok: "10" }',
    ],
  })
})

afterAll(async () => {
  await gateway.stop()
  await one.stop()
  await two.stop()
})

beforeEach(() => {
  for (const upstream of [one, two]) {
    upstream.calls.length = 0
    upstream.behave = () => ({})
  }
})

const ask = (model: string, marker: string, more: object = {}, init: RequestInit = {}): Promise<Response> =>
  fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${testKey}` },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: marker }], ...more }),
    ...init,
  })

interface Row {
  readonly number: number
  readonly provider: string
  readonly credential: string | null
  readonly error: string | null
  readonly costUsd: string | null
  readonly usageSource: string | null
}

interface Entry {
  readonly exchange: string
  readonly outcome: string
  readonly provider: string
  readonly costUsd: string | null
  readonly usageSource: string | null
  readonly attempts: readonly Row[]
}

const entryOf = async (id: string | null): Promise<Entry> =>
  waitFor(async () => {
    const found = (await gateway.admin(`/entries/${id}`)) as {
      entry?: Omit<Entry, 'attempts'> | null
      attempts: readonly Row[]
    }
    return found.entry == null ? undefined : { ...found.entry, attempts: found.attempts }
  })

const quiet = () => waitFor(() => (one.underWay() + two.underWay() === 0 ? true : undefined))

const nano = (usd: string | null): bigint => {
  if (usd === null) throw new Error('an unknown cost')
  const [whole = '0', part = ''] = usd.split('.')
  return BigInt(whole) * 1_000_000_000n + BigInt(part.padEnd(9, '0'))
}

for (const stream of [true, false]) {
  describe(stream ? 'a stream that is slow to begin' : 'a whole answer that is slow', () => {
    const slow: Behaviour = stream ? { content: 3000 } : { end: 3000 }
    const stuck: Behaviour = stream ? { content: 15_000 } : { end: 15_000 }

    test('is overtaken by a call elsewhere; the other one is ended at once, and both are paid', async () => {
      one.behave = () => stuck
      const before = performance.now()
      const response = await ask('race', 'hi', { stream })
      const text = await response.text()
      expect(performance.now() - before).toBeLessThan(5000)
      expect(text).toContain('two#1;')
      expect(text).not.toContain('one#1;')
      expect(response.headers.get('x-tollgate-provider')).toBe('two')
      expect(response.headers.get('x-tollgate-attempts')).toBe('2')
      await quiet()
      expect(one.calls).toMatchObject([{ finished: false }])
      const entry = await entryOf(response.headers.get('x-tollgate-request-id'))
      expect(entry).toMatchObject({ outcome: 'success', provider: 'two', usageSource: 'reported' })
      const [first, second] = [...entry.attempts].sort((a, b) => a.number - b.number)
      expect(first).toMatchObject({ provider: 'one', error: 'gateway_hedge_lost', usageSource: 'estimated' })
      expect(second).toMatchObject({
        provider: 'two',
        error: null,
        usageSource: 'reported',
        costUsd: '0.00005',
      })
      expect(nano(first?.costUsd ?? null)).toBeGreaterThan(0n)
      expect(nano(entry.costUsd)).toBe(nano(first?.costUsd ?? null) + nano(second?.costUsd ?? null))
    })

    test('wins all the same where the second call is slower still', async () => {
      one.behave = () => (stream ? { content: 500, end: 50 } : { end: 500 })
      two.behave = () => slow
      const response = await ask('race', 'hi', { stream })
      expect(await response.text()).toContain('one#1;')
      expect(response.headers.get('x-tollgate-provider')).toBe('one')
      expect(response.headers.get('x-tollgate-attempts')).toBe('2')
      await quiet()
      expect(two.calls).toMatchObject([{ finished: false }])
      const entry = await entryOf(response.headers.get('x-tollgate-request-id'))
      expect(entry).toMatchObject({ outcome: 'success', provider: 'one', usageSource: 'reported' })
      expect(entry.attempts.find(({ number }) => number === 2)).toMatchObject({
        error: 'gateway_hedge_lost',
        usageSource: 'estimated',
      })
    })

    test('is overtaken by a call with another key where there is no other target', async () => {
      one.behave = ({ number }) => (number === 1 ? slow : {})
      const response = await ask('keys', 'hi', { stream })
      expect(await response.text()).toContain('one#2;')
      const { attempts } = await entryOf(response.headers.get('x-tollgate-request-id'))
      expect(new Set(attempts.map(({ credential }) => credential)).size).toBe(2)
      await quiet()
    })

    test('is not cut short by a second call that fails or is refused', async () => {
      for (const fails of [400, 500, 'reset'] as const) {
        one.behave = () => (stream ? { content: 400 } : { end: 400 })
        two.behave = () => ({ fails })
        const response = await ask('race', 'hi', { stream })
        expect(response.status).toBe(200)
        expect(await response.text()).toContain('one#')
        await quiet()
      }
    })

    test('that fails after all leaves the answer to the second call', async () => {
      one.behave = () => ({ head: 300, fails: 500 })
      two.behave = () => (stream ? { content: 300 } : { end: 300 })
      const response = await ask('race', 'hi', { stream })
      expect(await response.text()).toContain('two#1;')
      expect(one.calls.length + two.calls.length).toBe(2)
      const entry = await entryOf(response.headers.get('x-tollgate-request-id'))
      expect(entry).toMatchObject({ outcome: 'success', provider: 'two' })
      expect(entry.attempts.find(({ number }) => number === 1)).toMatchObject({
        provider: 'one',
        costUsd: '0.00',
      })
    })

    test('where both fail is retried as ever', async () => {
      one.behave = ({ number }) => (number === 1 ? { head: 300, fails: 500 } : {})
      two.behave = () => ({ fails: 500 })
      const response = await ask('race', 'hi', { stream })
      expect(await response.text()).toContain('one#2;')
      expect(response.headers.get('x-tollgate-attempts')).toBe('3')
    })

    test('whose client leaves is ended twice', async () => {
      one.behave = () => slow
      two.behave = () => slow
      const leaving = new AbortController()
      const session = `left-${stream}`
      const asking = ask(
        'race',
        'hi',
        { stream },
        {
          signal: leaving.signal,
          headers: {
            'content-type': 'application/json',
            authorization: `Bearer ${testKey}`,
            'x-tollgate-session': session,
          },
        },
      )
      await waitFor(() => (one.calls.length + two.calls.length === 2 ? true : undefined))
      leaving.abort()
      await expect(asking).rejects.toThrow()
      await quiet()
      const row = await waitFor(async () =>
        (await ledgerEntries(gateway)).find((found) => found.session === session),
      )
      expect(row).toMatchObject({ outcome: 'client_aborted', attempts: 2, usageSource: 'estimated' })
      const { attempts } = await entryOf(row.exchange)
      for (const attempt of attempts) {
        expect(attempt).toMatchObject({ error: 'gateway_client_gone', usageSource: 'estimated' })
      }
    })

    test('is not raced where nobody said so, where nobody is there, or where it is quick', async () => {
      one.behave = () => (stream ? { content: 300 } : { end: 300 })
      for (const [model, calls] of [
        ['calm', 1],
        ['alone', 1],
      ] as const) {
        const response = await ask(model, 'hi', { stream })
        await response.text()
        expect(response.headers.get('x-tollgate-attempts')).toBe(String(calls))
      }
      one.behave = () => ({})
      const quick = await ask('race', 'hi', { stream })
      await quick.text()
      expect(quick.headers.get('x-tollgate-attempts')).toBe('1')
      expect(two.calls.length).toBe(0)
    })

    test('is not raced where an answer is kept at the provider', async () => {
      one.behave = () => (stream ? { content: 400 } : { end: 400 })
      const response = await ask('race', 'hi', { stream, store: true })
      await response.text()
      expect(response.headers.get('x-tollgate-attempts')).toBe('1')
    })

    test('is raced after what is usual, once that is known', async () => {
      one.behave = () => ({ head: 5 })
      for (let call = 0; call < 20; call++) await (await ask('usual', 'hi', { stream })).text()
      expect(two.calls.length).toBe(0)
      one.behave = () => slow
      const response = await ask('usual', 'hi', { stream })
      expect(await response.text()).toContain('two#1;')
      await quiet()
    })
  })
}

describe('whatever two providers do, of many exchanges', () => {
  const { below: some } = seeded('hedges')
  /** Mostly slow to begin, sometimes late to end, sometimes failing. */
  const anyBehaviour = (): Behaviour => {
    const failing = (['reset', 500, 400, 'error-event'] as const)[some(16)]
    return {
      head: some(3) === 0 ? some(120) : 0,
      content: some(2) === 0 ? some(250) : 0,
      end: some(2) === 0 ? some(250) : 0,
      ...(failing === undefined ? {} : { fails: failing }),
    }
  }

  test('each has one answer, no call goes on behind its back, and all of them are paid', async () => {
    // What a call does is drawn once, whoever is asked how often.
    for (const upstream of [one, two]) upstream.behave = anyBehaviour
    const exchanges = 240
    let begun = 0
    let raced = 0
    let left = 0
    const client = async (): Promise<void> => {
      while (begun < exchanges) {
        const marker = `marker-${begun++}`
        const leaving = new AbortController()
        const leaves = some(8) === 0
        if (leaves) setTimeout(() => leaving.abort(), some(300))
        const stream = some(2) === 0
        const response = await ask('random', marker, { stream }, { signal: leaving.signal }).catch(
          () => undefined,
        )
        const text = await response?.text().catch(() => undefined)
        const calls = [...one.calls, ...two.calls].filter((call) => call.marker === marker)
        if (response === undefined || text === undefined) {
          expect(leaves).toBe(true)
          left++
          continue
        }
        const said = calls.filter(({ says }) => text.includes(says))
        // A failure is told in the words of one call as well.
        expect([marker, said.length <= 1]).toEqual([marker, true])
        if (response.status === 200 && !text.includes('"error"')) {
          expect(said.length).toBe(1)
          if (stream) expect(text.split('[DONE]').length).toBe(2)
          else expect(() => JSON.parse(text)).not.toThrow()
        }
        const attempts = Number((response.headers.get('x-tollgate-attempts') ?? '0').split(';')[0])
        // A call that was ended at once may never have arrived.
        expect([marker, calls.length <= attempts]).toEqual([marker, true])
        const entry = await entryOf(response.headers.get('x-tollgate-request-id'))
        expect(entry.attempts.length).toBe(attempts)
        const costs = entry.attempts.map(({ costUsd }) => nano(costUsd))
        expect(nano(entry.costUsd)).toBe(costs.reduce((total, cost) => total + cost, 0n))
        const lost = entry.attempts.filter(({ error }) => error === 'gateway_hedge_lost')
        expect(lost.length).toBeLessThanOrEqual(1)
        for (const { costUsd } of lost) expect(nano(costUsd)).toBeGreaterThan(0n)
        raced += lost.length
      }
    }
    await Promise.all(Array.from({ length: 12 }, client))
    await quiet()
    const rows = await waitFor(async () => {
      const found = (await ledgerEntries(gateway)).filter(({ modelAsked }) => modelAsked === 'random')
      return found.length >= exchanges - left ? found : undefined
    })
    expect(new Set(rows.map(({ exchange }) => exchange)).size).toBe(rows.length)
    console.log(`hedges: ${exchanges} exchanges, ${raced} decided by a race, ${left} clients left`)
    expect(raced).toBeGreaterThan(20)
    expect(left).toBeGreaterThan(0)
  }, 60_000)
})
