import { describe, expect, spyOn, test } from 'bun:test'
import { fingerprintOf } from './fingerprint.ts'
import { promptOrder } from './prompt-order.ts'

const order = promptOrder('anthropic-messages') ?? { prompt: [], history: '', settings: [] }
const mark = { cache_control: { type: 'ephemeral' } }

/** A conversation of so many turns; those at `marks` have a mark. System and tools come after it, as some write them. */
const body = (turns: number, marks: readonly number[]): Buffer => {
  const messages = Array.from({ length: turns }, (_, turn) => ({
    role: turn % 2 === 0 ? 'user' : 'assistant',
    content: [{ type: 'text', text: `turn ${turn}`, ...(marks.includes(turn) ? mark : {}) }],
  }))
  const system = [{ type: 'text', text: 'system', ...mark }]
  return Buffer.from(JSON.stringify({ messages, system, tools: [{ name: 'a' }, { name: 'b' }] }))
}

describe('the fingerprint of a prompt', () => {
  test('is the same wherever its marks are', () => {
    const bare = fingerprintOf(body(9, []), order)
    for (const marks of [[8], [0], [0, 8], [3, 4, 5], [0, 1, 2, 3, 4, 5, 6, 7, 8]]) {
      const { hashes, head, loose } = fingerprintOf(body(9, marks), order)
      expect(hashes).toEqual(bare.hashes)
      expect(head).toBe(3)
      expect(loose).toBe(marks.length)
    }
  })

  test('looks for the marks once, not from each turn on', () => {
    const long = body(400, [399])
    const search = spyOn(String.prototype, 'indexOf')
    try {
      fingerprintOf(long, order)
      const searches = search.mock.calls.filter(([text]) => text === '"cache_control"')
      expect(searches.length).toBeGreaterThan(0)
      expect(searches.length).toBeLessThan(16)
    } finally {
      search.mockRestore()
    }
  })
})
