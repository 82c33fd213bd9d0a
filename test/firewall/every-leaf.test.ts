/** Edits reach every text of every request that was recorded, and nothing else. */
import { describe, expect, test } from 'bun:test'
import { applyEdits } from '../../src/firewall/index.ts'
import type { Edit, Leaf } from '../../src/ir/index.ts'
import { protocols } from '../../src/protocols/index.ts'
import { corpusAvailable } from '../support/corpus.ts'
import { readLeaves, requestsOf } from '../support/recorded-requests.ts'

const isPresent = corpusAvailable('edits of every leaf of every recorded request')

describe.skipIf(!isPresent)('every leaf of every recorded request', () => {
  for (const protocol of Object.values(protocols)) {
    if (protocol.generate === undefined) continue
    test(`of ${protocol.id} can be edited, and its old text is gone`, () => {
      let count = 0
      for (const { name, wire } of requestsOf(protocol)) {
        const leaves = readLeaves(protocol, wire)
        const marked = (leaf: Leaf, index: number): string =>
          leaf.json ? `{"new":"${index}"}` : `new "${index}"`
        const edits = leaves.map((leaf, index): Edit => ({ leaf, text: marked(leaf, index) }))
        const body = applyEdits(wire.body, edits)
        const after = readLeaves(protocol, { ...wire, body })
        const texts = new Map(after.map((leaf) => [leaf.id, leaf.text]))
        leaves.forEach((leaf, index) => {
          count++
          if (texts.get(leaf.id) !== marked(leaf, index))
            throw new Error(`${name}: ${leaf.id} was not edited`)
        })
        const said = new TextDecoder().decode(body)
        for (const leaf of leaves) {
          if (
            leaf.text.length >= 24 &&
            leaf.kind !== 'description' &&
            leaf.kind !== 'title' &&
            said.includes(leaf.text)
          ) {
            throw new Error(`${name}: the text of ${leaf.id} is still there`)
          }
        }
      }
      console.log(`${protocol.id}: ${count} leaves edited`)
      expect(count).toBeGreaterThan(100)
    })
  }
})
