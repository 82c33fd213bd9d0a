import { describe, expect, test } from 'bun:test'
import { createSecretKey } from 'node:crypto'
import fc from 'fast-check'
import { accountOf, type SealedState } from './sealed-state.ts'
import { holdsSealedState, isSealedState, openState, sealState } from './state-envelope.ts'
import { createStateKeys } from './state-keys.ts'

const keysOf = createStateKeys((organisation) => createSecretKey(Buffer.alloc(32, organisation)))
const key = keysOf('org_a').sign

const state = (more: Partial<SealedState> = {}): SealedState => ({
  protocol: 'anthropic-messages',
  account: accountOf('anthropic', 'cred_1'),
  model: 'claude-sonnet-4-5',
  kind: 'signature',
  position: 'self',
  pieces: [{ kind: 'summary', length: 12 }],
  payload: 'EqQBCkYIARgCKkBmb28=',
  ...more,
})

/** Every UTF-16 string, lone surrogates too. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.base64String(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64url')),
)

const anyState: fc.Arbitrary<SealedState> = fc.record(
  {
    protocol: fc.constantFrom('openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'),
    account: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('hex')),
    model: anyText,
    kind: fc.constantFrom('none', 'signature', 'redacted', 'encrypted', 'thought-signature', 'item'),
    position: fc.constantFrom('self', 'text', 'call', 'part', 'alone'),
    itemId: anyText.filter((text) => text !== ''),
    callId: anyText.filter((text) => text !== ''),
    extension: anyText.filter((text) => text !== ''),
    pieces: fc.array(
      fc.record({ kind: fc.constantFrom('summary', 'text'), length: fc.nat({ max: 2 ** 40 }) }),
    ),
    text: anyText,
    payload: anyText,
  },
  { requiredKeys: ['protocol', 'account', 'model', 'kind', 'position', 'pieces', 'payload'] },
)

describe('an envelope', () => {
  test('gives back exactly what was put in, whatever strings that are', () => {
    fc.assert(
      fc.property(anyState, (given) => {
        expect(openState(sealState(given, key), key)).toEqual(given)
      }),
      { numRuns: 2_000 },
    )
  })

  test('is standard base64 with padding, recognised by its first characters', () => {
    fc.assert(
      fc.property(anyState, (given) => {
        const sealed = sealState(given, key)
        expect(Buffer.from(sealed, 'base64').toString('base64')).toBe(sealed)
        expect(isSealedState(sealed)).toBe(true)
      }),
    )
    expect(isSealedState('EqQBCkYIARgCKkBmb28=')).toBe(false)
    expect(isSealedState('')).toBe(false)
  })

  test('is the same for the same state', () => {
    expect(sealState(state(), key)).toBe(sealState(state(), key))
  })

  test('opens in the URL-safe alphabet and without padding, as some clients send it back', () => {
    fc.assert(
      fc.property(anyState, (given) => {
        const bytes = Buffer.from(sealState(given, key), 'base64')
        expect(openState(bytes.toString('base64url'), key)).toEqual(given)
        expect(openState(bytes.toString('base64').replace(/=+$/, ''), key)).toEqual(given)
      }),
    )
  })

  test('does not open after any byte was changed, cut off or added', () => {
    const bytes = Buffer.from(sealState(state({ itemId: 'rs_1', text: 'two words' }), key), 'base64')
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [1, 128]) {
        const changed = Buffer.from(bytes)
        changed[at] = (changed[at] ?? 0) ^ bit
        expect(openState(changed.toString('base64'), key)).toBeUndefined()
      }
      expect(openState(bytes.subarray(0, at).toString('base64'), key)).toBeUndefined()
    }
    expect(openState(Buffer.concat([bytes, Buffer.of(0)]).toString('base64'), key)).toBeUndefined()
  })

  test('does not open for another organisation', () => {
    const sealed = sealState(state(), key)
    expect(openState(sealed, keysOf('org_b').sign)).toBeUndefined()
    expect(openState(sealed, keysOf('org_a').encrypt)).toBeUndefined()
    expect(openState(sealed, keysOf('org_a').sign)).toEqual(state())
  })

  test('does not open where a stranger wrote it, whatever it holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const forged = `TGWstate${Buffer.from(bytes).toString('base64')}`
        expect(openState(forged, key)).toBeUndefined()
      }),
    )
  })

  test('adds little to state that is base64 already', () => {
    const payload = Buffer.alloc(3_000, 7).toString('base64')
    expect(sealState(state({ payload }), key).length).toBeLessThan(payload.length * 1.03)
    const fernet = `${Buffer.alloc(3_001, 251).toString('base64url')}==`
    expect(sealState(state({ payload: fernet }), key).length).toBeLessThan(fernet.length * 1.03)
    expect(openState(sealState(state({ payload: fernet }), key), key)?.payload).toBe(fernet)
  })

  test('is found anywhere in a body', () => {
    const body = (value: string) => new TextEncoder().encode(JSON.stringify({ a: 'ü'.repeat(50), value }))
    expect(holdsSealedState(body(sealState(state(), key)))).toBe(true)
    expect(holdsSealedState(body('EqQBCkYIARgCKkBmb28='))).toBe(false)
    const wide = new Uint8Array(100)
    wide.set(new TextEncoder().encode('TGWstate'), 50)
    expect(holdsSealedState(wide.subarray(0, 57))).toBe(false)
    expect(holdsSealedState(wide.subarray(50))).toBe(true)
  })

  test('names an account without telling it', () => {
    expect(accountOf('anthropic', 'cred_1')).toMatch(/^[0-9a-f]{16}$/)
    expect(accountOf('anthropic', 'cred_1')).not.toBe(accountOf('anthropic', 'cred_2'))
    expect(accountOf('a', 'bc')).not.toBe(accountOf('ab', 'c'))
  })
})
