import { expect, test } from 'bun:test'
import { createPlaceholderMap, createRedaction, readLeaf } from '../../firewall/index.ts'
import type { Leaf } from '../../ir/index.ts'
import { type EarlierPlaceholdersParts, earlierPlaceholders } from './earlier-placeholders.ts'

type Asked = Parameters<typeof earlierPlaceholders>[1]

const asked = (handles: readonly { kind: string; id: string; path: string }[]) =>
  ({ facts: { stream: false, handles }, identity: { tenant: { organisation: 'org_a' } } }) as unknown as Asked

const previous = { kind: 'response', id: 'resp_1', path: 'previous_response_id' }

const partsWith = (load: EarlierPlaceholdersParts['placeholders']['load']) => {
  const unreadable: unknown[] = []
  const parts: EarlierPlaceholdersParts = {
    placeholders: { load, keep: () => Promise.resolve(true), forget: () => Promise.resolve() },
    keepsAnswers: true,
    onUnreadable: (error) => unreadable.push(error),
  }
  return { parts, unreadable }
}

test('what a request continues is asked for, of its organisation, and nothing else', async () => {
  const calls: unknown[] = []
  const { parts } = partsWith((...call) => {
    calls.push(call)
    return Promise.resolve([{ placeholder: '[EMAIL_7K2M9X]', type: 'EMAIL', value: 'ada@example.com' }])
  })
  expect((await earlierPlaceholders(parts, asked([]), () => true)).size).toBe(0)
  expect((await earlierPlaceholders(parts, asked([{ ...previous, kind: 'file' }]), () => true)).size).toBe(0)
  expect(calls).toEqual([])
  const map = await earlierPlaceholders(parts, asked([previous]), () => true)
  expect(map.get('[EMAIL_7K2M9X]')?.value).toBe('ada@example.com')
  expect(calls).toEqual([['org_a', [{ kind: 'response', id: 'resp_1' }]]])
})

test('where the store is away the request goes on and it is told, unless the policy refuses things', async () => {
  const { parts, unreadable } = partsWith(() => Promise.reject(new Error('away')))
  expect((await earlierPlaceholders(parts, asked([previous]), () => false)).size).toBe(0)
  expect(unreadable).toHaveLength(1)
  await expect(earlierPlaceholders(parts, asked([previous]), () => true)).rejects.toMatchObject({
    code: 'gateway_storage_unavailable',
  })
  expect(unreadable).toHaveLength(2)
})

const redact = (text: string, earlier: Parameters<typeof createRedaction>[0]['earlier'], finds = '') => {
  const leaf: Leaf = { id: 'x', role: 'user', kind: 'text', text, start: 0, end: 0 }
  const start = text.indexOf(finds)
  const finding = { detector: 'personal', type: 'EMAIL', rule: 'r', confidence: 1 }
  return createRedaction({
    key: new Uint8Array(32),
    texts: [readLeaf(leaf)],
    findings: [finds === '' ? [] : [{ ...finding, start, end: start + finds.length }]],
    restores: () => true,
    signedReasoning: false,
    ...(earlier === undefined ? {} : { earlier }),
  })
}

test('a value of an earlier turn has the placeholder that it had, found or not', () => {
  const earlier = createPlaceholderMap([
    { placeholder: '[EMAIL_LONGERONE]', type: 'EMAIL', value: 'ada@example.com' },
    { placeholder: '[KEY_ONEWAY]', type: 'KEY' },
  ])
  for (const finds of ['', 'ada@example.com']) {
    const { edits, map } = redact('so ada@example.com!', earlier, finds)
    expect(edits.map(({ text }) => text)).toEqual(['so [EMAIL_LONGERONE]!'])
    expect(map.entries()).toEqual([
      { placeholder: '[EMAIL_LONGERONE]', type: 'EMAIL', value: 'ada@example.com' },
    ])
  }
  expect(redact('nothing of it', earlier).edits).toEqual([])
})

test('no other value gets a placeholder of an earlier turn', () => {
  const text = 'to bob@example.com'
  const [own] = redact(text, undefined, 'bob@example.com').map.entries()
  const earlier = createPlaceholderMap([
    { placeholder: own?.placeholder ?? '', type: 'EMAIL', value: 'somebody else' },
  ])
  const [other] = redact(text, earlier, 'bob@example.com').map.entries()
  expect(other?.value).toBe('bob@example.com')
  expect(other?.placeholder).not.toBe(own?.placeholder ?? '')
  expect(other?.placeholder.slice(0, 13)).toBe(own?.placeholder.slice(0, 13) ?? '')
})
