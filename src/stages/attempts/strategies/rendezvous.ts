import { createHash } from 'node:crypto'
import type { Candidate } from './strategy.ts'

/**
 * Weighted rendezvous hashing: the same session gets the same order in every process and after every restart, shares
 * follow the weights, and a candidate that comes or goes moves only its own sessions.
 */
export const rendezvous = <C extends Candidate>(candidates: readonly C[], session: string): readonly C[] =>
  candidates
    .map((candidate) => ({
      candidate,
      score: -candidate.weight / Math.log(draw(session, candidate.upstream)),
    }))
    .sort((a, b) => b.score - a.score || (a.candidate.upstream < b.candidate.upstream ? -1 : 1))
    .map(({ candidate }) => candidate)

/** Strictly between 0 and 1. */
const draw = (session: string, upstream: string): number => {
  const digest = createHash('sha256').update(session).update('\0').update(upstream).digest()
  return (digest.readUIntBE(0, 6) + 0.5) / 2 ** 48
}
