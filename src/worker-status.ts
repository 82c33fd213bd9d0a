import { z } from 'zod'
import type { ServerStatus } from './admin/index.ts'
import type { Team } from './team.ts'

const ledgerStates = ['database', 'spool', 'stalled'] as const
const states = ['ok', 'degraded', 'draining'] as const

const statusShape = z.object({
  number: z.number(),
  pid: z.number(),
  startedAt: z.number(),
  restarts: z.number(),
  status: z.enum(states),
  openExchanges: z.number(),
  ledger: z.object({ state: z.enum(ledgerStates), open: z.number(), pending: z.number() }),
})

/** How one worker fares. */
export type WorkerStatus = z.output<typeof statusShape>

const topic = 'status'

/** How all workers fare: each answers for itself, and whoever is asked puts it together. */
export const createWorkerStatus = (team: Pick<Team, 'ask' | 'answer'>, own: () => WorkerStatus) => {
  team.answer(topic, () => JSON.stringify(own()))
  return async (): Promise<Pick<ServerStatus, 'status' | 'openExchanges' | 'ledger' | 'workers'>> => {
    const others = (await team.ask(topic)).map(({ text }) => statusShape.parse(JSON.parse(text)))
    return together([own(), ...others])
  }
}

/** The whole is as well as its worst part. */
const together = (workers: readonly WorkerStatus[]) => {
  const ledgers = workers.map(({ ledger }) => ledger)
  const sum = (numbers: readonly number[]): number => numbers.reduce((one, other) => one + other, 0)
  return {
    status: worst(
      states,
      workers.map(({ status }) => status),
    ),
    openExchanges: sum(workers.map(({ openExchanges }) => openExchanges)),
    ledger: {
      state: worst(
        ledgerStates,
        ledgers.map(({ state }) => state),
      ),
      open: sum(ledgers.map(({ open }) => open)),
      pending: sum(ledgers.map(({ pending }) => pending)),
    },
    workers: workers.toSorted((one, other) => one.number - other.number),
  }
}

/** @param order best first */
const worst = <Word extends string>(order: readonly [Word, ...Word[]], words: readonly Word[]): Word =>
  order.findLast((word) => words.includes(word)) ?? order[0]
