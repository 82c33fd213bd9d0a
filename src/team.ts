import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { State } from './state/index.ts'
import type { WorkerLink } from './supervisor/index.ts'

export interface TeamParts {
  readonly link: Pick<WorkerLink, 'number' | 'team' | 'leads'>
  /** What the workers of this machine share. */
  readonly machine: Pick<State, 'publish' | 'subscribe'>
  readonly instance: string
  /** How long the others may take, in milliseconds; default 1000. */
  readonly patience?: number
}

export interface TeamAnswer {
  readonly worker: number
  readonly text: string
}

/** The workers of one machine, which together are one gateway. */
export interface Team {
  /**
   * Asks all others, and resolves to what those that serve have answered, in the order of their numbers; whoever takes
   * too long is left out. Workers that only finish what they began hear it too, and are not waited for. Never rejects.
   */
  ask(topic: string): Promise<readonly TeamAnswer[]>
  /** What this worker answers. Where it rejects, nothing is answered. */
  answer(topic: string, work: () => string | Promise<string>): void
  /** Does what only one worker should do fall to this one now? */
  leads(): boolean
  close(): void
}

const questions = 'team/questions'
const answersTo = (instance: string): string => `team/answers/${instance}`

const questionShape = z.object({ id: z.string(), topic: z.string(), from: z.string() })
const answerShape = z.object({ id: z.string(), instance: z.string(), worker: z.number(), text: z.string() })

export const createTeam = ({ link, machine, instance, patience = 1_000 }: TeamParts): Team => {
  const works = new Map<string, () => string | Promise<string>>()
  const waiting = new Map<string, (answer: z.output<typeof answerShape>) => void>()

  const reply = async (text: string): Promise<void> => {
    const { id, topic, from } = questionShape.parse(JSON.parse(text))
    const work = works.get(topic)
    if (from === instance || work === undefined) return
    const answer = { id, instance, worker: link.number, text: await work() }
    await machine.publish(answersTo(from), JSON.stringify(answer))
  }
  const ends = [
    machine.subscribe(questions, (text) => void reply(text).catch(() => undefined)),
    machine.subscribe(answersTo(instance), (text) => {
      const answer = answerShape.parse(JSON.parse(text))
      waiting.get(answer.id)?.(answer)
    }),
  ]

  return {
    async ask(topic) {
      const expected = new Set(link.team().map((member) => member.instance))
      expected.delete(instance)
      const answers: TeamAnswer[] = []
      const id = randomUUID()
      const all = Promise.withResolvers<void>()
      waiting.set(id, ({ instance: from, worker, text }) => {
        if (!expected.delete(from)) return
        answers.push({ worker, text })
        if (expected.size === 0) all.resolve()
      })
      const tooLate = setTimeout(all.resolve, patience)
      try {
        await machine.publish(questions, JSON.stringify({ id, topic, from: instance }))
        if (expected.size > 0) await all.promise
      } catch {
        // The supervisor is gone, and so are the others soon.
      } finally {
        clearTimeout(tooLate)
        waiting.delete(id)
      }
      return answers.sort((one, other) => one.worker - other.worker)
    },
    answer(topic, work) {
      works.set(topic, work)
    },
    leads: link.leads,
    close() {
      for (const end of ends) end()
    },
  }
}
