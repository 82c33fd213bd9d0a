/** What is redacted of recorded requests, wherever it stands, is gone from the bytes and comes back whole. */
import { describe, expect, test } from 'bun:test'
import {
  applyEdits,
  createRedaction,
  type Finding,
  readLeaf,
  restoreJson,
  restoreText,
  signsReasoning,
} from '../../src/firewall/index.ts'
import { protocols } from '../../src/protocols/index.ts'
import { corpusAvailable } from '../support/corpus.ts'
import { readLeaves, requestsOf } from '../support/recorded-requests.ts'

const key = new Uint8Array(32).fill(7)

/** Words of some length, the same ones wherever they stand, numbers among them. */
const findWords = (text: string): readonly Finding[] =>
  [...text.matchAll(/[\p{L}\p{N}.@/-]{9,40}/gu)]
    .filter(({ 0: word }) => word.length % 3 === 0)
    .map(({ 0: word, index }) => ({
      ...{ detector: 'words', rule: 'words', type: 'WORD', confidence: 1 },
      start: index,
      end: index + word.length,
    }))

const isPresent = corpusAvailable('redaction of every recorded request')

describe.skipIf(!isPresent)('every recorded request', () => {
  for (const protocol of Object.values(protocols)) {
    if (protocol.generate === undefined) continue
    test(`of ${protocol.id} is redacted and restored`, () => {
      let replaced = 0
      for (const { name, wire } of requestsOf(protocol)) {
        const leaves = readLeaves(protocol, wire)
        const texts = leaves.map(readLeaf)
        const redaction = createRedaction({
          ...{ key, texts, restores: () => true, signedReasoning: signsReasoning(protocol.id) },
          findings: texts.map(({ text }) => findWords(text)),
        })
        replaced += redaction.replaced
        const body = applyEdits(wire.body, redaction.edits)
        const after = readLeaves(protocol, { ...wire, body })
        expect([name, after.length]).toEqual([name, leaves.length])
        const again = applyEdits(
          body,
          after.map((leaf) => ({
            leaf,
            text: (leaf.json ? restoreJson : restoreText)(leaf.text, redaction.map),
          })),
        )
        const restored = readLeaves(protocol, { ...wire, body: again })
        leaves.forEach((leaf, index) => {
          const next = restored[index]?.text ?? ''
          // A number comes back as the string that it became.
          const isSame =
            next === leaf.text || readable(next) === readable(leaf.text) || /\d{9}/.test(leaf.text)
          if (!isSame) throw new Error(`${name}: ${leaf.id} came back as something else`)
        })
      }
      console.log(`${protocol.id}: ${replaced} places redacted and restored`)
      expect(replaced).toBeGreaterThan(1_000)
    }, 60_000)
  }
})

/** Without how it is escaped. */
const readable = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text
  }
}
