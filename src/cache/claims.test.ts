import { afterEach, describe, expect, test } from 'bun:test'
import { memoryState, type State } from '../state/index.ts'
import { type Claim, type Claims, noClaims, sharedClaims } from './claims.ts'

const place = { organisation: 'org', hash: 'abc' }

let state: State | undefined
afterEach(() => state?.close())

const setUp = (lease?: number, longest = 60_000): { readonly one: Claims; readonly other: Claims } => {
  state = memoryState()
  const options = { state, longest, ...(lease === undefined ? {} : { lease }) }
  return { one: sharedClaims(options), other: sharedClaims(options) }
}

const taken = async (claims: Claims): Promise<Claim> => {
  const claim = await claims.take(place)
  if (claim === undefined || claim === 'taken') throw new Error('it is no claim')
  return claim
}

describe('of all who share what is kept', () => {
  test('one asks, and the others wait until the answer is kept', async () => {
    const { one, other } = setUp()
    const claim = await taken(one)
    expect([await other.take(place), await one.take(place)]).toEqual(['taken', 'taken'])
    // Another answer, and the same of another organisation, are other claims.
    expect(await other.take({ ...place, hash: 'abd' })).not.toBe('taken')
    expect(await other.take({ ...place, organisation: 'other' })).not.toBe('taken')
    claim.release('kept')
    const next = await taken(other)
    next.release('left')
    ;(await taken(one)).release('kept')
  })

  test('all ask for themselves where there is nothing to be had', async () => {
    const { one, other } = setUp()
    const claim = await taken(one)
    expect(await other.take(place)).toBe('taken')
    claim.release('nothing')
    expect([await other.take(place), await other.take(place), await one.take(place)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test('another one asks soon after the first has died, and not while it lives', async () => {
    const { one, other } = setUp(60)
    const claim = await taken(one)
    for (let looks = 0; looks < 10; looks++) {
      await Bun.sleep(20)
      expect(await other.take(place)).toBe('taken')
    }
    claim.release('kept')
    // One that died says nothing more.
    const { one: dead, other: heir } = setUp(60, 0)
    await taken(dead)
    const deadline = Date.now() + 10_000
    while ((await heir.take(place)) === 'taken' && Date.now() < deadline) await Bun.sleep(10)
    expect(Date.now()).toBeLessThan(deadline)
  })

  test('everybody asks where nobody can be reached', async () => {
    const away = () => Promise.reject(new Error('away'))
    const claims = sharedClaims({ state: { increment: away, set: away, delete: away }, longest: 1 })
    expect(await claims.take(place)).toBeUndefined()
    expect(await noClaims.take(place)).toBeUndefined()
  })
})
