import { frameSplitter, type Machine } from '../../wire/index.ts'
import type { Rewriter } from './rewritten-stream.ts'

/** Blocks of server-sent events that a machine writes anew. */
export const mappedBlocks = (machine: Machine<Uint8Array, Uint8Array>): Rewriter => {
  const splitter = frameSplitter()
  const map = (blocks: readonly Uint8Array[]): Uint8Array[] =>
    blocks.flatMap((block) => [...machine.push(block)])
  return {
    isOver: false,
    push: async (bytes) => Buffer.concat(map(splitter.push(bytes))),
    end: async () => Buffer.concat([...map(splitter.end()), ...machine.end()]),
  }
}
