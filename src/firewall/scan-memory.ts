import { randomBytes } from 'node:crypto'
import type { Leaf } from '../ir/index.ts'
import type { Detector, Finding } from './finding.ts'

/** What detectors found in texts that were seen before: agents send their whole history again with every turn. */
export interface ScanMemory {
  scan(detector: Detector, read: Readable): readonly Finding[]
}

/** A text, and what it is read from where that is at hand: then a text that is known need not be read. */
export interface Readable {
  readonly text: string
  readonly source?: string | undefined
  readonly kind?: Leaf['kind']
}

/** Shorter texts are looked at again sooner than they are looked up. */
const shortest = 48

/** @param most texts that are remembered; those that nobody asked for lately go first */
export const createScanMemory = (most: number): ScanMemory => {
  // Secret to this process: who writes texts must not be able to make two of one hash.
  const [textSeed, sourceSeed, toolSeed] = [randomSeed(), randomSeed(), randomSeed()]
  // Two generations: what is asked for moves to the younger one, and the older one goes as a whole.
  let young = new Map<bigint, Remembered>()
  let old = new Map<bigint, Remembered>()
  // Several detectors look at one text after each other: it is hashed for the first of them.
  let last: { readonly read: Readable; readonly remembered: Remembered } | undefined
  const find = (hash: bigint): Remembered => {
    const known = young.get(hash)
    if (known !== undefined) return known
    const remembered = old.get(hash) ?? new Map()
    if (young.size >= most / 2) [old, young] = [young, new Map()]
    young.set(hash, remembered)
    return remembered
  }
  const hashOf = ({ source, kind }: Readable): bigint | undefined => {
    if (source === undefined) return undefined
    // Of tools, the escapes of JSON within the text are resolved as well.
    const seed = kind === 'tool-input' || kind === 'tool-output' ? toolSeed : sourceSeed
    return Bun.hash.wyhash(source, seed) ^ BigInt(source.length)
  }
  return {
    scan(detector, read) {
      if ((read.source ?? read.text).length < shortest) return detector.scan(read.text)
      if (last?.read !== read) {
        const hash = hashOf(read) ?? Bun.hash.wyhash(read.text, textSeed) ^ BigInt(read.text.length)
        last = { read, remembered: find(hash) }
      }
      const { remembered } = last
      let findings = remembered.get(detector)
      if (findings === undefined) {
        findings = detector.scan(read.text)
        remembered.set(detector, findings)
      }
      return findings
    },
  }
}

const randomSeed = (): bigint => randomBytes(8).readBigUInt64LE()

/** By detector: a reload makes new ones, and what the old ones found goes with them. */
type Remembered = Map<Detector, readonly Finding[]>
