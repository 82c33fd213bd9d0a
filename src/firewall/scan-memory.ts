import { randomBytes } from 'node:crypto'
import type { Detector, Finding } from './finding.ts'

/** What detectors found in texts that were seen before: agents send their whole history again with every turn. */
export interface ScanMemory {
  scan(detector: Detector, text: string): readonly Finding[]
}

/** Shorter texts are looked at again sooner than they are looked up. */
const shortest = 48

/** @param most texts that are remembered; those that nobody asked for lately go first */
export const createScanMemory = (most: number): ScanMemory => {
  // Secret to this process: who writes texts must not be able to make two of one hash.
  const seed = randomBytes(8).readBigUInt64LE()
  // Two generations: what is asked for moves to the younger one, and the older one goes as a whole.
  let young = new Map<bigint, Remembered>()
  let old = new Map<bigint, Remembered>()
  // Several detectors look at one text after each other: it is hashed for the first of them.
  let last: { readonly text: string; readonly remembered: Remembered } | undefined
  const find = (hash: bigint): Remembered => {
    const known = young.get(hash)
    if (known !== undefined) return known
    const remembered = old.get(hash) ?? new Map()
    if (young.size >= most / 2) [old, young] = [young, new Map()]
    young.set(hash, remembered)
    return remembered
  }
  return {
    scan(detector, text) {
      if (text.length < shortest) return detector.scan(text)
      if (last?.text !== text) {
        last = { text, remembered: find(Bun.hash.wyhash(text, seed) ^ BigInt(text.length)) }
      }
      const { remembered } = last
      let findings = remembered.get(detector)
      if (findings === undefined) {
        findings = detector.scan(text)
        remembered.set(detector, findings)
      }
      return findings
    },
  }
}

/** By detector: a reload makes new ones, and what the old ones found goes with them. */
type Remembered = Map<Detector, readonly Finding[]>
