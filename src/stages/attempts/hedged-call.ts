import { isWhole, within } from '../../pipeline/index.ts'
import { admit } from './admit.ts'
import { type Asked, beginCall, beginRaced, type Ended, type Raced } from './begin-call.ts'
import { latencyName, targetName } from './order-targets.ts'
import { isRepeatable } from './repeatable.ts'
import { goesOn, type Run } from './run.ts'

/** What the exchange's own flow is told of a call that does not decide it. */
export type Note = (ended: Ended) => void

/**
 * Makes a call; where the route hedges and it is slow to its first content, a second one at another target or with
 * another key. The first that answers is the exchange's, and the other is ended at once.
 * @param note hears of one that failed while the other had still a chance
 * @returns the call that decides; its failure is the caller's to deal with
 */
export const hedgedCall = async (
  run: Run,
  asked: Asked,
  set: ReadonlySet<string>,
  note: Note,
): Promise<Ended> => {
  const after = patience(run, asked)
  if (after === undefined) return beginCall(run, asked).ended
  // A head that is sent without content would end the race before it is decided.
  const first = beginRaced(run, asked, after + longestRace)
  const quick = await within(first.ended, after)
  const second = quick === undefined ? secondOf(run, asked, set) : undefined
  if (second === undefined) {
    const ended = quick ?? (await first.ended)
    first.adopt(ended)
    return ended
  }
  const { won, ended, lost } = await decide(run, first, second, note)
  won.adopt(ended)
  run.parts.onHedge(ended.target.provider.id, won === second ? 'won' : 'lost')
  const isOver = within(lost, longestEnd)
  const { result } = ended
  // Its row must be there before the exchange's own.
  if ('reply' in result && !isWhole(result.reply)) result.reply.body.onSettle(async () => void (await isOver))
  else await isOver
  return ended
}

/** How long two calls that say nothing are waited for, in milliseconds. */
const longestRace = 10_000
/** How long the end of a call that was ended is waited for, in milliseconds. */
const longestEnd = 2000

/** Milliseconds after which a second call is made; undefined where none is. */
const patience = ({ parts, exchange, hasHedged }: Run, asked: Asked): number | undefined => {
  const hedge = exchange.match.policy?.hedge
  if (hedge === undefined || hasHedged === true || !mayRace(exchange)) return undefined
  if (hedge.after !== 'p95') return hedge.after
  const p95 = parts.health.latencies.p95(latencyName(targetName(asked), exchange.facts.stream))
  return p95 === undefined ? undefined : Math.max(p95, hedge.atLeast)
}

/** Nobody waits for the others, and an answer that the gateway keeps is written down by one call. */
const mayRace = ({ kind, session }: Run['exchange']): boolean =>
  (kind === 'client' || kind === 'peer') && session?.draft === undefined && session?.detach === undefined

/** A call at the next target that may be asked, or with another key of the same; undefined where there is none. */
const secondOf = (run: Run, first: Asked, set: ReadonlySet<string>): Raced | undefined => {
  const { parts, exchange } = run
  // Before the ledger has its row nothing was sent that could be slow.
  if (!goesOn(run) || !exchange.entry.opened || !isRepeatable(parts.catalog, exchange, first))
    return undefined
  if (!parts.health.budget.withdraw(true)) return undefined
  const second = otherThan(run, first, set)
  if (second === undefined) {
    parts.health.budget.refund()
    return undefined
  }
  run.hasHedged = true
  return beginRaced(run, second, longestRace)
}

const otherThan = (run: Run, first: Asked, set: ReadonlySet<string>): Asked | undefined => {
  const { parts, exchange, choices, asked } = run
  for (const choice of choices) {
    const { target, protocol } = choice
    if (protocol === undefined || asked.has(choice)) continue
    if (!isRepeatable(parts.catalog, exchange, { target, protocol })) continue
    const admitted = admit(run, target, new Set(), false)
    if (admitted === undefined) continue
    return { target, protocol, ...admitted }
  }
  const { target, protocol, credential } = first
  const admitted = admit(run, target, new Set([...set, credential.id]), false)
  return admitted === undefined ? undefined : { target, protocol, ...admitted }
}

interface Decision {
  readonly won: Raced
  readonly ended: Ended
  readonly lost: Promise<unknown>
}

const decide = async (run: Run, first: Raced, second: Raced, note: Note): Promise<Decision> => {
  const over = (won: Raced, ended: Ended): Decision => {
    const other = won === first ? second : first
    return { won, ended, lost: lose(run, other) }
  }
  const sooner = await Promise.race([first.ended, second.ended])
  const isFirst = sooner.number === first.number
  if (sooner.verdict.type === 'answered') return over(isFirst ? first : second, sooner)
  // What the client did wrong it did wrong whoever is asked; everything else leaves the other call its chance.
  if (isFirst && decided.has(sooner.verdict.type)) return over(first, sooner)
  const other = isFirst ? second : first
  const later = await other.ended
  if (later.verdict.type === 'answered') {
    note(sooner)
    return { won: other, ended: later, lost: Promise.resolve() }
  }
  note(isFirst ? later : sooner)
  return { won: first, ended: isFirst ? sooner : later, lost: Promise.resolve() }
}

const decided: ReadonlySet<string> = new Set(['final', 'stale', 'unfit'])

/** It says nothing about its upstream that it was not waited for, but that it took so long at least. */
const lose = (run: Run, loser: Raced): Promise<void> => {
  const { parts, exchange } = run
  loser.call.forgotten()
  const name = latencyName(targetName(loser), exchange.facts.stream)
  parts.health.latencies.observe(name, parts.now() - loser.startedAt)
  return loser.lose()
}
